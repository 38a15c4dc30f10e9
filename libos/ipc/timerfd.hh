#pragma once
#include "libos/fd/open_file.hh"
#include "libos/fs/inode.hh"
#include "libos/platform/platform.hh"
#include "libos/sync/wait.hh"

namespace cupel::libos {

// timerfd(2): a clock that can be read when it has run out. Nothing happens by itself: who looks, or sleeps until the next
// tick, notices.
class TimerFd final : public OpenFile {
 public:
  using Nanoseconds = platform::Nanoseconds;
  // In nanoseconds; a `value` of 0 is a timer that does not run.
  struct Setting {
    Nanoseconds value, interval;
  };

  TimerFd(Ref<Inode> inode, platform::ClockBase clock, uint32_t flags) : OpenFile(flags), inode_(std::move(inode)), clock_(clock) {}

  interface::Resource kind() const override { return interface::Resource::timerfd; }
  bool can_write() const override { return false; }
  Result<uint64_t> read(Task& task, UserCursor& out, const uint64_t* at) override;
  Result<uint64_t> write(Task&, UserCursor&, const uint64_t*) override { return fail(Errno::inval); }
  Result<uint64_t> seek(Task&, int64_t, Whence) override { return 0; }  // Linux lets one, to no effect
  uint16_t poll(Task& task, Watcher* watcher) override;
  void tick(Task& task) override;
  Nanoseconds next_tick(Task& task) override;
  bool has_clock() const override { return true; }
  Stat stat() const override { return anonymous_stat(*inode_); }
  Inode* inode() const override { return inode_.get(); }
  TimerFd* as_timer() override { return this; }

  enum class From : bool { now, zero };
  // Starts or stops it; what it was set to before.
  Setting set(Task& task, Setting setting, From from);
  // How much is left, and how often it comes again.
  Setting get(Task& task);
  // For a look from outside.
  Nanoseconds due() const { return due_; }

 private:
  uint64_t count_due(Nanoseconds now) const;
  void advance(Nanoseconds now);

  Ref<Inode> inode_;
  const platform::ClockBase clock_;
  Nanoseconds due_ = 0;       // when it runs out next, or ran out first since it was read; 0: it does not run
  Nanoseconds interval_ = 0;
  bool expired_ = false;
  WaitQueue changed_;
};

}  // namespace cupel::libos
