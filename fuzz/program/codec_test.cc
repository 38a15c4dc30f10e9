#include "fuzz/program/codec.hh"

#include <gtest/gtest.h>

#include "fuzz/program/generate.hh"
#include "fuzz/program/normal_form.hh"
#include "fuzz/program/sample_interface.hh"

namespace cupel::fuzz {
namespace {

class Codec : public testing::Test {
 protected:
  Program decoded(std::span<const uint8_t> bytes) const {
    Program program;
    decode(grammar, bytes, program);
    return program;
  }
  std::vector<uint8_t> encoded(const Program& program) const {
    std::vector<uint8_t> bytes;
    encode(grammar, program, bytes);
    return bytes;
  }
  Program normal(Program program) const {
    std::vector<std::byte> spare;
    normalise(grammar, program, spare);
    return program;
  }

  Grammar grammar{sample_interface()};
};

TEST_F(Codec, GeneratedProgramsComeBackAsTheyWere) {
  Generator generator(grammar);
  Program program;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    generator.generate(random, program);
    ASSERT_EQ(normal(program), program) << seed;
    ASSERT_EQ(decoded(encoded(program)), program) << seed;
  }
}

TEST_F(Codec, AnyBytesAreANormalProgramWhoseEncodingStays) {
  Random random(1);
  for (int round = 0; round < 5000; ++round) {
    std::vector<uint8_t> bytes(random.below(400));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.one_in(3) ? random.below(4) : random.next());
    const Program program = decoded(bytes);
    ASSERT_LE(program.steps.size(), steps_max);
    ASSERT_EQ(normal(program), program) << round;
    const auto once = encoded(program);
    ASSERT_EQ(encoded(decoded(once)), once) << round;
    ASSERT_EQ(decoded(once), program) << round;
  }
}

TEST_F(Codec, BytesThatEndEarlyGiveTheStepsThatWereThere) {
  Generator generator(grammar);
  Random random(7);
  Program program;
  generator.generate(random, 20, program);
  const auto bytes = encoded(program);
  size_t steps = 0;
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const Program cut = decoded(std::span(bytes).first(size));
    EXPECT_GE(cut.steps.size(), steps);
    steps = cut.steps.size();
  }
  EXPECT_EQ(steps, 20u);
}

TEST_F(Codec, CallsGoByNumberAndUnknownNumbersStandForSomeCall) {
  std::vector<uint8_t> bytes{codec_version, 0, 0, 1, 0xe8, 0x03};  // 1000: nothing()
  EXPECT_EQ(grammar.call(decoded(bytes).steps.at(0).call).name, "nothing");
  bytes[4] = 0xe9;
  EXPECT_EQ(decoded(bytes), decoded(bytes));
  EXPECT_EQ(decoded(bytes).steps.at(0).call, 1001 % grammar.call_count());
}

TEST_F(Codec, AReferenceForwardIsMinusOne) {
  Program program;
  program.steps.push_back({.call = *grammar.find("close"), .args = {Arg{.form = Form::result, .ref = {0, 0}}}});
  const Program settled = normal(program);
  EXPECT_EQ(settled.steps[0].args[0].form, Form::literal);
  EXPECT_EQ(settled.steps[0].args[0].value, ~uint64_t{0});
}

TEST_F(Codec, ASlotThatACallDoesNotGiveIsItsResult) {
  Program program;
  program.steps.push_back({.call = *grammar.find("pipe")});
  program.steps.push_back({.call = *grammar.find("close"), .args = {Arg{.form = Form::result, .ref = {0, 2}}}});
  program.steps.push_back({.call = *grammar.find("close"), .args = {Arg{.form = Form::result, .ref = {0, 3}}}});
  program = normal(program);
  EXPECT_EQ(program.steps[1].args[0].ref, (ResultRef{0, 2}));
  EXPECT_EQ(program.steps[2].args[0].ref, (ResultRef{0, 0}));
  EXPECT_EQ(decoded(encoded(program)), program);
}

TEST_F(Codec, WhatDoesNotFitTheBlobIsCut) {
  Program program;
  program.blob.resize(buffer_max, std::byte{7});
  for (int step = 0; step < 6; ++step) {
    program.steps.push_back({.call = *grammar.find("write")});
    program.steps.back().args[1] = {.value = 1, .blob_size = buffer_max};
    program.steps.push_back({.call = *grammar.find("adjust")});
  }
  program = normal(program);
  EXPECT_EQ(program.blob.size(), blob_max);
  EXPECT_EQ(decoded(encoded(program)), program);
}

}  // namespace
}  // namespace cupel::fuzz
