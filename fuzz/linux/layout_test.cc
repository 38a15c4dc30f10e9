#include "fuzz/linux/layout.hh"

#include <gtest/gtest.h>

#include <cstring>

namespace cupel::fuzz {
namespace {

using interface::ArgDesc;
using interface::CallDesc;
using interface::FieldDesc;
using interface::Kind;
using interface::Resource;
using interface::StructDesc;

constexpr std::array pair_fields{FieldDesc{Kind::new_fd, Resource::pipe_reader, 0, 4, true, {}},
                                 FieldDesc{Kind::new_fd, Resource::pipe_writer, 4, 4, true, {}}};
constexpr StructDesc pair{"Pair", 8, pair_fields};
constexpr std::array poll_fields{FieldDesc{Kind::fd, Resource::any, 0, 4, true, {}}, FieldDesc{Kind::integer, Resource::none, 4, 4, false, {}}};
constexpr StructDesc poll_entry{"Poll", 8, poll_fields};

constexpr CallDesc call(std::string_view name, std::initializer_list<ArgDesc> args) {
  CallDesc desc{.number = 0, .name = name};
  uint8_t reg = 0;
  for (ArgDesc arg : args) {
    arg.reg = reg;
    reg = static_cast<uint8_t>(reg + arg.regs);
    desc.arg_array[desc.arg_count++] = arg;
  }
  return desc;
}
constexpr std::array calls{
    call("pipe", {{.name = "ends", .kind = Kind::out, .element = &pair}}),
    call("write", {{.name = "fd", .kind = Kind::fd}, {.name = "buf", .kind = Kind::in_buffer, .regs = 2}}),
    call("read", {{.name = "fd", .kind = Kind::fd}, {.name = "buf", .kind = Kind::out_buffer, .regs = 2}}),
    call("poll", {{.name = "fds", .kind = Kind::in_out_array, .regs = 2, .element = &poll_entry}}),
    call("writev", {{.name = "fd", .kind = Kind::fd}, {.name = "iov", .kind = Kind::in_vector, .regs = 2}}),
    call("rename", {{.name = "old", .kind = Kind::path}, {.name = "new", .kind = Kind::path}}),
};
constexpr interface::InterfaceDesc interface{"test", calls, {}};

class LayoutTest : public testing::Test {
 protected:
  LayoutTest() {
    for (int byte = 0; byte < 128; ++byte) program.blob.push_back(static_cast<std::byte>(byte));
  }
  Step& add(uint16_t call) {
    program.steps.push_back({.call = call});
    return program.steps.back();
  }
  const Layout& lay_out(size_t index) {
    layouter.lay_out(program.steps[index], layout);
    return layout;
  }
  std::byte at(uint64_t address) const { return layout.bytes.at(address - layout.base); }

  Program program;
  Layouter layouter{interface};
  Layout layout;
};

TEST_F(LayoutTest, ASlotHoldsItsBytesBetweenGuards) {
  add(1).args[1] = {.value = 3, .blob_offset = 10, .blob_size = 3};
  layouter.begin(program);
  lay_out(0);
  const uint64_t address = layout.registers[1];
  EXPECT_EQ(layout.registers[2], 3u);
  EXPECT_EQ(at(address - 1), guard_byte);
  EXPECT_EQ(at(address), std::byte{10});
  EXPECT_EQ(at(address + 2), std::byte{12});
  EXPECT_EQ(at(address + 3), guard_byte);
  ASSERT_EQ(layout.extents.size(), 1u);
  EXPECT_EQ(layout.extents[0].address, address);
  EXPECT_TRUE(layout.extents[0].read);
  EXPECT_FALSE(layout.extents[0].write);
}

TEST_F(LayoutTest, LaterStepsGetTheDescriptorsThatAnEarlierOneWroteToMemory) {
  add(0);
  add(1).args[0] = {.form = Form::result, .ref = {0, 2}};
  layouter.begin(program);
  const Layout made = lay_out(0);
  auto after = made.bytes;
  const std::array<int32_t, 2> ends{3, 4};
  std::memcpy(after.data() + (made.registers[0] - made.base), ends.data(), sizeof(ends));
  lay_out(1);
  EXPECT_EQ(static_cast<int64_t>(layout.registers[0]), -1) << "not made yet";
  layouter.record(0, made, 0, after);
  EXPECT_EQ(lay_out(1).registers[0], 4u);
}

TEST_F(LayoutTest, ACodeInAStructBecomesWhatItStandsFor) {
  add(0);
  const int32_t code = ref_code({0, 1});
  program.blob.resize(200);
  std::memcpy(program.blob.data() + 128 + 8, &code, sizeof(code));
  add(3).args[0] = {.value = 2, .blob_offset = 128, .blob_size = 16};
  layouter.begin(program);
  const Layout made = lay_out(0);
  auto after = made.bytes;
  const std::array<int32_t, 2> ends{7, 8};
  std::memcpy(after.data() + (made.registers[0] - made.base), ends.data(), sizeof(ends));
  layouter.record(0, made, 0, after);
  lay_out(1);
  EXPECT_EQ(at(layout.registers[0] + 8), std::byte{7});
  EXPECT_EQ(at(layout.registers[0]), std::byte{0});
}

TEST_F(LayoutTest, AVectorsOffsetsBecomeAddressesOfTheDataBehindIt) {
  const std::array<interface::IoVec, 2> vector{{{2, 4}, {UINT64_MAX, 9}}};
  program.blob.resize(128 + 32 + 8);
  std::memcpy(program.blob.data() + 128, vector.data(), 32);
  program.blob[128 + 32 + 2] = std::byte{0x77};
  add(4).args[1] = {.value = 2, .blob_offset = 128, .blob_size = 40};
  layouter.begin(program);
  lay_out(0);
  const uint64_t array = layout.registers[1];
  uint64_t base = 0;
  std::memcpy(&base, layout.bytes.data() + (array - layout.base), 8);
  EXPECT_EQ(base, array + 32 + 2);
  EXPECT_EQ(at(base), std::byte{0x77});
  ASSERT_EQ(layout.extents.size(), 3u);
  EXPECT_EQ(layout.extents[2].address, UINT64_MAX);
}

TEST_F(LayoutTest, AnObjectAtTheEdgeHasAsManyBytesAsItSays) {
  add(2).args[1] = {.value = 100, .place = Place::edge, .blob_size = 7};
  add(1).args[1] = {.value = 100, .place = Place::edge, .blob_size = 7};
  layouter.begin(program);
  EXPECT_EQ(lay_out(0).registers[1], read_only_base - 7);
  EXPECT_TRUE(layout.stores.empty());
  EXPECT_EQ(lay_out(1).registers[1], unmapped_base - 7);
  ASSERT_EQ(layout.stores.size(), 1u);
  EXPECT_EQ(layout.stores[0].bytes.size(), 7u);
}

TEST_F(LayoutTest, TasksDoNotShareRoom) {
  for (uint8_t task = 0; task < 8; ++task) {
    Step& step = add(2);
    step.task = task;
    step.args[1] = {.value = UINT64_MAX, .blob_size = 1 << 20};
  }
  layouter.begin(program);
  uint64_t end = slots_base;
  for (size_t index = 0; index < 8; ++index) {
    lay_out(index);
    EXPECT_GE(layout.base, end);
    end = layout.base + layout.bytes.size();
    EXPECT_LE(end, edge_page);
  }
}

TEST_F(LayoutTest, WhatDoesNotFitIsCutNotPlacedElsewhere) {
  Step& step = add(5);
  step.args[0] = {.blob_size = 1 << 20};
  step.args[1] = {.blob_size = 1 << 20};
  step.task = 7;
  layouter.begin(program);
  lay_out(0);
  EXPECT_LE(layout.base + layout.bytes.size(), edge_page);
  EXPECT_GE(layout.registers[1], layout.base);
  EXPECT_LE(layout.registers[1], layout.base + layout.bytes.size());
}

}  // namespace
}  // namespace cupel::fuzz
