#include "libos/fd/file_lock.hh"

#include <algorithm>

#include "libos/fd/open_file.hh"
#include "libos/fs/inode.hh"
#include "libos/task/task.hh"

namespace cupel::libos {
namespace {

// What is no file has, on Linux, one inode for all of its kind.
bool is_same_file(const OpenFile& one, const OpenFile& other) {
  return one.inode() == other.inode() || (one.inode()->is_anonymous() && other.inode()->is_anonymous());
}

}  // namespace

FileLock::~FileLock() {
  if (all_ != nullptr) all_->drop(*this);
}

void FileLocks::drop(FileLock& lock) {
  if (lock.kind_ == LockKind::none) return;
  lock.unlink();
  lock.kind_ = LockKind::none;
  lock.all_ = nullptr;
  released_.wake_all();
}

bool FileLocks::conflicts(const OpenFile& file, LockKind kind) const {
  return std::ranges::any_of(held_, [&](const FileLock& lock) {
    if (&lock.file_ == &file || !is_same_file(lock.file_, file)) return false;
    return kind == LockKind::exclusive || lock.kind_ == LockKind::exclusive;
  });
}

// flock_lock_inode() of Linux's fs/locks.c.
Result<> FileLocks::set(Task& task, OpenFile& file, LockKind kind, Waits waits) {
  if (file.lock.kind_ == kind) return {};
  drop(file.lock);
  if (kind == LockKind::none) return {};
  Waiter waiter(task);
  while (conflicts(file, kind)) {
    if (waits == Waits::no) return fail(Errno::again);
    if (!waiter.queued()) released_.add(waiter);
    TRY(task.sleep(platform::no_deadline));
  }
  drop(file.lock);  // another task may have taken it meanwhile for the same description
  file.lock.kind_ = kind;
  file.lock.all_ = this;
  held_.push_back(file.lock);
  return {};
}

}  // namespace cupel::libos
