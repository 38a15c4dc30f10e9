// MockPlatform's tasks: fibers, sleep, wake-ups and the passing of time.
#include <algorithm>
#include <utility>

#include "libos/base/check.hh"
#include "platforms/mock/mock_platform.hh"

namespace cupel::mock {

using platform::Nanoseconds;
using platform::Woken;

MockPlatform::TaskState* MockPlatform::find(int32_t tid) {
  for (TaskState& state : tasks_) {
    if (state.task.tid == tid && state.state != State::ended) return &state;
  }
  return nullptr;
}

Result<> MockPlatform::start(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) {
  if (alive_ == tasks_max) return fail(Errno::again);
  CHECK(find(tid) == nullptr);
  const auto number = static_cast<uint32_t>(tasks_.size());
  tasks_.push_back({.task = {number, tid, space}, .registers = registers});
  due_.push_back(0);
  ++alive_;
  give_fiber(tasks_.back());
  scheduler_.add(number);
  return {};
}

void MockPlatform::replace(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) {
  if (TaskState* state = find(tid)) state->task.space = space;
  this->registers(tid) = registers;
}

platform::GuestRegisters& MockPlatform::registers(int32_t tid) {
  TaskState* state = find(tid);
  return state == nullptr ? unstarted_ : state->registers;
}

void MockPlatform::stop(int32_t tid) {
  TaskState* state = find(tid);
  if (state == nullptr) return;  // never started
  state->stopped = true;
  if (state->state == State::idle) {
    state->state = State::ended;
    --alive_;
  }
}

void MockPlatform::rouse(int32_t tid) {
  TaskState* state = find(tid);
  CHECK(state != nullptr);
  CHECK(state->state == State::idle);
  give_fiber(*state);
}

void MockPlatform::give_fiber(TaskState& state) {
  if (spare_fibers_.empty()) spare_fibers_.push_back(std::make_unique<Fiber>());
  state.fiber = std::move(spare_fibers_.back());
  spare_fibers_.pop_back();
  state.state = State::ready;
  state.fiber->give([](void* platform) {
    auto* self = static_cast<MockPlatform*>(platform);
    self->guest_.run(RunningTask(self->tasks_[self->current_].task));
  }, this);
}

void MockPlatform::run() {
  CHECK(current_ == nobody);
  const uint64_t last_switch = switches_ + switches_max;
  for (;;) {
    exhausted_ = switches_ >= last_switch;
    if (exhausted_ || halted_) return;
    if (next_ == nobody) {
      const auto candidates = ready();
      if (candidates.empty()) {
        if (pass_time()) continue;
        return;
      }
      next_ = scheduler_.pick(candidates, due_);
    }
    resume(std::exchange(next_, nobody));
  }
}

void MockPlatform::resume(uint32_t number) {
  ++switches_;
  current_ = number;
  Fiber& fiber = *tasks_[number].fiber;  // stays where it is, even when tasks_ grows
  guest_.on_switch_in(RunningTask(tasks_[number].task));
  fiber.resume();
  guest_.on_switch_out(RunningTask(tasks_[number].task));
  current_ = nobody;
  if (fiber.busy()) return;
  TaskState& state = tasks_[number];
  spare_fibers_.push_back(std::move(state.fiber));
  state.watch = nullptr;
  state.state = state.stopped ? State::ended : State::idle;
  if (state.stopped) --alive_;
}

void MockPlatform::suspend() { tasks_[current_].fiber->suspend(); }

std::span<const uint32_t> MockPlatform::ready() {
  ready_.clear();
  for (const TaskState& state : tasks_) {
    if (state.state == State::ready) ready_.push_back(state.task.number);
  }
  return ready_;
}

void MockPlatform::point() {
  scheduler_.at_point(current_);
  if (tasks_.size() == 1) return;
  const uint32_t chosen = scheduler_.pick(ready(), due_);
  if (chosen == current_) return;
  next_ = chosen;
  suspend();
}

// Who holds the lock cannot be got between; without it, anything may happen at each look at the guest.
void MockPlatform::point_unless_locked() {
  if (lock_word_ == nullptr || lock_word_->load(std::memory_order_relaxed) != 0) return;
  if (chances_.schedule.order != Order::in_order) point();
}

void MockPlatform::abandon(Stacks stacks) {
  for (TaskState& state : tasks_) {
    if (!state.fiber) continue;
    if (stacks == Stacks::used_again) state.fiber->forget();
    (stacks == Stacks::used_again ? spare_fibers_ : abandoned_fibers_).push_back(std::move(state.fiber));
  }
  tasks_.clear();
  due_.clear();
  alive_ = 0;
  next_ = nobody;
}

void MockPlatform::halt() {
  halted_ = true;
  next_ = nobody;
  for (;;) suspend();
}

void MockPlatform::at_call(uint64_t due) {
  due_[current_] = due;
  point();
}

void MockPlatform::watch(CallWatch* watch) { tasks_[current_].watch = watch; }
bool MockPlatform::stopped() const { return tasks_[current_].stopped; }

Woken MockPlatform::wait(std::atomic<uint32_t>& word, uint32_t expected, Nanoseconds deadline) {
  CHECK(current_ != nobody);
  const uint32_t me = current_;
  if (&word != lock_word_) {
    CallWatch* const watch = tasks_[me].watch;
    if (watch != nullptr && watch->interrupts_wait()) return Woken::interrupted;
    if (word.load(std::memory_order_acquire) != expected) return Woken::woken;
    if (deadline <= clock_) return Woken::timed_out;
    guest_.on_sleep(RunningTask(tasks_[me].task));
    if (chances_.schedule.order != Order::in_order) point();
  }
  if (word.load(std::memory_order_acquire) != expected) return Woken::woken;
  TaskState& state = tasks_[me];
  state.state = State::waiting;
  state.word = &word;
  state.deadline = deadline;
  state.waits_since = ++wait_serial_;
  suspend();
  return tasks_[me].woken;
}

void MockPlatform::wake(std::atomic<uint32_t>& word, uint32_t count) {
  for (; count > 0; --count) {
    TaskState* longest = nullptr;
    for (TaskState& state : tasks_) {
      if (state.state != State::waiting || state.word != &word) continue;
      if (longest == nullptr || state.waits_since < longest->waits_since) longest = &state;
    }
    if (longest == nullptr) break;
    longest->state = State::ready;
    longest->woken = Woken::woken;
  }
  if (current_ != nobody && &word != lock_word_ && chances_.schedule.order != Order::in_order) point();
}

// Everybody sleeps: the next thing to happen is the earliest deadline.
bool MockPlatform::pass_time() {
  Nanoseconds earliest = platform::no_deadline;
  for (const TaskState& state : tasks_) {
    if (state.state == State::waiting) earliest = std::min(earliest, state.deadline);
  }
  if (earliest == platform::no_deadline) return false;
  clock_ = std::max(clock_, earliest);
  for (TaskState& state : tasks_) {
    if (state.state != State::waiting || state.deadline > clock_) continue;
    state.state = State::ready;
    state.woken = Woken::timed_out;
  }
  return true;
}

std::vector<RunningTask> MockPlatform::sleeping() const {
  std::vector<RunningTask> tasks;
  for (const TaskState& state : tasks_) {
    if (state.state == State::waiting) tasks.push_back(state.task);
  }
  return tasks;
}

std::vector<RunningTask> MockPlatform::waiting_for_lock() const {
  std::vector<RunningTask> tasks;
  for (const TaskState& state : tasks_) {
    if (state.state == State::waiting && state.word == lock_word_) tasks.push_back(state.task);
  }
  return tasks;
}

bool MockPlatform::ended(int32_t tid) const {
  return std::ranges::none_of(tasks_, [&](const TaskState& state) { return state.task.tid == tid && state.state != State::ended; });
}

}  // namespace cupel::mock
