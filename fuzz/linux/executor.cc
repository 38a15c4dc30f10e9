#include "fuzz/linux/executor.hh"

#include <algorithm>

#include "libos/base/check.hh"
#include "libos/mm/address_space.hh"
#include "libos/task/signals.hh"
#include "shims/linux/shim.hh"
#include "shims/linux/signal_frame.hh"

namespace cupel::fuzz {
namespace {

using interface::Outcome;

mock::Chances chances_of(const Program& program, Scheduling scheduling) {
  mock::Chances chances;
  chances.schedule = {.order = static_cast<mock::Order>(scheduling), .seed = program.seed, .depth = std::max<uint32_t>(1, program.pct_depth),
                      .points_expected = static_cast<uint32_t>(4 * program.steps.size())};
  chances.policy = static_cast<mock::Policy>(program.policy);
  chances.seed = program.seed;
  return chances;
}
static_assert(static_cast<int>(Scheduling::pct) == static_cast<int>(mock::Order::pct));
static_assert(static_cast<int>(Scheduling::random) == static_cast<int>(mock::Order::random));
static_assert(static_cast<int>(Policy::mixed) == static_cast<int>(mock::Policy::mixed));
static_assert(static_cast<int>(Policy::deny_all) == static_cast<int>(mock::Policy::deny_all));

}  // namespace

Executor::Executor() : Executor(linux_shim::description(), small_config()) {}
Executor::Executor(const interface::InterfaceDesc& interface, const libos::Config& config)
    : interface_(interface), signals_(config.signals), layouter_(interface_), world_(*this, {}, config) {}

RunResult Executor::run(const Program& program, const RunOptions& options, Observer* observer) {
  program_ = &program;
  observer_ = observer;
  hash_ = {};
  steps_made_ = 0;
  step_hashes_.assign(program.steps.size(), 0);
  step_values_.assign(program.steps.size(), 0);
  first_step_.fill(no_step);
  next_step_.resize(program.steps.size());
  for (size_t index = program.steps.size(); index-- > 0;) {
    size_t& first = first_step_[program.steps[index].task % tasks_max];
    next_step_[index] = first;
    first = index;
  }
  for (ActiveCall& call : calls_) call.step = no_step;
  layouter_.begin(program);

  world_.reset(chances_of(program, options.scheduling.value_or(program.scheduling)), options.fill);
  reporting_ = true;
  outlives_kill_ = false;
  world_.platform().rouse(world_.machine().first_task().tid());
  run_to_rest();
  if (observer_ != nullptr) observer_->at_rest();
  reporting_ = false;
  hash_.add(world_.platform().console_output());

  RunResult result{.trace_hash = hash_.value(), .steps_made = steps_made_};
  result.unwound = unwind();
  if (!result.unwound) world_.abandon();
  else if (options.take_down) result.came_back_clean = world_.shut_down();
  program_ = nullptr;
  return result;
}

// Ends what still sleeps, or runs on for ever; false where that is not enough.
bool Executor::unwind() {
  mock::MockPlatform& platform = world_.platform();
  if (outlives_kill_ || !platform.waiting_for_lock().empty()) return false;
  const bool endless = platform.exhausted();
  for (libos::Task& task : world_.machine().tasks()) {
    if (endless && task.state() == libos::Task::State::running) task.kill(9);
  }
  for (const mock::RunningTask& sleeper : platform.sleeping()) find_task(sleeper.tid).kill(9);
  run_to_rest();
  return !stuck();
}

void Executor::run_to_rest() {
  mock::MockPlatform& platform = world_.platform();
  const auto is_doomed = [](const libos::Task& task) { return task.state() == libos::Task::State::running && task.killed(); };
  // Each that was killed while it had nothing to do enters the kernel once more, and there it ends.
  for (std::vector<int32_t> ending;;) {
    platform.run();
    while (interrupt_idle()) platform.run();
    if (stuck() || world_.machine().task_count() == 1) return;
    const auto& tasks = world_.machine().tasks();
    outlives_kill_ = std::ranges::any_of(tasks, [&](const libos::Task& task) { return is_doomed(task) && std::ranges::find(ending, task.tid()) != ending.end(); });
    if (outlives_kill_ || std::ranges::none_of(tasks, is_doomed)) return;
    ending.clear();
    for (const libos::Task& task : tasks) {
      if (is_doomed(task)) platform.rouse(task.tid()), ending.push_back(task.tid());
    }
  }
}

// Who has nothing to do takes what is sent to it, too.
bool Executor::interrupt_idle() {
  if (!signals_ || stuck()) return false;
  mock::MockPlatform& platform = world_.platform();
  const std::vector<mock::RunningTask> asleep = platform.sleeping();
  bool any = false;
  for (const libos::Task& task : world_.machine().tasks()) {
    const bool is_idle = task.state() == libos::Task::State::running && std::ranges::find(asleep, task.tid(), &mock::RunningTask::tid) == asleep.end();
    if (!is_idle || task.killed() || !libos::signal_waits(task)) continue;
    platform.rouse(task.tid());
    any = true;
  }
  return any;
}

void Executor::go_back(libos::Task& task, uint64_t answered, int64_t value) {
  const GuestReturn way = go_to_guest_code(task, answered, value);
  if (!reporting_) return;
  for (const uint64_t seen : {way.after.rip, way.after.rsp, way.after.rax, way.after.rdi}) hash_.add(seen);
  std::array<std::byte, 512> frame{};
  if (!way.ended && way.after.rip != way.before.rip) hash_.add(std::span(frame).first(task.space().copy_in(way.after.rsp, frame)));
  if (observer_ != nullptr) observer_->on_return(way);
}

void Executor::run(const mock::RunningTask& task) {
  if (program_ == nullptr || task.number >= tasks_max) return;
  mock::MockPlatform& platform = world_.platform();
  for (size_t index = first_step_[task.number]; index != no_step && reporting_; index = next_step_[index]) {
    platform.at_call(index);
    if (!reporting_ || find_task(task.tid).killed()) break;
    make_step(task, index);
    if (platform.stopped()) return;
  }
  if (program_ != nullptr) first_step_[task.number] = no_step;
  if (signals_ && !find_task(task.tid).killed()) go_back(find_task(task.tid), linux_shim::no_call, 0);
  // A task killed in its guest's code meets its end when it enters the kernel; here any call will do.
  if (find_task(task.tid).killed()) linux_shim::enter(find_task(task.tid), 0, {});
}

Executor::ActiveCall& Executor::active(uint32_t task_number) {
  while (calls_.size() <= task_number) calls_.emplace_back();
  return calls_[task_number];
}

void Executor::make_step(const mock::RunningTask& running, size_t index) {
  mock::MockPlatform& platform = world_.platform();
  ActiveCall& call = active(running.number);
  const Step& step = program_->steps[index];
  call.task = &find_task(running.tid);
  if (signals_) {
    go_back(*call.task, linux_shim::no_call, 0);
    if (platform.stopped()) return;
  }
  layouter_.lay_out(step, call.layout);
  if (!call.view) call.view.emplace(platform);
  call.stored = store(call);
  look_elsewhere(call);
  call.step = index;
  call.sleeps = 0;
  call.refused = false;
  call.invocation = {&layouter_.call_of(step), running.tid, call.layout.registers, &*call.view};
  capture_slots(call);
  if (signals_) come_from_guest_code(*call.task, running.number, call.invocation.desc->number, call.layout.registers);
  if (observer_ != nullptr) observer_->before_step(index, call.invocation);
  ++steps_made_;

  mock::CallPlan faults;
  plan(call, faults);
  call.watch.begin(faults);
  platform.watch(&call.watch);
  call.switches = platform.switches();
  call.began = platform.now(platform::ClockBase::monotonic);  // time passes from call to call, or their stamps were all the same
  on_switch_in(running);
  const int64_t value = linux_shim::enter(*call.task, call.invocation.desc->number, call.layout.registers);
  on_switch_out(running);
  step_values_[index] = value;
  platform.watch(nullptr);
  if (reporting_) {
    if (platform.stopped()) {
      report(call, {.kind = Outcome::Kind::ended, .value = value});
    } else {
      if (!call.tampering.empty()) call.watch.end(platform.memory());
      report(call, {.kind = Outcome::Kind::returned, .value = value});
      layouter_.record(index, call.layout, value, call.stored ? call.slots.front().after : std::span<const std::byte>{});
    }
  }
  call.step = no_step;
  if (signals_ && !platform.stopped()) go_back(*call.task, call.invocation.desc->number, value);
}

// As the guest's own stores, which may meet a page that is missing or to be copied.
bool Executor::store(const ActiveCall& call) {
  mock::MockPlatform& platform = world_.platform();
  const platform::Space space = call.task->space().id();
  libos::MachineLock& lock = world_.machine().lock();
  lock.acquire(platform);
  const bool stored = platform.memory().write(space, call.layout.base, call.layout.bytes) == call.layout.bytes.size();
  lock.release(platform);
  // A page that nobody may write is filled behind its protection, as long as it is the one that was there at the start.
  if (platform.memory().saved_pages_stand()) {
    for (const Store& extra : call.layout.stores) platform.memory().poke(space, extra.address, extra.bytes);
  }
  return stored;
}

// Notes what lies where the call may write outside of its slots.
void Executor::look_elsewhere(ActiveCall& call) {
  call.view->set(call.task, {});
  call.elsewhere_count = 0;
  const Layout& layout = call.layout;
  for (const Extent& extent : layout.extents) {
    const bool in_slots = extent.address >= layout.base && extent.address < layout.base + layout.bytes.size();
    if (!extent.write || extent.size == 0 || in_slots) continue;
    if (call.elsewhere.size() == call.elsewhere_count) call.elsewhere.emplace_back();
    Elsewhere& elsewhere = call.elsewhere[call.elsewhere_count];
    elsewhere.address = extent.address;
    elsewhere.before.resize(std::min<uint64_t>(extent.size, elsewhere_size_max));
    elsewhere.before.resize(call.view->copy_in(extent.address, elsewhere.before));
    if (!elsewhere.before.empty()) ++call.elsewhere_count;
  }
}

void Executor::plan(ActiveCall& call, mock::CallPlan& plan) {
  call.fail_in = 0;
  for (const Fault& fault : program_->faults) {
    if (fault.step != call.step) continue;
    switch (fault.kind) {
      case FaultKind::allocation: call.fail_in = fault.nth; break;
      case FaultKind::copy: plan.fail_copy = fault.nth; break;
      case FaultKind::wait: plan.interrupt_wait = fault.nth; break;
    }
  }
  call.tampering.clear();
  for (const Tamper& tamper : program_->tampers) {
    if (tamper.step != call.step || tamper.arg >= interface::args_max) continue;
    const uint64_t object = call.layout.objects[tamper.arg];
    if (object == 0) continue;
    // Within the slots only: elsewhere it could be memory that others may look at.
    const uint64_t offset = object - call.layout.base + tamper.offset;
    if (offset < call.layout.bytes.size()) call.tampering.push_back({object + tamper.offset, std::byte{tamper.value}});
  }
  plan.tampering = call.tampering;
}

// The arena is everybody's; what is planned for one call concerns only the stretches in which its task runs.
void Executor::on_switch_in(const mock::RunningTask& task) {
  if (task.number >= calls_.size() || calls_[task.number].step == no_step) return;
  ActiveCall& call = calls_[task.number];
  call.allocations = world_.arena().allocation_count();
  call.refusals = world_.arena().refusal_count();
  world_.arena().fail_allocation(call.fail_in);
}

void Executor::on_switch_out(const mock::RunningTask& task) {
  if (task.number >= calls_.size() || calls_[task.number].step == no_step) return;
  count_allocations(calls_[task.number]);
  world_.arena().fail_allocation(0);
}

void Executor::count_allocations(ActiveCall& call) {
  const uint64_t count = world_.arena().allocation_count(), refusals = world_.arena().refusal_count();
  call.refused |= refusals != call.refusals;
  const uint64_t made = count - call.allocations;
  call.fail_in = call.fail_in > made ? call.fail_in - made : 0;
  call.allocations = count;
  call.refusals = refusals;
}

void Executor::on_sleep(const mock::RunningTask& task) {
  if (task.number >= calls_.size() || calls_[task.number].step == no_step) return;
  ActiveCall& call = calls_[task.number];
  if (call.sleeps++ == 0) call.polled = named_files(call.invocation, *call.task);
  count_allocations(call);
  if (reporting_) report(call, {.kind = Outcome::Kind::blocked});
}

void Executor::report(ActiveCall& call, Outcome outcome) {
  if (outcome.kind == Outcome::Kind::ended) {
    call.slots.clear();
  } else {
    capture_slots(call);
  }
  outcome.slots = call.slots;
  add_to_hash(call, outcome);
  step_hashes_[call.step] = hash_.value();
  tell_observer(call, outcome);
}

void Executor::tell_observer(ActiveCall& call, const Outcome& outcome) {
  if (observer_ == nullptr) return;
  mock::MockPlatform& platform = world_.platform();
  const Mishaps mishaps{.allocation = call.refused, .copy = call.watch.copy_failed(), .wait = call.watch.wait_interrupted(),
                        .refusal = !platform.granted(call.invocation.desc->number)};
  observer_->on_step({call.step, program_->steps[call.step], call.invocation, outcome, call.layout, call.watch, mishaps,
                      call.switches == platform.switches(), call.began, platform.time_shown(platform::ClockBase::monotonic)});
}

// The slots as they were laid out, and as they are now.
void Executor::capture_slots(ActiveCall& call) {
  // A slot may lie in pages of which a fork(2) meanwhile has taken some away until they are touched again.
  const auto look = [&](uint64_t address, std::span<std::byte> out) { return call.view->copy_in(address, out) == out.size(); };
  call.view->set(call.task, {});
  call.slots.clear();
  const bool written = !call.watch.writes().empty();
  if (call.stored) {
    if (written) {
      call.after.resize(call.layout.bytes.size());
      if (!look(call.layout.base, call.after)) call.after = call.layout.bytes;
    }
    call.slots.push_back({call.layout.base, call.layout.bytes, written ? call.after : call.layout.bytes});
  }
  for (size_t index = 0; index < call.elsewhere_count; ++index) {
    Elsewhere& elsewhere = call.elsewhere[index];
    elsewhere.after = elsewhere.before;
    if (written && !look(elsewhere.address, elsewhere.after)) continue;
    call.slots.push_back({elsewhere.address, elsewhere.before, elsewhere.after});
  }
  call.view->set(call.task, call.slots);
}

void Executor::add_to_hash(const ActiveCall& call, const Outcome& outcome) {
  hash_.add(call.step << 2 | static_cast<uint64_t>(outcome.kind));
  hash_.add(static_cast<uint64_t>(outcome.value));
  for (const mock::GuestAccess& write : call.watch.writes()) {
    hash_.add(write.address);
    for (const interface::Slot& slot : outcome.slots) {
      const uint64_t from = std::max(slot.address, write.address);
      const uint64_t to = std::min(slot.address + slot.after.size(), write.address + write.size);
      if (from < to) hash_.add(slot.after.subspan(from - slot.address, to - from));
    }
  }
}

libos::Task& Executor::find_task(int32_t tid) {
  libos::Task* task = world_.machine().find_task(tid);
  CHECK(task != nullptr);
  return *task;
}

std::vector<Executor::Blocked> Executor::blocked() const {
  std::vector<Blocked> all;
  for (const ActiveCall& call : calls_) {
    if (call.step != no_step) all.push_back({call.step, call.invocation.tid});
  }
  return all;
}

void Executor::report_sleepers() {
  for (ActiveCall& call : calls_) {
    if (call.step == no_step || call.sleeps == 0) continue;
    capture_slots(call);
    tell_observer(call, {.kind = Outcome::Kind::blocked, .slots = call.slots});
  }
}

std::vector<Executor::Blocked> Executor::wake_for_nothing() {
  std::vector<Blocked> forgotten;
  if (stuck()) return forgotten;
  // What was still in store for these calls is not what wakes them.
  for (ActiveCall& call : calls_) call.watch.calm(), call.fail_in = 0;
  for (const Blocked& sleeper : blocked()) {
    const auto found = std::ranges::find_if(calls_, [&](const ActiveCall& call) { return call.step == sleeper.step; });
    if (found == calls_.end()) continue;
    const uint64_t sleeps = found->sleeps;
    const bool names_others = named_files(found->invocation, *found->task) != found->polled;
    find_task(sleeper.tid).notify();
    run_to_rest();
    const bool went_on = found->step != sleeper.step || found->sleeps == sleeps;
    const bool does_not_block = step_values_[sleeper.step] == -static_cast<int64_t>(Errno::again);
    if (went_on && !does_not_block && !names_others) forgotten.push_back(sleeper);
  }
  return forgotten;
}

}  // namespace cupel::fuzz
