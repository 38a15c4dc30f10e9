#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

using OpenFlags = Flags<OpenFlag, Unknown::ignored>;  // open(2) ignores bits it does not know; openat2(2) does not

// openat2(2) refuses what it does not know, so its sets have names of their own.
enum class OpenHowFlag : uint64_t {};
consteval auto names_of(OpenHowFlag) { return names_of(OpenFlag{}); }
consteval auto usual_of(OpenHowFlag) { return std::to_array<uint64_t>({0102, 0102, 02102, 0, 02, 0200000, 010000000}); }
enum class ResolveFlag : uint64_t { no_xdev = 1, no_magic_links = 2, no_symlinks = 4, beneath = 8, in_root = 0x10, cached = 0x20 };
consteval auto names_of(ResolveFlag) {
  return std::array{NamedValue{"RESOLVE_NO_SYMLINKS", 4}, NamedValue{"RESOLVE_BENEATH", 8},        NamedValue{"RESOLVE_IN_ROOT", 0x10},
                    NamedValue{"RESOLVE_NO_XDEV", 1},     NamedValue{"RESOLVE_NO_MAGICLINKS", 2}, NamedValue{"RESOLVE_CACHED", 0x20}};
}
consteval auto usual_of(ResolveFlag) { return std::to_array<uint64_t>({0, 8, 0x10, 4}); }
// struct open_how. It may grow: a caller says how much of it there is.
struct OpenHow {
  FlagsField<OpenHowFlag> flags;
  uint64_t mode;
  FlagsField<ResolveFlag> resolve;
};
using OpenHowSize = Number<uint64_t, Kind::integer, sizeof(OpenHow), sizeof(OpenHow) + 8>;

Result<NewFd<Resource::any>> openat2(Task& task, DirFd from, UserPath path, UserSized<OpenHow> how, OpenHowSize size);
Result<NewFd<Resource::any>> open(Task& task, UserPath path, OpenFlags flags, Mode mode);
Result<NewFd<Resource::any>> openat(Task& task, DirFd from, UserPath path, OpenFlags flags, Mode mode);
Result<NewFd<Resource::file>> creat(Task& task, UserPath path, Mode mode);
Result<Done> close(Task& task, Fd<> fd);
Result<Done> close_range(Task& task, Int first, Int last, Flags<CloseRangeFlag> flags);
Result<NewFd<Resource::any>> dup(Task& task, Fd<> fd);
Result<NewFd<Resource::any>> dup2(Task& task, Fd<> fd, Fd<> to);
Result<NewFd<Resource::any>> dup3(Task& task, Fd<> fd, Fd<> to, Flags<DupFlag> flags);
Result<uint64_t> fcntl(Task& task, Fd<> fd, Choice<FcntlCommand> command, Int argument);

}  // namespace cupel::linux_shim
