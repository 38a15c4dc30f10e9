#pragma once
#include "fuzz/snp/script.hh"
#include "platforms/mock/chance.hh"
#include "platforms/mock/snp/frames.hh"

// Choices for scripts, all of them from one seed.
namespace cupel::fuzz::snp {

inline constexpr uint64_t system_frames = 2048;  // beyond them lie system pages that no frame is mapped to at first

class Chooser {
 public:
  Chooser(const Grammar& grammar, uint64_t seed) : grammar_(grammar), state_(seed) {}
  uint64_t next() { return mock::splitmix64(state_); }
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool one_in(uint64_t count) { return below(count) == 0; }
  template <class T>
  T one_of(std::span<const T> all) {
    return all[below(all.size())];
  }
  template <class T, size_t count>
  T one_of(const T (&all)[count]) {
    return all[below(count)];
  }

  uint64_t frame();
  uint64_t word();
  // A step with arguments of its own, or one that the grammar shows with at most one argument changed.
  GuestStep step();
  uint64_t argument(const ArgDesc& arg);
  mock_snp::Act act();
  const Grammar& grammar() const { return grammar_; }

 private:
  const Grammar& grammar_;
  uint64_t state_;
};

void add_tale(Script& script, Chooser& choose);
// The same lie at many exits in a row: what a guest without a bound loops on.
void add_siege(Script& script, Chooser& choose);
// One kind of lie, told at a row of exits with another value each time: mostly the first guest to look is the last.
void add_lies(Script& script, Chooser& choose);

}  // namespace cupel::fuzz::snp
