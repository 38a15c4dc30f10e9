#include "libos/sync/wait.hh"

#include "libos/task/task.hh"

namespace cupel::libos {

void Waiter::on_change(uint32_t) { task_.notify(); }

void WaitQueue::wake_all(uint32_t events) {
  for (Watcher& watcher : watchers_) watcher.on_change(events);
}

}  // namespace cupel::libos
