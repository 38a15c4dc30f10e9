#include "libos/task/task.hh"

#include <algorithm>

#include "libos/fd/fd_table.hh"
#include "libos/fs/fs_context.hh"
#include "libos/ipc/futex.hh"
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"
#include "libos/task/process.hh"
#include "libos/task/signals.hh"

namespace cupel::libos {

Task::Task(Machine& machine, int32_t tid) : machine_(machine), tid_(tid), process_(tid) {}
Task::~Task() = default;

Arena& Task::arena() const { return machine_.arena(); }
platform::Platform& Task::platform() const { return machine_.platform(); }
const GuestMemory& Task::memory() const { return *space_; }

FdTable& Task::fds() const {
  fds_->set_limit(shared_->limits.soft(LimitOf::descriptors));
  return *fds_;
}

uint64_t Task::file_size_max() const { return std::min(machine_.config().file_size_max, shared_->limits.soft(LimitOf::file_size)); }

Result<> Task::may_map(uint64_t start, uint64_t pages, bool writable_data) const {
  const uint64_t space_max = shared_->limits.soft(LimitOf::space), data_max = shared_->limits.soft(LimitOf::data);
  if (space_max == unlimited && data_max == unlimited) return {};
  const AddressSpace::Extent extent = space_->extent(start, pages);
  const uint64_t added = pages - extent.replaced;
  if (extent.pages + added > space_max >> page_shift) return fail(Errno::nomem);
  if (writable_data && extent.data_pages + added > data_max >> page_shift) return fail(Errno::nomem);
  return {};
}

bool Task::may_break(uint64_t address) const {
  const uint64_t base = machine_.config().break_base;
  if (address < base) return true;  // refused for another reason
  if (address - base > shared_->limits.soft(LimitOf::data)) return false;
  const uint64_t old_end = (space_->brk() + page_size - 1) >> page_shift, new_end = (address >> page_shift) + (address % page_size != 0);
  return new_end <= old_end || may_map(old_end, new_end - old_end, true).has_value();
}

Result<> Task::sleep(platform::Nanoseconds deadline) {
  if (signal_waits(*this)) return fail(Errno::intr);
  auto slept = sleep_through_signals(deadline);
  return signal_waits(*this) ? fail(Errno::intr) : slept;
}

Result<> Task::sleep_through_signals(platform::Nanoseconds deadline) {
  if (killed_) return fail(Errno::intr);
  const uint32_t seen = event_.load(std::memory_order_relaxed);
  machine_.lock().release(platform());
  const platform::Woken woken = platform().wait(event_, seen, deadline);
  machine_.lock().acquire(platform());
  if (killed_ || woken == platform::Woken::interrupted) return fail(Errno::intr);
  if (woken == platform::Woken::timed_out) return fail(Errno::timedout);
  return {};
}

Result<> Task::unshare_handlers() {
  if (shared_->handlers->owner_count() > 1) shared_->handlers = TRY(make_counted<SignalHandlers>(arena(), *shared_->handlers));
  return {};
}

Result<> Task::unshare_fds() {
  if (fds_->owner_count() > 1) fds_ = TRY(fds_->clone());
  return {};
}

void Task::notify() {
  event_.fetch_add(1, std::memory_order_release);
  platform().wake(event_, 1);
}

void Task::kill(int32_t status) {
  killed_ = true;
  exit_status_ = status;
  notify();
  platform().interrupt(tid_);
}

// mm_release() of Linux's kernel/fork.c: whoever joins the task by its word is told.
void Task::leave_space() {
  if (clear_child_tid_ == 0 || space_->owner_count() == 1) return;
  const uint32_t zero = 0;
  // A word that is gone by now has no one to tell; Linux ignores the fault as well.
  if (memory().write(clear_child_tid_, std::as_bytes(std::span(&zero, 1)))) machine_.futexes().wake(*this, {clear_child_tid_}, 1, ~0u);
}

void Task::start_program(Ref<AddressSpace> space) {
  CHECK(fds_->owner_count() == 1);
  leave_space();
  clear_child_tid_ = 0;
  signal_stack = {};
  space_ = std::move(space);
  fds_->close_marked();
  has_started_program_ = true;
  machine_.wake_parents();  // whoever sleeps in vfork(2) as well
  // A new program has none of the old one's handlers.
  for (SignalAction& action : shared_->actions()) {
    if (action.handler != handler_ignore) action = {};
  }
}

void Task::exit(int32_t status) {
  CHECK(state_ == State::running);
  state_ = State::zombie;
  exit_status_ = status;
  leave_space();
  fds_.reset();
  fs_.reset();
  space_.reset();
  machine_.on_exit(*this);
  platform().stop(tid_);
}

}  // namespace cupel::libos
