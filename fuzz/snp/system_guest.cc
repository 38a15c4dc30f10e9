#include "fuzz/snp/system_guest.hh"

#include <algorithm>

#include "libos/base/check.hh"
#include "libos/mm/address_space.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz::snp {

SystemGuest::SystemGuest()
    : world_(*this, [this](mock::MockPlatform& below) -> platform::Platform& { return platform_.emplace(below); }) {}

void SystemGuest::begin(Hardware& hardware, std::span<cupel::snp::Frame> record, const cupel::snp::SouthLayout& layout, std::byte fill) {
  // Whatever stands in the middle of a call owns nothing outside of the arena.
  if (up_) world_.abandon(mock::MockPlatform::Stacks::used_again);
  up_ = true, ending_ = false;
  platform_->attach(nullptr, nullptr);
  world_.reset({}, fill);
  pending_.reset();
  busy_.clear();
  results_.clear();
  south_.emplace(hardware, record, layout);
  hardware.entries.on_hv = [this] { south_->on_hv(); };
  hardware.entries.on_vc = [this](uint64_t code) { south_->on_vc(code); };
  south_->boot();
  hardware.end_operation();
  platform_->attach(&hardware, &*south_);
}

libos::Task& SystemGuest::task_of(int32_t tid) {
  libos::Task* task = world_.machine().find_task(tid);
  CHECK(task != nullptr);
  return *task;
}

bool SystemGuest::is_first(int32_t tid) { return world_.machine().first_task().tid() == tid; }

std::optional<int32_t> SystemGuest::idle_task(uint64_t number) const {
  std::vector<int32_t> all;
  for (const libos::Task& task : const_cast<fuzz::World&>(world_).machine().tasks()) {
    if (task.state() == libos::Task::State::running) all.push_back(task.tid());
  }
  if (all.empty()) return std::nullopt;  // a signal has ended the last one
  const int32_t tid = all[number % all.size()];
  if (busy_.contains(tid)) return std::nullopt;
  return tid;
}

void SystemGuest::make(int32_t tid, const SystemCall& call) {
  call_ = call;
  work_ = nullptr;
  pending_ = tid;
  world_.platform().rouse(tid);
  run_to_rest();
}

void SystemGuest::make(int32_t tid, void (*work)(void* self, SystemGuest& guest), void* self) {
  work_ = work, work_self_ = self;
  pending_ = tid;
  world_.platform().rouse(tid);
  run_to_rest();
}

void SystemGuest::run_to_rest() {
  for (bool again = true; again;) {
    world_.platform().run();
    if (world_.platform().halted()) throw mock_snp::GuestStopped{};
    if (!at_rest()) return;
    again = false;
    // Tasks which were killed while they had nothing to do.
    for (const libos::Task& task : world_.machine().tasks()) {
      if (!task.killed() || task.state() != libos::Task::State::running) continue;
      world_.platform().rouse(task.tid());
      again = true;
    }
  }
  world_.machine().check();
}

void SystemGuest::run(const mock::RunningTask& running) {
  if (!up_) return;
  if (pending_ == running.tid) {
    pending_.reset();
    if (work_ != nullptr) work_(work_self_, *this);
    else make_call(running.tid);
    if (world_.platform().stopped()) return;
  }
  // A task killed in its guest's code meets its end when it enters the kernel; here any call will do.
  if (task_of(running.tid).killed()) linux_shim::enter(task_of(running.tid), 0, {});
}

// On the task's fiber, which may be dropped at any crossing: nothing here owns anything.
void SystemGuest::make_call(int32_t tid) {
  libos::Task& task = task_of(tid);
  const platform::Space space = task.space().id();
  if (!call_.store.empty()) {
    libos::MachineLock& lock = world_.machine().lock();
    lock.acquire(*platform_);
    platform_->copy_out(space, call_.store_at, std::as_bytes(std::span(call_.store)));
    lock.release(*platform_);
  }
  const uint64_t number = call_.number, answer_at = call_.answer_at, order = results_.size();
  const interface::Registers registers = call_.registers;  // another task's call may come while this one sleeps
  busy_[tid] = true;
  const int64_t value = linux_shim::enter(task, number, registers);
  busy_.erase(tid);
  last_value_ = value;
  uint64_t result = (number << 32 ^ order) * 0x9e37'79b9'7f4a'7c15 + static_cast<uint64_t>(value);
  if (!world_.platform().stopped() && answer_at != 0 && value > 0) {
    const std::span answer = std::span(answer_).first(std::min(answer_.size(), static_cast<size_t>(value)));
    if (world_.platform().memory().peek(space, answer_at, answer)) {
      for (const std::byte byte : answer) result = (result ^ static_cast<uint64_t>(byte)) * 0x100'0000'01b3;
    }
  }
  if (!ending_) note(result);
}

bool SystemGuest::shut_down() {
  ending_ = true;  // what killed calls come back with is nobody's answer
  for (const mock::RunningTask& sleeper : world_.platform().sleeping()) task_of(sleeper.tid).kill(9);
  run_to_rest();
  if (!at_rest()) return false;
  up_ = false;
  return world_.shut_down();
}

}  // namespace cupel::fuzz::snp
