#pragma once
#include <concepts>
#include <type_traits>
#include <utility>

#include "libos/base/result.hh"

namespace cupel {

// A value which came from a host. It has no arithmetic, no comparison and no conversion: the only ways out are
// checked() and clamped(). `T` may be a symbolic word, so that proofs run the code that ships.
template <class T>
class Untrusted {
 public:
  explicit constexpr Untrusted(T value) : value_(std::move(value)) {}

  // The value if `holds(value)`, else `error`. Use the value that comes back, never a second read.
  template <class Predicate, class Error = Errno>
  [[nodiscard]] constexpr std::expected<T, Error> checked(Predicate holds, Error error = Errno::proto) const {
    if (!holds(value_)) return std::unexpected(error);
    return value_;
  }

  // The value forced into [low, high].
  [[nodiscard]] constexpr T clamped(const T& low, const T& high) const {
    if (value_ < low) return low;
    if (value_ > high) return high;
    return value_;
  }

 private:
  T value_;
};

template <class T>
concept Comparable = requires(T a) { a < a; };
static_assert(Comparable<int> && !Comparable<Untrusted<int>>, "an untrusted value cannot be used before it is checked");
static_assert(!std::convertible_to<Untrusted<int>, int>);

}  // namespace cupel
