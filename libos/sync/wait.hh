#pragma once
#include <atomic>
#include <boost/intrusive/list.hpp>

#include "libos/platform/platform.hh"

// Blocking. Every task has one event word; to sleep is to wait on it with the machine lock released. A queue is the
// list of those to be woken. No other way to block exists, so the mock can schedule everything.
namespace cupel::libos {

class Task;
class WaitQueue;

// One task's place in one queue; lives on the stack of the call that blocks and leaves its queue when it dies.
class Waiter : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit Waiter(Task& task) : task_(task) {}
  Waiter(const Waiter&) = delete;
  Task& task() const { return task_; }
  // False once wake_one() has taken it off: the wake-up was for this one.
  bool queued() const { return is_linked(); }

 private:
  Task& task_;
};

class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  ~WaitQueue() { waiters_.clear(); }

  void add(Waiter& waiter) { waiters_.push_back(waiter); }
  void wake_all();
  // Wakes the one that has waited longest and takes it off the queue; false where there is none.
  bool wake_one();
  bool empty() const { return waiters_.empty(); }

 private:
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace cupel::libos
