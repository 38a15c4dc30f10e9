#pragma once
#include <gtest/gtest.h>  // before rapidcheck/gtest.h, which needs it

#include <rapidcheck/gtest.h>

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

// One property, many engines: a property is a function that asks a chooser what to do next, until there is no more.
namespace cupel::props {

template <class C>
concept Chooser = requires(C choose, uint32_t bound) {
  { choose.more() } -> std::same_as<bool>;            // whether there is another action
  { choose.below(bound) } -> std::same_as<uint32_t>;  // less than `bound`, which is not 0
};

// A claim that does not hold ends the case with the text of the claim, so that rapidcheck can look for a smaller one.
#define CLAIM(condition)                                                                                      \
  do {                                                                                                        \
    if (!(condition)) throw std::logic_error(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " #condition); \
  } while (false)

// From words that rapidcheck makes, and makes fewer and smaller. An action may take several choices.
class WordChooser {
 public:
  explicit WordChooser(const std::vector<uint16_t>& words) : words_(words) {}
  bool more() const { return at_ < words_.size(); }
  uint32_t below(uint32_t bound) { return at_ < words_.size() ? words_[at_++] % bound : 0; }

 private:
  const std::vector<uint16_t>& words_;
  size_t at_ = 0;
};
static_assert(Chooser<WordChooser>);

// Every program of `actions` actions, one after another:
//   for (ExhaustiveChooser choose(3); choose.next(); ++programs) property(choose);
class ExhaustiveChooser {
 public:
  explicit ExhaustiveChooser(uint32_t actions) : actions_(actions) {}
  // Makes the next program's choices; false when there is none.
  bool next() {
    if (!started_) return started_ = true;
    while (!choices_.empty() && choices_.back().value + 1 == choices_.back().bound) choices_.pop_back();
    if (choices_.empty()) return false;
    ++choices_.back().value;
    at_ = made_ = 0;
    return true;
  }
  bool more() { return made_++ < actions_; }
  uint32_t below(uint32_t bound) {
    if (at_ == choices_.size()) choices_.push_back({0, bound});
    return choices_[at_++].value;
  }

 private:
  struct Choice {
    uint32_t value, bound;
  };
  const uint32_t actions_;
  bool started_ = false;
  uint32_t made_ = 0;
  size_t at_ = 0;
  std::vector<Choice> choices_;
};
static_assert(Chooser<ExhaustiveChooser>);

// The property `claim`, under rapidcheck. Each case has enough choices for a few dozen actions.
#define CUPEL_PROPERTY(suite, claim)                                            \
  RC_GTEST_PROP(suite, claim, ()) {                                             \
    const auto words = *rc::gen::scale(3.0, rc::gen::arbitrary<std::vector<uint16_t>>()); \
    cupel::props::WordChooser choose(words);                                    \
    claim(choose);                                                              \
  }

}  // namespace cupel::props
