#pragma once
#include <z3++.h>

#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

// Symbolic words: what a shipped template over its word type is proved with. A word stands for every value at once;
// comparing two gives a Bool, and an `if` on a Bool runs the code once each way (explore.hh). Words exist only while
// a claim runs.
//
// The arithmetic is that of the unsigned type of the same width. Two things which C++ leaves undefined, a shift by the
// width or more and a division by zero, refute the proof where some input reaches them.
namespace cupel::lift {

// Services of the path being explored, for the types below. They throw std::logic_error outside a claim.
z3::context& context();
z3::expr input(std::string_view name, unsigned width);
bool decide(const z3::expr& condition);
void require(const z3::expr& condition, std::string_view otherwise);

class Bool {
 public:
  Bool(std::same_as<bool> auto value) : expr_(context().bool_val(value)) {}
  explicit Bool(z3::expr expr) : expr_(std::move(expr)) {}

  // Either value; see UInt::any.
  static Bool any(std::string_view name) { return Bool(input(name, 1) == context().bv_val(1, 1)); }

  // Forks the path where both values are possible. So `&&` and `||` fork as well, as they do in the shipped code;
  // `&` and `|` below do not, and are what a claim is better written with.
  explicit operator bool() const { return decide(expr_); }
  const z3::expr& expr() const { return expr_; }

  friend Bool operator!(const Bool& a) { return Bool(!a.expr_); }
  friend Bool operator&(const Bool& a, const Bool& b) { return Bool(a.expr_ && b.expr_); }
  friend Bool operator|(const Bool& a, const Bool& b) { return Bool(a.expr_ || b.expr_); }
  Bool& operator&=(const Bool& b) { return *this = *this & b; }
  Bool& operator|=(const Bool& b) { return *this = *this | b; }
  friend Bool operator==(const Bool& a, const Bool& b) { return Bool(a.expr_ == b.expr_); }
  friend Bool operator!=(const Bool& a, const Bool& b) { return Bool(a.expr_ != b.expr_); }

 private:
  z3::expr expr_;
};

inline Bool implies(const Bool& a, const Bool& b) { return !a | b; }

// What the proof takes for granted from here on. A path that contradicts it is dropped; a proof all of whose paths are
// dropped says nothing and does not hold.
void assume(const Bool& condition);

// C++ computes types narrower than int in int, where they do not wrap. A symbolic U8 would: so it has no such
// operators, and a proof says static_cast<U32>(x) where the shipped code does.
template <unsigned width>
concept Computes = width >= 32;

template <unsigned width_value>
class UInt {
 public:
  static constexpr unsigned width = width_value;

  UInt() : UInt(0u) {}
  UInt(std::unsigned_integral auto value) : expr_(context().bv_val(uint64_t{value}, width)) {}
  UInt(std::signed_integral auto value) : expr_(context().bv_val(int64_t{value}, width)) {}
  explicit UInt(z3::expr expr) : expr_(std::move(expr)) {}
  // Widens with zeros or keeps the low bits, as static_cast between unsigned types does.
  template <unsigned other>
    requires(other != width)
  explicit UInt(const UInt<other>& from)
      : expr_(other < width ? z3::zext(from.expr(), width - other) : from.expr().extract(width - 1, 0)) {}

  // Any value. Each name stands for one input of the claim and may be asked for once.
  static UInt any(std::string_view name)
    requires(width <= 64)
  {
    return UInt(input(name, width));
  }

  const z3::expr& expr() const { return expr_; }

  friend UInt operator&(const UInt& a, const UInt& b) { return UInt(a.expr_ & b.expr_); }
  friend UInt operator|(const UInt& a, const UInt& b) { return UInt(a.expr_ | b.expr_); }
  friend UInt operator^(const UInt& a, const UInt& b) { return UInt(a.expr_ ^ b.expr_); }
  friend UInt operator/(const UInt& a, const UInt& b) { return UInt(z3::udiv(a.expr_, nonzero(b))); }
  friend UInt operator%(const UInt& a, const UInt& b) { return UInt(z3::urem(a.expr_, nonzero(b))); }
  friend UInt operator>>(const UInt& a, const UInt& b) { return UInt(z3::lshr(a.expr_, shift_count(b))); }

  friend UInt operator+(const UInt& a, const UInt& b)
    requires Computes<width>
  {
    return UInt(a.expr_ + b.expr_);
  }
  friend UInt operator-(const UInt& a, const UInt& b)
    requires Computes<width>
  {
    return UInt(a.expr_ - b.expr_);
  }
  friend UInt operator*(const UInt& a, const UInt& b)
    requires Computes<width>
  {
    return UInt(a.expr_ * b.expr_);
  }
  friend UInt operator~(const UInt& a)
    requires Computes<width>
  {
    return UInt(~a.expr_);
  }
  friend UInt operator<<(const UInt& a, const UInt& b)
    requires Computes<width>
  {
    return UInt(z3::shl(a.expr_, shift_count(b)));
  }

  UInt& operator&=(const UInt& b) { return *this = *this & b; }
  UInt& operator|=(const UInt& b) { return *this = *this | b; }
  UInt& operator^=(const UInt& b) { return *this = *this ^ b; }
  UInt& operator/=(const UInt& b) { return *this = *this / b; }
  UInt& operator%=(const UInt& b) { return *this = *this % b; }
  UInt& operator>>=(const UInt& b) { return *this = *this >> b; }
  UInt& operator+=(const UInt& b) { return *this = *this + b; }
  UInt& operator-=(const UInt& b) { return *this = *this - b; }
  UInt& operator*=(const UInt& b) { return *this = *this * b; }
  UInt& operator<<=(const UInt& b) { return *this = *this << b; }
  UInt& operator++() { return *this = *this + 1; }
  UInt& operator--() { return *this = *this - 1; }

  friend Bool operator==(const UInt& a, const UInt& b) { return Bool(a.expr_ == b.expr_); }
  friend Bool operator!=(const UInt& a, const UInt& b) { return Bool(a.expr_ != b.expr_); }
  friend Bool operator<(const UInt& a, const UInt& b) { return Bool(z3::ult(a.expr_, b.expr_)); }
  friend Bool operator<=(const UInt& a, const UInt& b) { return Bool(z3::ule(a.expr_, b.expr_)); }
  friend Bool operator>(const UInt& a, const UInt& b) { return Bool(z3::ugt(a.expr_, b.expr_)); }
  friend Bool operator>=(const UInt& a, const UInt& b) { return Bool(z3::uge(a.expr_, b.expr_)); }

 private:
  static const z3::expr& nonzero(const UInt& divisor) {
    require(divisor.expr_ != context().bv_val(0, width), "a division by zero");
    return divisor.expr_;
  }
  static const z3::expr& shift_count(const UInt& count) {
    require(z3::ult(count.expr_, context().bv_val(width, width)), "a shift by the word's width or more");
    return count.expr_;
  }

  z3::expr expr_;
};

using U8 = UInt<8>;
using U16 = UInt<16>;
using U32 = UInt<32>;
using U64 = UInt<64>;
// Wide enough that sums and products of 64-bit words do not wrap: what a claim states the truth with.
using U128 = UInt<128>;

// `then` or `otherwise`, without forking.
template <unsigned width>
UInt<width> select(const Bool& condition, const UInt<width>& then, const UInt<width>& otherwise) {
  return UInt<width>(z3::ite(condition.expr(), then.expr(), otherwise.expr()));
}

// std::bit_width, found by argument-dependent lookup: shipped code says `using std::bit_width;` and calls it bare.
template <unsigned width>
UInt<width> bit_width(const UInt<width>& value) {
  UInt<width> result = 0;
  for (unsigned bit = 0; bit < width; ++bit) {
    result = select(Bool(value.expr().extract(bit, bit) == context().bv_val(1, 1)), UInt<width>(bit + 1), result);
  }
  return result;
}

}  // namespace cupel::lift
