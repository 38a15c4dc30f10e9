#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "fuzz/program/program.hh"

// The enumerators of programs, as their text spells them.
namespace cupel::fuzz {

template <class E>
inline constexpr std::array<std::string_view, 0> words{};
template <>
inline constexpr std::array<std::string_view, 7> words<Place>{"slot", "null", "unmapped", "read_only", "edge", "mapping", "beyond"};
template <>
inline constexpr std::array<std::string_view, 3> words<FaultKind>{"allocation", "copy", "wait"};
template <>
inline constexpr std::array<std::string_view, 3> words<Policy>{"allow_all", "deny_all", "mixed"};
template <>
inline constexpr std::array<std::string_view, 3> words<Scheduling>{"in_order", "random", "pct"};

inline constexpr std::string_view output_word = "out";

template <class E>
constexpr std::string_view word(E value) { return words<E>[static_cast<size_t>(value)]; }
template <class E>
constexpr std::optional<E> from_word(std::string_view text) {
  for (size_t index = 0; index < words<E>.size(); ++index) {
    if (words<E>[index] == text) return static_cast<E>(index);
  }
  return std::nullopt;
}

static_assert(word(Place::beyond) == "beyond" && word(FaultKind::wait) == "wait" && word(Policy::mixed) == "mixed" && word(Scheduling::pct) == "pct");

}  // namespace cupel::fuzz
