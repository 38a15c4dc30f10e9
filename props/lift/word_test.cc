#include "props/lift/word.hh"

#include <gtest/gtest.h>

#include <bit>
#include <concepts>
#include <vector>

#include "props/lift/explore.hh"

namespace cupel::lift {
namespace {

// Where carries, borrows and signs would show.
template <class Native>
std::vector<Native> edges() {
  constexpr auto top = static_cast<Native>(Native{1} << (sizeof(Native) * 8 - 1));
  return {0, 1, 2, 7, 31, 0xfff, 0x1000, top - 1, top, top + 1, static_cast<Native>(~Native{0})};
}

template <class Word, class Native>
Bool computes_as(Native a, Native b) {
  const Word x = a, y = b;
  Bool same = (x + y == a + b) & (x - y == a - b) & (x * y == a * b) & (~x == static_cast<Native>(~a));
  same &= ((x & y) == (a & b)) & ((x | y) == (a | b)) & ((x ^ y) == (a ^ b));
  same &= ((x < y) == (a < b)) & ((x <= y) == (a <= b)) & ((x > y) == (a > b)) & ((x >= y) == (a >= b));
  same &= ((x == y) == (a == b)) & ((x != y) == (a != b)) & (bit_width(x) == std::bit_width(a));
  if (b != 0) same &= (x / y == a / b) & (x % y == a % b);
  if (b < Word::width) same &= (x << y == a << b) & (x >> y == a >> b);
  return same;
}

// As a replay a claim is plain computation on constants.
template <class Word, class Native>
void expect_native_arithmetic() {
  const auto claim = [] {
    for (const Native a : edges<Native>()) {
      for (const Native b : edges<Native>()) EXPECT_TRUE((computes_as<Word, Native>(a, b))) << a << " and " << b;
    }
    return Bool(true);
  };
  EXPECT_TRUE(holds_at(claim, {}));
}

TEST(Word, ComputesAsTheNativeTypeOf32Bits) { expect_native_arithmetic<U32, uint32_t>(); }
TEST(Word, ComputesAsTheNativeTypeOf64Bits) { expect_native_arithmetic<U64, uint64_t>(); }

TEST(Word, CastsKeepTheLowBitsOrWidenWithZeros) {
  EXPECT_TRUE(holds_at([] { return U8(U64(0x1234)) == 0x34; }, {}));
  EXPECT_TRUE(holds_at([] { return U64(U8(0xff)) == 0xff; }, {}));
  EXPECT_TRUE(holds_at([] { return U64(-1) == ~uint64_t{0}; }, {}));
  EXPECT_TRUE(holds_at([] { return U128(U64(-1)) + 1 != 0; }, {}));
}

// A narrow symbolic word would wrap where C++, which computes in int, does not.
template <class Word>
concept Adds = requires(Word a) { a + a; };
static_assert(Adds<U32> && !Adds<U16> && !Adds<U8>);
// Neither a word nor a Bool turns into a number behind the code's back.
static_assert(!std::convertible_to<U64, uint64_t> && !std::convertible_to<Bool, bool>);
static_assert(std::convertible_to<int, U64> && !std::convertible_to<int, Bool>);

TEST(Word, ABoolIsAnInputLikeAnyOther) {
  const auto claim = [] { return Bool::any("first") == Bool::any("second"); };
  EXPECT_TRUE(holds_at(claim, {{"first", 1}, {"second", 1}}));
  EXPECT_FALSE(holds_at(claim, {{"first", 1}, {"second", 0}}));
  EXPECT_EQ(explore(claim).verdict, Verdict::refuted);
}

TEST(Word, IsRefusedOutsideAClaim) { EXPECT_THROW(U64(1), std::logic_error); }

}  // namespace
}  // namespace cupel::lift
