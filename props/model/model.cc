#include "props/model/model.hh"

#include <algorithm>

#include "props/model/call.hh"
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
  bool lost = false;              // something happened that no rule speaks about

  std::optional<Mismatch> judge(const RuleLine& line, RuleInfo& info, const interface::Invocation& invocation,
                                const interface::Outcome& outcome, TaskId caller);
  void take_over(const Alternative& alternative, TaskId caller, const interface::Outcome& outcome);
};

Model::Model(const Bounds& bounds) : state_(std::make_unique<State>(bounds)) {}
Model::~Model() = default;

void Model::reset() {
  state_->world.reset();
  state_->faults.clear();
  state_->lost = false;
}

void Model::expect_fault(Fault fault) { state_->faults.add(fault); }
std::span<const RuleInfo> Model::rules() const { return state_->infos; }
uint64_t Model::unmodelled() const { return state_->unmodelled; }

std::optional<Mismatch> Model::step(const interface::Invocation& invocation, const interface::Outcome& outcome) {
  State& state = *state_;
  const TaskId caller = state.world.task_of(invocation.tid);
  const uint16_t call = invocation.desc->number;
  const uint16_t id = call < state.by_call.size() ? state.by_call[call] : 0;
  std::optional<Mismatch> mismatch;
  if (!state.lost && caller != TaskId::none && id != 0) {
    mismatch = state.judge(rule_table()[id - 1u], state.infos[id - 1u], invocation, outcome, caller);
  } else {
    ++state.unmodelled;
    if (!is_error(outcome)) state.lost = true;
  }
  state.faults.clear();
  return mismatch;
}

std::optional<Mismatch> Model::State::judge(const RuleLine& line, RuleInfo& info, const interface::Invocation& invocation,
                                            const interface::Outcome& outcome, TaskId caller) {
  ++info.hits;
  if (is_error(outcome)) ++info.errors;
  allowed.clear();
  const Call call(world, caller, invocation, outcome, scratch);
  if (const auto done = line.rule(call, allowed); !done) allowed.may_fail(done.error());

  if (allowed.lost()) {
    lost = !is_error(outcome);
  } else if (const Alternative* alternative = matcher.find(world, allowed, faults, outcome)) {
    take_over(*alternative, caller, outcome);
  } else if (matcher.is_plain_error(allowed, faults, outcome)) {
    world.tasks[caller].blocked = false;
  } else {
    return Mismatch{std::string(line.name), describe(world, allowed, outcome), describe(outcome)};
  }
  return std::nullopt;
}

void Model::State::take_over(const Alternative& alternative, TaskId caller, const interface::Outcome& outcome) {
  const SpaceId space = world.tasks[caller].space;
  if (world.spaces[space].shares_files) {
    size_t left = alternative.transfer ? static_cast<size_t>(outcome.value) : SIZE_MAX;
    for (const Write& write : allowed.writes_of(alternative)) {
      const size_t size = std::min(write.size, left);
      left -= size;
      const bool exact = write.kind == Write::Kind::exact;
      world.store(space, write.address, size, exact ? allowed.bytes_of(write).first(size) : std::span<const std::byte>{});
    }
  }
  world.tasks[caller].blocked = outcome.kind == interface::Outcome::Kind::blocked;
  if (alternative.effect) alternative.effect(world, {outcome.value, outcome.slots});
}

}  // namespace cupel::props
