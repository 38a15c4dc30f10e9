#pragma once
#include <atomic>
#include <boost/intrusive/list.hpp>

#include "libos/platform/platform.hh"

// Blocking. Every task has one event word; to sleep is to wait on it with the machine lock released. A queue is the
// list of those to be told. No other way to block exists, so the mock can schedule everything.
namespace cupel::libos {

class Task;

// Whoever wants to be told when something changes: a place in one queue, which it leaves when it dies.
class Watcher : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  // `events`: which of poll(2)'s there may be now that there were not before.
  virtual void on_change(uint32_t events) = 0;
  bool queued() const { return is_linked(); }

 protected:
  ~Watcher() = default;
};

// A task that sleeps; lives on the stack of the call that blocks.
class Waiter final : public Watcher {
 public:
  explicit Waiter(Task& task) : task_(task) {}
  void on_change(uint32_t events) override;

 private:
  Task& task_;
};

class WaitQueue {
 public:
  static constexpr uint32_t any_event = ~0u;

  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  ~WaitQueue() { watchers_.clear(); }

  void add(Watcher& watcher) { watchers_.push_back(watcher); }
  void wake_all(uint32_t events = any_event);

 private:
  boost::intrusive::list<Watcher, boost::intrusive::constant_time_size<false>> watchers_;
};

}  // namespace cupel::libos
