#pragma once
#include <boost/intrusive/list.hpp>

#include "libos/base/result.hh"
#include "libos/sync/wait.hh"

namespace cupel::libos {

class FileLocks;
class OpenFile;
class Task;

enum class LockKind : uint8_t { none, shared, exclusive };
enum class Waits : bool { no, yes };

// The lock that a description holds on its file, if any. Ends with the description.
class FileLock : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit FileLock(OpenFile& file) : file_(file) {}
  FileLock(const FileLock&) = delete;
  ~FileLock();
  LockKind kind() const { return kind_; }

 private:
  friend class FileLocks;
  OpenFile& file_;
  FileLocks* all_ = nullptr;  // where it is one of those held
  LockKind kind_ = LockKind::none;
};

// flock(2): who holds which file's lock. Few files are ever locked, so that one list does.
class FileLocks {
 public:
  // Takes the lock, or lets it go. A description that holds the other kind loses that first, as Linux has it: EAGAIN and EINTR
  // leave it with none.
  Result<> set(Task& task, OpenFile& file, LockKind kind, Waits waits);

 private:
  friend class FileLock;
  void drop(FileLock& lock);
  bool conflicts(const OpenFile& file, LockKind kind) const;

  boost::intrusive::list<FileLock, boost::intrusive::constant_time_size<false>> held_;
  WaitQueue released_;
};

}  // namespace cupel::libos
