// close, close_range, dup, dup2, dup3, fcntl.
#include <fcntl.h>
#include <linux/close_range.h>

#include <algorithm>

#include "props/model/rules.hh"

namespace cupel::props {
namespace {

// The status flags F_GETFL must show as they are. Linux shows some of the creation flags as well, and O_LARGEFILE.
constexpr uint32_t status_flags = O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | O_SYNC | O_DIRECT | O_NOATIME | O_PATH;
constexpr uint32_t large_file = 0100000;  // the kernel's O_LARGEFILE: libc's is 0 here
constexpr uint32_t flags_shown_too = large_file | O_CLOEXEC | O_TMPFILE | O_DIRECTORY | O_NOFOLLOW | O_ASYNC;
// What F_SETFL can change.
constexpr uint32_t settable_flags = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;

Result<> duplicate(const Call& call, Allowed& allowed, FileId file, uint32_t from, bool close_on_exec) {
  TRY(call.room_for_descriptors(1, from));
  allowed.returns(call.table().lowest_free(from));
  allowed.then([=, table = call.task.table](World& world, const Actual&) { world.install(table, file, close_on_exec, from); });
  return {};
}

Result<> duplicate_onto(const Call& call, Allowed& allowed, FileId file, uint32_t number, bool close_on_exec) {
  allowed.returns(number);
  allowed.then([=, table = call.task.table](World& world, const Actual&) {
    world.install_at(table, number, file, close_on_exec);
  });
  return {};
}

Result<> get_flags(const Call& call, Allowed& allowed, FileId id) {
  const uint32_t flags = call.at(id).flags & status_flags;
  const auto seen = static_cast<uint64_t>(call.result());
  allowed.returns(static_cast<int64_t>(flags | (seen & flags_shown_too)));
  return {};
}

Result<> set_flags(const Call& call, Allowed& allowed, FileId id, uint32_t flags) {
  const bool is_pipe = call.at(id).pipe != PipeId::none;
  // Which files can do direct I/O is the file system's to say.
  if ((flags & O_DIRECT) != 0) allowed.may_fail(Errno::inval);
  allowed.returns(0);
  allowed.then([=](World& world, const Actual&) {
    OpenFile& file = world.files[id];
    file.flags = (file.flags & ~settable_flags) | (flags & settable_flags);
    if (is_pipe && (flags & O_DIRECT) != 0) world.pipes[file.pipe].unsure = true;
  });
  return {};
}

}  // namespace

namespace rules {

Result<> close(const Call& call, Allowed& allowed) {
  if (const auto file = call.file(0, true); !file) return fail(file.error());
  allowed.returns(0);
  allowed.then([number = call.arg<uint32_t>(0), table = call.task.table](World& world, const Actual&) { world.close(table, number); });
  return {};
}

Result<> close_range(const Call& call, Allowed& allowed) {
  const auto first = call.arg<uint32_t>(0);
  const auto last = call.arg<uint32_t>(1);
  const auto flags = call.arg<uint32_t>(2);
  if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0 || first > last) return fail(Errno::inval);
  allowed.returns(0);
  allowed.then([=, caller = call.caller](World& world, const Actual&) {
    if ((flags & CLOSE_RANGE_UNSHARE) != 0) world.unshare_table(caller);
    const TableId table = world.tasks[caller].table;
    const auto count = static_cast<uint32_t>(world.tables[table].descriptors.size());
    for (uint32_t number = first; number < count && number <= last; ++number) {
      Descriptor& descriptor = world.tables[table].descriptors[number];
      if (descriptor.file == FileId::none) continue;
      if ((flags & CLOSE_RANGE_CLOEXEC) != 0) {
        descriptor.close_on_exec = true;
      } else {
        world.close(table, number);
      }
    }
  });
  return {};
}

Result<> dup(const Call& call, Allowed& allowed) { return duplicate(call, allowed, TRY(call.file(0, true)), 0, false); }

Result<> dup2(const Call& call, Allowed& allowed) {
  const auto number = call.arg<uint32_t>(1);
  if (call.arg<uint32_t>(0) != number && number >= call.descriptors_max()) return fail(Errno::badf);
  const FileId file = TRY(call.file(0, true));
  if (call.arg<uint32_t>(0) == number) return allowed.returns(number);
  return duplicate_onto(call, allowed, file, number, false);
}

Result<> dup3(const Call& call, Allowed& allowed) {
  const auto number = call.arg<uint32_t>(1);
  const auto flags = call.arg<uint32_t>(2);
  if ((flags & ~static_cast<uint32_t>(O_CLOEXEC)) != 0) return fail(Errno::inval);
  if (call.arg<uint32_t>(0) == number) return fail(Errno::inval);
  if (number >= call.descriptors_max()) return fail(Errno::badf);
  return duplicate_onto(call, allowed, TRY(call.file(0, true)), number, flags != 0);
}

Result<> fcntl(const Call& call, Allowed& allowed) {
  const FileId id = TRY(call.file(0, true));
  const auto number = call.arg<uint32_t>(0);
  const auto command = call.arg<uint32_t>(1);
  const auto arg = call.arg<uint32_t>(2);
  const Descriptor& descriptor = call.table().descriptors[number];
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (arg >= call.descriptors_max()) return fail(Errno::inval);
      return duplicate(call, allowed, id, arg, command == F_DUPFD_CLOEXEC);
    case F_GETFD: return allowed.returns(descriptor.close_on_exec ? FD_CLOEXEC : 0);
    case F_SETFD:
      allowed.returns(0);
      allowed.then([=, table = call.task.table](World& world, const Actual&) {
        world.tables[table].descriptors[number].close_on_exec = (arg & FD_CLOEXEC) != 0;
      });
      return {};
    case F_GETFL: return get_flags(call, allowed, id);
    default: break;
  }
  if (call.at(id).is_path()) return fail(Errno::badf);
  if (command == F_SETFL) return set_flags(call, allowed, id, arg);
  return fail(Errno::inval);
}

}  // namespace rules
}  // namespace cupel::props
