#include "props/model/model.hh"

#include <algorithm>
#include <utility>

#include "props/model/call.hh"
#include "props/model/contents.hh"
#include "props/model/futexes.hh"
#include "props/model/lifecycle.hh"
#include "props/model/match.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

bool is_error(const interface::Outcome& outcome) {
  return outcome.kind == interface::Outcome::Kind::returned && outcome.value < 0 &&
         outcome.value > -static_cast<int64_t>(Allowed::errors_count);
}

}  // namespace

struct Model::State {
  explicit State(const Bounds& bounds) : world(bounds) {
    for (const RuleLine& line : rule_table()) {
      const auto id = static_cast<uint16_t>(infos.size() + 1);
      infos.push_back({id, line.call, line.name, 0, 0});
      if (by_call.size() <= line.call) by_call.resize(line.call + 1u);
      by_call[line.call] = id;
    }
  }

  World world;
  Allowed allowed;
  Matcher matcher;
  Faults faults;
  Scratch scratch;
  std::vector<RuleInfo> infos;
  std::vector<uint16_t> by_call;  // a rule's id, 0 for none
  uint64_t unmodelled = 0;
  bool others = false;            // other tasks run during the next call
  bool lost = false;              // something happened that no rule speaks about

  std::optional<Mismatch> judge(const RuleLine& line, RuleInfo& info, const interface::Invocation& invocation,
                                const interface::Outcome& outcome, TaskId caller);
  void take_over(const Alternative& alternative, TaskId caller, const interface::Outcome& outcome);
  SpaceId space_of(const Write& write, TaskId caller) const { return write.space == SpaceId::none ? world.tasks[caller].space : write.space; }
  void doubt_scribbles(TaskId caller, const interface::Outcome& outcome);
  void go_to_sleep(TaskId caller);
  void come_back(TaskId caller);
  TaskId find_caller(int32_t tid);
  void bury(TaskId caller, const interface::Outcome& outcome);
};

Model::Model(const Bounds& bounds) : state_(std::make_unique<State>(bounds)) {}
Model::~Model() = default;

void Model::reset() {
  state_->world.reset();
  state_->faults.clear();
  state_->others = state_->lost = false;
}

void Model::expect_fault(Fault fault) { state_->faults.add(fault); }
void Model::expect_time(const Moment& moment) { state_->world.moment = moment; }
void Model::expect_others() { state_->others = true; }
std::span<const RuleInfo> Model::rules() const { return state_->infos; }
uint64_t Model::unmodelled() const { return state_->unmodelled; }

std::optional<Mismatch> Model::step(const interface::Invocation& invocation, const interface::Outcome& outcome) {
  State& state = *state_;
  const TaskId caller = state.find_caller(invocation.tid);
  const uint16_t call = invocation.desc->number;
  const uint16_t id = call < state.by_call.size() ? state.by_call[call] : 0;
  std::optional<Mismatch> mismatch;
  if (state.lost || caller == TaskId::none || id == 0) {
    ++state.unmodelled;
    state.lost |= !is_error(outcome);
  } else if (!state.world.tasks[caller].alive) {
    state.bury(caller, outcome);
  } else {
    mismatch = state.judge(rule_table()[id - 1u], state.infos[id - 1u], invocation, outcome, caller);
  }
  state.faults.clear();
  state.others = false;
  state.world.moment = {};
  return mismatch;
}

std::optional<Mismatch> Model::look_at_memory(int32_t tid, const GuestMemory& memory, std::span<const uint64_t> touched) {
  const World& world = state_->world;
  const TaskId task = world.task_of(tid);
  if (state_->lost || task == TaskId::none || !world.tasks[task].alive) return std::nullopt;
  return judge_memory(world, world.tasks[task].space, memory, touched);
}

std::optional<Mismatch> Model::look_at_file(int32_t tid, int32_t number, const FileView& file) {
  const World& world = state_->world;
  const TaskId task = world.task_of(tid);
  if (state_->lost || task == TaskId::none || !world.tasks[task].alive) return std::nullopt;
  const FileId id = world.tables[world.tasks[task].table].at(number);
  return id == FileId::none ? std::nullopt : judge_file(world, world.files[id].inode, file);
}

// A task nobody has heard of is the child of one that still sleeps in vfork(2), if there is just one of these.
TaskId Model::State::find_caller(int32_t tid) {
  const TaskId known = world.task_of(tid);
  if (known != TaskId::none) return known;
  TaskId unnamed = TaskId::none;
  for (uint32_t index = 0; index < world.tasks.count(); ++index) {
    if (world.tasks[TaskId(index)].tid != 0) continue;
    if (unnamed != TaskId::none) return TaskId::none;
    unnamed = TaskId(index);
  }
  if (unnamed != TaskId::none) learn_id(world, unnamed, tid);
  return unnamed;
}

// A task that was ended from outside in the middle of a call: what became of the call is nobody's business unless it
// got something done.
void Model::State::bury(TaskId caller, const interface::Outcome& outcome) {
  if (outcome.kind == interface::Outcome::Kind::blocked) return;
  if (outcome.kind == interface::Outcome::Kind::returned && !is_error(outcome)) lost = true;
  come_back(caller);
}

std::optional<Mismatch> Model::State::judge(const RuleLine& line, RuleInfo& info, const interface::Invocation& invocation,
                                            const interface::Outcome& outcome, TaskId caller) {
  ++info.hits;
  if (is_error(outcome)) ++info.errors;
  allowed.clear();
  scratch.judges_memory = world.bounds.memory_is_known && !others;
  const Call call(world, caller, invocation, outcome, scratch);
  if (const auto done = line.rule(call, allowed); !done) allowed.may_fail(done.error());
  if (!scratch.memory_must.empty()) return Mismatch{std::string(line.name), scratch.memory_must, scratch.memory_has};

  if (allowed.lost()) {
    lost = !is_error(outcome);
  } else if (const Alternative* alternative = matcher.find(world, allowed, faults, outcome)) {
    take_over(*alternative, caller, outcome);
  } else if (matcher.is_plain_error(allowed, faults, outcome)) {
    doubt_scribbles(caller, outcome);
    come_back(caller);
  } else {
    return Mismatch{std::string(line.name), describe(world, allowed, outcome), describe(outcome)};
  }
  return std::nullopt;
}

void Model::State::take_over(const Alternative& alternative, TaskId caller, const interface::Outcome& outcome) {
  const Actual actual{outcome.value, outcome.slots};
  size_t left = alternative.transfer ? static_cast<size_t>(outcome.value) : SIZE_MAX;
  for (const Write& write : allowed.writes_of(alternative)) {
    const size_t size = std::min(write.size, left);
    left -= size;
    if (size == 0 || is_slots(world, write.address)) continue;
    std::span<const std::byte> bytes;  // none: what was not foretold and cannot be seen may not have been stored at all
    if (write.kind == Write::Kind::exact) bytes = allowed.bytes_of(write).first(size);
    else if (write.space == SpaceId::none) bytes = actual.bytes(write.address, size);
    world.store(space_of(write, caller), write.address, size, bytes);
  }
  doubt_scribbles(caller, outcome);
  if (outcome.kind == interface::Outcome::Kind::blocked) go_to_sleep(caller);
  else come_back(caller);
  if (alternative.effect) alternative.effect(world, actual);
  lost |= world.lost;
}

// A call that faults or is interrupted may have stored some of what it would have.
void Model::State::doubt_scribbles(TaskId caller, const interface::Outcome& outcome) {
  if (outcome.value != -static_cast<int64_t>(Errno::fault) && outcome.value != -static_cast<int64_t>(Errno::intr)) return;
  for (const Write& write : allowed.all_writes()) {
    if (write.size > 0 && !is_slots(world, write.address)) world.doubt(space_of(write, caller), write.address, write.size);
  }
}

// A call keeps what it sleeps on open: others may close its descriptor, or put another file there.
void Model::State::go_to_sleep(TaskId caller) {
  Task& task = world.tasks[caller];
  for (size_t place = 0; place < Task::held_max && !task.blocked; ++place) {
    task.held[place] = scratch.files[place];
    if (task.held[place] != FileId::none) ++world.files[task.held[place]].references;
  }
  if (!task.blocked) {
    task.polled.assign(scratch.polled.begin(), scratch.polled.end());
    for (const FileId file : task.polled) {
      if (file != FileId::none) ++world.files[file].references;
    }
    task.remembered.assign(scratch.remembered.begin(), scratch.remembered.end());
  }
  task.blocked = true;
}

void Model::State::come_back(TaskId caller) {
  Task& task = world.tasks[caller];
  task.blocked = false;
  for (FileId& held : task.held) {
    if (held != FileId::none) world.drop_file(std::exchange(held, FileId::none));
  }
  for (const FileId file : task.polled) {
    if (file != FileId::none) world.drop_file(file);
  }
  task.polled.clear();
  task.remembered.clear();
  stop_waiting(world, caller);
}

}  // namespace cupel::props
