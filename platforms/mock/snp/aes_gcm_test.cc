// The guest's own AES-256-GCM against mbedTLS's, and against the published answers.
#include "platforms/snp/aes_gcm.hh"

#include <gtest/gtest.h>

#include <vector>

#include "platforms/mock/chance.hh"
#include "platforms/mock/snp/gcm.hh"

namespace cupel::mock_snp {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes random_bytes(uint64_t& state, size_t size) {
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(mock::splitmix64(state));
  return bytes;
}

TEST(AesGcm, GivesThePublishedAnswers) {
  const std::array<uint8_t, 32> key{};
  Bytes tag(16), cipher(16);
  ASSERT_TRUE(snp::AesGcm{}.seal(key, 0, {}, {}, {}, tag));
  EXPECT_EQ(tag, (Bytes{0x53, 0x0f, 0x8a, 0xfb, 0xc7, 0x45, 0x36, 0xb9, 0xa9, 0x63, 0xb4, 0xf1, 0xc4, 0xcb, 0x73, 0x8b})) << "case 13 of the GCM specification";
  ASSERT_TRUE(snp::AesGcm{}.seal(key, 0, {}, Bytes(16), cipher, tag));
  EXPECT_EQ(cipher, (Bytes{0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18})) << "case 14";
  EXPECT_EQ(tag, (Bytes{0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19}));
}

TEST(AesGcm, SealsWhatMbedTlsOpensAndTheOtherWayRound) {
  uint64_t state = 1;
  for (unsigned turn = 0; turn < 120; ++turn) {
    std::array<uint8_t, 32> key;
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(mock::splitmix64(state));
    const uint64_t sequence = mock::splitmix64(state) >> (turn % 64);
    const Bytes authenticated = random_bytes(state, turn % 50), plain = random_bytes(state, turn % 4 == 0 ? turn * 5 : turn % 40);
    Bytes ours(plain.size()), theirs(plain.size()), our_tag(16), their_tag(16), back(plain.size());
    ASSERT_TRUE(snp::AesGcm{}.seal(key, sequence, authenticated, plain, ours, our_tag));
    ASSERT_TRUE(gcm_seal(key, sequence, authenticated, plain, theirs, their_tag));
    EXPECT_EQ(ours, theirs);
    EXPECT_EQ(our_tag, their_tag);
    ASSERT_TRUE(snp::AesGcm{}.open(key, sequence, authenticated, theirs, their_tag, back));
    EXPECT_EQ(back, plain);
  }
}

TEST(AesGcm, RefusesWhateverDiffersByOneBitAndLeavesZeros) {
  uint64_t state = 2;
  std::array<uint8_t, 32> key{7};
  const Bytes authenticated = random_bytes(state, 48), plain = random_bytes(state, 20);
  Bytes cipher(20), tag(16);
  ASSERT_TRUE(snp::AesGcm{}.seal(key, 5, authenticated, plain, cipher, tag));
  const auto refused = [&](const Bytes& aad, const Bytes& message, const Bytes& mark, uint64_t sequence) {
    Bytes out(20, 0xaa);
    return !snp::AesGcm{}.open(key, sequence, aad, message, mark, out) && out == Bytes(20);
  };
  for (unsigned bit = 0; bit < 128; ++bit) {
    Bytes aad = authenticated, message = cipher, mark = tag;
    aad[bit / 8] ^= 1u << bit % 8;
    EXPECT_TRUE(refused(aad, cipher, tag, 5));
    message[bit / 8] ^= 1u << bit % 8;
    EXPECT_TRUE(refused(authenticated, message, tag, 5));
    mark[bit / 8] ^= 1u << bit % 8;
    EXPECT_TRUE(refused(authenticated, cipher, mark, 5));
  }
  EXPECT_TRUE(refused(authenticated, cipher, tag, 6));
  EXPECT_TRUE(refused(authenticated, cipher, Bytes(15), 5));
}

}  // namespace
}  // namespace cupel::mock_snp
