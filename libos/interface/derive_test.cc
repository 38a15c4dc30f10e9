#include "libos/interface/derive.hh"

#include <gtest/gtest.h>

namespace cupel::interface {
namespace {

struct Context {
  uint64_t seen = 0;
};
enum class PipeFlag : uint32_t { nonblock = 04000, cloexec = 02000000 };
consteval auto names_of(PipeFlag) {
  return std::array{NamedValue{"O_NONBLOCK", 04000}, NamedValue{"O_CLOEXEC", 02000000}};
}
struct FdPair {
  NewFdField<Resource::pipe_reader> reader;
  NewFdField<Resource::pipe_writer> writer;
};

Result<Done> pipe2(Context& context, UserOut<FdPair> ends, Flags<PipeFlag> flags) {
  context.seen = ends.address + flags.bits;
  return Done{};
}
Result<uint64_t> pread(Context& context, Fd<> fd, OutBuffer buffer, Offset offset) {
  if (static_cast<int32_t>(fd.raw) < 0) return fail(Errno::badf);
  context.seen = static_cast<uint64_t>(offset.value);
  return buffer.size;
}

constexpr std::array table{
    call_entry<pipe2>(293, "pipe2", errnos<Errno::mfile, Errno::nfile>),
    call_entry<pread>(17, "pread64", errnos<Errno::spipe>, args("fd", "buf", "pos"), Blocks{}),
};

TEST(Derive, RegistersAreGivenOutInOrderAndBuffersTakeTwo) {
  static_assert(table[1].desc.args()[2].reg == 3);
  Context context;
  EXPECT_EQ(table[1].invoke(context, {5, 0x1000, 64, 7, 0, 0}), 64u);
  EXPECT_EQ(context.seen, 7u);
}

TEST(Derive, UnknownFlagsAreRefusedBeforeTheHandlerRuns) {
  Context context;
  EXPECT_EQ(table[0].invoke(context, {0x1000, 1, 0, 0, 0, 0}), fail(Errno::inval));
  EXPECT_EQ(context.seen, 0u);
}

TEST(Derive, TheDescriptionNamesWhatAStructProduces) {
  const ArgDesc& ends = table[0].desc.args()[0];
  ASSERT_EQ(ends.element->fields.size(), 2u);
  EXPECT_EQ(ends.element->name, "FdPair");
  EXPECT_EQ(ends.element->fields[1].offset, 4u);
  EXPECT_EQ(ends.element->fields[1].resource, Resource::pipe_writer);
}

TEST(Derive, DeclaredErrorsAreThoseOfTheTypesAndOfTheLineOnceEach) {
  std::vector<Errno> errors(table[0].desc.errnos.begin(), table[0].desc.errnos.end());
  EXPECT_EQ(errors, (std::vector{Errno::fault, Errno::inval, Errno::mfile, Errno::nfile}));
}

}  // namespace
}  // namespace cupel::interface
