#include "shims/linux/syscalls/times.hh"

#include "libos/fd/fd_table.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/path.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr int64_t time_now = (1l << 30) - 1;  // UTIME_NOW
constexpr int64_t time_omit = (1l << 30) - 2; // UTIME_OMIT

Result<Timespec> chosen_time(int64_t seconds, int64_t nanoseconds, const Timespec& now, const Timespec& before) {
  if (nanoseconds == time_now) return now;
  if (nanoseconds == time_omit) return before;
  if (nanoseconds < 0 || nanoseconds > 999'999'999) return fail(Errno::inval);
  // timestamp_truncate() of Linux's fs/inode.c: the ends of time have no nanoseconds.
  return Timespec{seconds, seconds == INT64_MAX || seconds == INT64_MIN ? 0 : nanoseconds};
}

Result<Done> set_times(Task& task, Inode& inode, const TimePair* times) {
  const Timespec now = task.machine().files().now();
  Timespec accessed = now, modified = now;
  const bool both_now = times == nullptr || (times->access_nanoseconds == time_now && times->change_nanoseconds == time_now);
  if (times != nullptr) {
    if (times->access_nanoseconds == time_omit && times->change_nanoseconds == time_omit) return Done{};
    accessed = TRY(chosen_time(times->access_seconds, times->access_nanoseconds, now, inode.accessed));
    modified = TRY(chosen_time(times->change_seconds, times->change_nanoseconds, now, inode.modified));
  }
  if (inode.is_anonymous()) return fail(Errno::opnotsupp);
  if (!inode.owned_by(task.credentials)) {
    if (!both_now) return fail(Errno::perm);
    TRY(inode.allow(task.credentials, Permission::write));
  }
  inode.accessed = accessed, inode.modified = modified, inode.changed = now;
  return Done{};
}

// do_utimes(): without a path, of the descriptor.
Result<Done> change_times(Task& task, DirFd from, UserPath user_path, const TimePair* times, uint32_t flags) {
  if (user_path.address == 0 && !from.is_cwd()) {  // futimens(3)
    if (flags != 0) return fail(Errno::inval);
    Ref<OpenFile> file = TRY(task.fds().get_io(from.raw));
    return set_times(task, *file->inode(), times);
  }
  const Flags<OwnerAtFlag, Unknown::late> at_flags{flags};
  TRY(at_flags.checked());
  PathArgument path;
  TRY(path.read(task, user_path));
  const Follow follow = has(at_flags, AtFlag::symlink_no_follow) ? Follow::no : Follow::yes;
  return set_times(task, *TRY(path.find(task, from, follow, has(at_flags, AtFlag::empty_path))), times);
}

}  // namespace

Result<Done> utimensat(Task& task, DirFd from, UserPath path, OptionalIn<TimePair> times, Flags<OwnerAtFlag, Unknown::late> flags) {
  if (times.is_null()) return change_times(task, from, path, nullptr, flags.bits);
  const TimePair chosen = TRY(times.read(task.memory()));
  // Nothing to change is nothing to look up.
  if (chosen.access_nanoseconds == time_omit && chosen.change_nanoseconds == time_omit) return Done{};
  return change_times(task, from, path, &chosen, flags.bits);
}

Result<Done> futimesat(Task& task, DirFd from, UserPath path, OptionalIn<TimevalPair> times) {
  if (times.is_null()) return change_times(task, from, path, nullptr, 0);
  const TimevalPair given = TRY(times.read(task.memory()));
  constexpr int64_t second = 1'000'000;
  for (const int64_t microseconds : {given.access_microseconds, given.change_microseconds}) {
    if (microseconds < 0 || microseconds >= second) return fail(Errno::inval);
  }
  const TimePair chosen{given.access_seconds, given.access_microseconds * 1000, given.change_seconds, given.change_microseconds * 1000};
  return change_times(task, from, path, &chosen, 0);
}
Result<Done> utimes(Task& task, UserPath path, OptionalIn<TimevalPair> times) { return futimesat(task, at_cwd, path, times); }

Result<Done> utime(Task& task, UserPath path, OptionalIn<SecondsPair> times) {
  if (times.is_null()) return change_times(task, at_cwd, path, nullptr, 0);
  const SecondsPair given = TRY(times.read(task.memory()));
  const TimePair chosen{given.access, 0, given.change, 0};
  return change_times(task, at_cwd, path, &chosen, 0);
}

}  // namespace cupel::linux_shim
