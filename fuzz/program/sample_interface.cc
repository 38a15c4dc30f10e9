#include "fuzz/program/sample_interface.hh"

#include "libos/interface/derive.hh"

namespace cupel::fuzz {
namespace {

using namespace interface;

struct Nothing {};

enum class Open : uint32_t {};
consteval auto names_of(Open) {
  return std::array{NamedValue{"O_RDONLY", 0},    NamedValue{"O_WRONLY", 01},   NamedValue{"O_RDWR", 02},           NamedValue{"O_CREAT", 0100},
                    NamedValue{"O_DSYNC", 010000}, NamedValue{"O_SYNC", 04010000}, NamedValue{"O_DIRECTORY", 0200000}};
}
enum class Map : uint64_t {};
consteval auto names_of(Map) { return std::array{NamedValue{"MAP_SHARED", 1}, NamedValue{"MAP_PRIVATE", 2}, NamedValue{"MAP_ANONYMOUS", 0x20}}; }
enum class Whence : uint32_t {};
consteval auto names_of(Whence) { return std::array{NamedValue{"SEEK_SET", 0}, NamedValue{"SEEK_CUR", 1}, NamedValue{"SEEK_END", 2}}; }
enum class Clock : int32_t {};
consteval auto names_of(Clock) { return std::array{NamedValue{"CLOCK_REALTIME", 0}, NamedValue{"CLOCK_MONOTONIC", 1}}; }
enum class Event : uint16_t {};
consteval auto names_of(Event) { return std::array{NamedValue{"POLLIN", 1}, NamedValue{"POLLOUT", 4}}; }
enum class Clone : uint64_t {};
consteval auto names_of(Clone) { return std::array{NamedValue{"SIGCHLD", 17}, NamedValue{"CLONE_VM", 0x100}}; }

struct Ends {
  NewFdField<Resource::pipe_reader> reader;
  NewFdField<Resource::pipe_writer> writer;
};
struct Poll {
  FdField fd;
  FlagsField<Event> events, revents;
};
struct Time {
  int64_t seconds, nanoseconds;
};
struct Mixed {
  uint8_t small, other;
  int16_t middle;
  Field<int32_t, Kind::task, Resource::task> task;
  uint64_t large;
};

Result<NewFd<Resource::file>> open(Nothing&, DirFd, UserPath, Flags<Open>, Mode) { return fail(Errno::nosys); }
Result<NewFd<Resource::any>> dup(Nothing&, Fd<>) { return fail(Errno::nosys); }
Result<NewFd<Resource::eventfd>> eventfd(Nothing&, Number<uint32_t, Kind::integer, 0, 100>) { return fail(Errno::nosys); }
Result<Done> close(Nothing&, Fd<>) { return fail(Errno::nosys); }
Result<Done> pipe(Nothing&, UserOut<Ends>) { return fail(Errno::nosys); }
Result<uint64_t> read(Nothing&, Fd<Resource::file>, OutBuffer) { return fail(Errno::nosys); }
Result<uint64_t> write(Nothing&, Fd<Resource::pipe_writer>, InBuffer, Offset) { return fail(Errno::nosys); }
Result<uint64_t> readv(Nothing&, Fd<Resource::pipe_reader>, OutVector) { return fail(Errno::nosys); }
Result<uint64_t> writev(Nothing&, Fd<Resource::eventfd>, InVector) { return fail(Errno::nosys); }
Result<uint64_t> seek(Nothing&, Fd<Resource::file>, Offset, Choice<Whence>) { return fail(Errno::nosys); }
Result<Done> rename(Nothing&, Fd<Resource::directory>, UserPath, UserString) { return fail(Errno::nosys); }
Result<Mapped> map(Nothing&, Address, Length, Flags<Map>, Size) { return fail(Errno::nosys); }
Result<Done> unmap(Nothing&, Address, Length) { return fail(Errno::nosys); }
Result<uint64_t> poll(Nothing&, InOutArray<Poll>, Int) { return fail(Errno::nosys); }
Result<Done> set_all(Nothing&, InArray<Mixed>) { return fail(Errno::nosys); }
Result<Done> sleep(Nothing&, Choice<Clock, Kind::clock>, UserIn<Time>, OptionalOut<Time>) { return fail(Errno::nosys); }
Result<Done> adjust(Nothing&, UserInOut<Mixed>, OptionalIn<Time>, Number<uint32_t, Kind::count, 0, 8>) { return fail(Errno::nosys); }
Result<Spawned> spawn(Nothing&, Flags<Clone>, FutexWord) { return fail(Errno::nosys); }
Result<Done> kill(Nothing&, TaskId, Signal, UserId) { return fail(Errno::nosys); }
Result<uint64_t> nothing(Nothing&) { return fail(Errno::nosys); }

constexpr std::array table{
    call_entry<open>(2, "open", errnos<Errno::noent>, args("dirfd", "path", "flags", "mode")),
    call_entry<dup>(32, "dup", errnos<Errno::mfile>),
    call_entry<eventfd>(284, "eventfd", errnos<Errno::mfile>),
    call_entry<close>(3, "close", errnos<>),
    call_entry<pipe>(22, "pipe", errnos<Errno::mfile>),
    call_entry<read>(0, "read", errnos<>),
    call_entry<write>(1, "write", errnos<>),
    call_entry<readv>(19, "readv", errnos<>),
    call_entry<writev>(20, "writev", errnos<>),
    call_entry<seek>(8, "seek", errnos<>),
    call_entry<rename>(82, "rename", errnos<>),
    call_entry<map>(9, "map", errnos<Errno::nomem>),
    call_entry<unmap>(11, "unmap", errnos<>),
    call_entry<poll>(7, "poll", errnos<>),
    call_entry<set_all>(300, "set_all", errnos<>),
    call_entry<sleep>(230, "sleep", errnos<>),
    call_entry<adjust>(301, "adjust", errnos<>),
    call_entry<spawn>(56, "spawn", errnos<Errno::again>),
    call_entry<kill>(62, "kill", errnos<>),
    call_entry<nothing>(1000, "nothing", errnos<>),
};
constexpr std::array calls = [] {
  std::array<CallDesc, table.size()> all{};
  for (size_t index = 0; index < table.size(); ++index) all[index] = table[index].desc;
  return all;
}();
constexpr InterfaceDesc sample{"sample", calls, {}};

}  // namespace

const InterfaceDesc& sample_interface() { return sample; }

}  // namespace cupel::fuzz
