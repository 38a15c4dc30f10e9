// chmod, chown, utimensat, utimes and access, each with its kin.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "props/model/clocks.hh"
#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

using Index = std::optional<size_t>;
constexpr uint32_t path_flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;

// The inode a call with AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH speaks of.
Result<InodeId> target_of(const Call& call, size_t at, size_t path_index, uint32_t flags) {
  const std::string_view path = TRY(call.path(path_index, (flags & AT_EMPTY_PATH) != 0));
  if (path.empty()) return start_of(call, at, path);
  return inode_of(call, at, path, (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes);
}

Result<> change_mode(const Call& call, Allowed& allowed, InodeId id, uint32_t mode) {
  if (call.at(id).type == FileType::symlink) return fail(Errno::opnotsupp);
  if (call.at(id).type == FileType::anonymous) allowed.may_fail(Errno::opnotsupp);  // as Linux has it since 6.16
  allowed.returns(0);
  allowed.then([=](World& world, const Actual&) {
    world.inodes[id].mode = mode & 07777;
    world.inodes[id].mode_unsure = 0;
    world.inodes[id].touch(change_time, world.moment);
  });
  return {};
}

Result<> change_owner(const Call& call, Allowed& allowed, InodeId id, uint32_t user, uint32_t group) {
  constexpr uint32_t keep = UINT32_MAX;
  const uint32_t ids_max = call.world.bounds.ids_max;
  if ((user != keep && user > ids_max) || (group != keep && group > ids_max)) return fail(Errno::inval);
  if (call.at(id).type == FileType::anonymous) allowed.may_fail(Errno::opnotsupp);
  allowed.returns(0);
  allowed.then([=](World& world, const Actual&) {
    Inode& inode = world.inodes[id];
    if (user != keep) inode.user = user;
    if (group != keep) inode.group = group;
    inode.touch(change_time, world.moment);
    if (inode.type == FileType::directory) return;
    inode.mode &= ~static_cast<uint32_t>(S_ISUID);
    if ((inode.mode & S_IXGRP) != 0) inode.mode &= ~static_cast<uint32_t>(S_ISGID);
  });
  return {};
}

// The caller is root: everything may be read and written; what nobody may execute, root may not either.
Result<> check_access(const Call& call, Allowed& allowed, InodeId id, uint32_t mode) {
  const Inode& inode = call.at(id);
  const bool executable = inode.type == FileType::directory || (inode.mode & 0111) != 0;
  if ((mode & X_OK) != 0 && !executable) return fail(Errno::acces);
  return allowed.returns(0);
}

// As a file system keeps it: the ends of time have no nanoseconds.
Stamp stamp_of(const Timespec& time) {
  const bool at_end = time.seconds == INT64_MAX || time.seconds == INT64_MIN;
  return {true, static_cast<uint64_t>(time.seconds), at_end ? 0 : static_cast<uint64_t>(time.nanoseconds)};
}

bool is_settable(const Timespec& time) {
  return time.nanoseconds == UTIME_NOW || time.nanoseconds == UTIME_OMIT ||
         (time.nanoseconds >= 0 && time.nanoseconds < 1'000'000'000);
}

struct NewTimes {
  Timespec access{0, UTIME_NOW};
  Timespec modify{0, UTIME_NOW};
};

Result<> change_times(const Call& call, Allowed& allowed, InodeId id, const NewTimes& times) {
  if (!is_settable(times.access) || !is_settable(times.modify)) return fail(Errno::inval);
  if (call.at(id).type == FileType::anonymous) allowed.may_fail(Errno::opnotsupp);
  allowed.returns(0);
  allowed.then([id, times](World& world, const Actual&) {
    Inode& inode = world.inodes[id];
    inode.touch(change_time, world.moment);
    const auto set = [&](unsigned index, const Timespec& time) {
      if (time.nanoseconds == UTIME_NOW) inode.times[index] = {.within = world.moment.realtime};
      else if (time.nanoseconds != UTIME_OMIT) inode.times[index] = stamp_of(time);
    };
    set(0, times.access);
    set(1, times.modify);
  });
  return {};
}

// Those of a path, or of a descriptor where there is none.
Result<> change_times_at(const Call& call, Allowed& allowed, const NewTimes& times, uint32_t flags) {
  if (call.address(1) == 0 && call.arg<int32_t>(0) != AT_FDCWD) {
    if (flags != 0) return fail(Errno::inval);
    return change_times(call, allowed, call.at(TRY(call.file(0))).inode, times);
  }
  if ((flags & ~path_flags) != 0) return fail(Errno::inval);
  return change_times(call, allowed, TRY(target_of(call, 0, 1, flags)), times);
}

// Two of struct timeval.
Result<NewTimes> read_microseconds(const Call& call, size_t index) {
  NewTimes times;
  if (call.address(index) == 0) return times;
  times = TRY(call.read<NewTimes>(call.address(index)));
  for (Timespec* time : {&times.access, &times.modify}) {
    if (time->nanoseconds < 0 || time->nanoseconds >= 1'000'000) return fail(Errno::inval);
    time->nanoseconds *= 1000;
  }
  return times;
}

}  // namespace

namespace rules {

Result<> chmod(const Call& call, Allowed& allowed) {
  return change_mode(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes)), call.arg<uint32_t>(1));
}
Result<> fchmod(const Call& call, Allowed& allowed) {
  return change_mode(call, allowed, call.at(TRY(call.file(0))).inode, call.arg<uint32_t>(1));
}
Result<> fchmodat(const Call& call, Allowed& allowed) {
  return change_mode(call, allowed, TRY(target_of(call, 0, 1, 0)), call.arg<uint32_t>(2));
}
Result<> fchmodat2(const Call& call, Allowed& allowed) {
  const auto flags = call.arg<uint32_t>(3);
  if ((flags & ~path_flags) != 0) return fail(Errno::inval);
  return change_mode(call, allowed, TRY(target_of(call, 0, 1, flags)), call.arg<uint32_t>(2));
}

Result<> chown(const Call& call, Allowed& allowed) {
  return change_owner(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes)), call.arg<uint32_t>(1), call.arg<uint32_t>(2));
}
Result<> lchown(const Call& call, Allowed& allowed) {
  return change_owner(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::no)), call.arg<uint32_t>(1), call.arg<uint32_t>(2));
}
Result<> fchown(const Call& call, Allowed& allowed) {
  return change_owner(call, allowed, call.at(TRY(call.file(0))).inode, call.arg<uint32_t>(1), call.arg<uint32_t>(2));
}
Result<> fchownat(const Call& call, Allowed& allowed) {
  const auto flags = call.arg<uint32_t>(4);
  if ((flags & ~path_flags) != 0) return fail(Errno::inval);
  return change_owner(call, allowed, TRY(target_of(call, 0, 1, flags)), call.arg<uint32_t>(2), call.arg<uint32_t>(3));
}

Result<> access(const Call& call, Allowed& allowed) {
  const auto mode = call.arg<uint32_t>(1);
  if ((mode & ~7u) != 0) return fail(Errno::inval);
  return check_access(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes)), mode);
}
Result<> faccessat(const Call& call, Allowed& allowed) {
  const auto mode = call.arg<uint32_t>(2);
  if ((mode & ~7u) != 0) return fail(Errno::inval);
  return check_access(call, allowed, TRY(target_of(call, 0, 1, 0)), mode);
}
Result<> faccessat2(const Call& call, Allowed& allowed) {
  const auto mode = call.arg<uint32_t>(2);
  const auto flags = call.arg<uint32_t>(3);
  if ((mode & ~7u) != 0 || (flags & ~(path_flags | AT_EACCESS)) != 0) return fail(Errno::inval);
  return check_access(call, allowed, TRY(target_of(call, 0, 1, flags)), mode);
}

Result<> utimensat(const Call& call, Allowed& allowed) {
  NewTimes times;
  if (call.address(2) != 0) {
    times = TRY(call.read<NewTimes>(call.address(2)));
    if (times.access.nanoseconds == UTIME_OMIT && times.modify.nanoseconds == UTIME_OMIT) return allowed.returns(0);
  }
  return change_times_at(call, allowed, times, call.arg<uint32_t>(3));
}

Result<> futimesat(const Call& call, Allowed& allowed) { return change_times_at(call, allowed, TRY(read_microseconds(call, 2)), 0); }

Result<> utimes(const Call& call, Allowed& allowed) {
  const NewTimes times = TRY(read_microseconds(call, 1));
  return change_times(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes)), times);
}

Result<> utime(const Call& call, Allowed& allowed) {
  NewTimes times;
  if (call.address(1) != 0) {
    struct Seconds {
      int64_t access, modify;
    };
    const auto seconds = TRY(call.read<Seconds>(call.address(1)));
    times = {{seconds.access, 0}, {seconds.modify, 0}};
  }
  return change_times(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes)), times);
}

}  // namespace rules
}  // namespace cupel::props
