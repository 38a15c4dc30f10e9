#include "shims/optee/sessions.hh"

#include "libos/base/check.hh"

namespace cupel::optee {

const Sessions::Session* Sessions::find(uint32_t id) const {
  for (const Session& one : sessions_) {
    if (one.state != State::none && one.id == id) return &one;
  }
  return nullptr;
}
// SAFETY: the session is one of ours, which are not constant.
Sessions::Session* Sessions::slot(uint32_t id) { return const_cast<Session*>(find(id)); }

// Which instance a new session of `ta` belongs to.
TeeResult<uint32_t> Sessions::attach(uint32_t ta, uint32_t flags) {
  uint32_t unused = instances_max;
  for (uint32_t index = 0; index < instances_max; ++index) {
    const Instance& one = instances_[index];
    if (one.state == InstanceState::none) {
      unused = index;
      continue;
    }
    if (one.ta != ta || (one.flags & single_instance) == 0) continue;
    // A crashed one that is kept stays as it is, and nobody gets a fresh one beside it.
    if (one.state == InstanceState::dead) return refuse(Tee::target_dead);
    if (one.state == InstanceState::creating || one.entered) return refuse(Tee::busy);
    if (one.sessions > 0 && (one.flags & multi_session) == 0) return refuse(Tee::busy);
    return index;
  }
  if (unused == instances_max) return refuse(Tee::out_of_memory);
  instances_[unused] = {InstanceState::creating, ta, flags, 0, false};
  return unused;
}

TeeResult<uint32_t> Sessions::open(uint32_t ta, uint32_t flags) {
  if (!flags_accepted(flags)) return refuse(Tee::bad_format);
  Session* free = nullptr;
  for (Session& one : sessions_) {
    if (one.state == State::none) free = &one;
  }
  if (free == nullptr) return refuse(Tee::out_of_memory);
  const uint32_t instance = TRY(attach(ta, flags));
  do ++last_id_;
  while (last_id_ == 0 || find(last_id_) != nullptr);
  *free = {State::opening, last_id_, instance, false, true};
  ++instances_[instance].sessions;
  return last_id_;
}

void Sessions::opened(uint32_t id) {
  Session* session = slot(id);
  CHECK(session != nullptr);
  CHECK(session->state == State::opening);
  session->state = State::open;
  session->cancelled = false;
}

void Sessions::forget(uint32_t id) {
  Session* session = slot(id);
  CHECK(session != nullptr);
  Instance& instance = instances_[session->instance];
  CHECK(instance.sessions > 0);
  --instance.sessions;
  *session = {};
}

TeeResult<> Sessions::enter(uint32_t id) {
  Session* session = slot(id);
  if (session == nullptr) return refuse(Tee::bad_parameters);
  if (session->state != State::open) return refuse(Tee::busy);
  const Instance& instance = instances_[session->instance];
  if (instance.state == InstanceState::dead) return refuse(Tee::target_dead);
  if (instance.entered) return refuse(Tee::busy);
  session->state = State::busy;
  session->cancelled = false;  // what was asked of the command before is not asked of this one
  return {};
}

void Sessions::leave(uint32_t id) {
  Session* session = slot(id);
  CHECK(session != nullptr);
  CHECK(session->state == State::busy);
  session->state = State::open;
  session->cancelled = false;
}

TeeResult<> Sessions::cancel(uint32_t id) {
  Session* session = slot(id);
  if (session == nullptr) return refuse(Tee::bad_parameters);
  if (session->state != State::open) session->cancelled = true;
  return {};
}

TeeResult<bool> Sessions::cancelled(uint32_t id) const {
  const Session* session = find(id);
  if (session == nullptr) return refuse(Tee::bad_state);
  return session->cancelled && !session->masked;
}

TeeResult<bool> Sessions::mask(uint32_t id, bool masked) {
  Session* session = slot(id);
  if (session == nullptr) return refuse(Tee::bad_state);
  const bool before = session->masked;
  session->masked = masked;
  return before;
}

bool Sessions::to_be_ended(uint32_t index) const {
  const Instance& one = instances_[index];
  if (one.state == InstanceState::none || one.sessions > 0) return false;
  if (one.state == InstanceState::dead) return (one.flags & keep_alive) == 0 || (one.flags & keep_crashed) == 0;
  return (one.flags & keep_alive) == 0;
}

uint32_t Sessions::count() const {
  uint32_t all = 0;
  for (const Session& one : sessions_) all += one.state == State::none ? 0 : 1;
  return all;
}

void Sessions::check() const {
  std::array<uint32_t, instances_max> counted{}, running{};
  for (const Session& one : sessions_) {
    if (one.state == State::none) continue;
    CHECK(one.instance < instances_max);
    CHECK(instances_[one.instance].state != InstanceState::none);
    ++counted[one.instance];
    if (one.state != State::open) ++running[one.instance];
    for (const Session& other : sessions_) CHECK(&other == &one || other.state == State::none || other.id != one.id);
  }
  for (uint32_t index = 0; index < instances_max; ++index) {
    CHECK(instances_[index].sessions == counted[index]);
    CHECK(running[index] <= 1);
    CHECK(!instances_[index].entered || instances_[index].state != InstanceState::none);
  }
}

}  // namespace cupel::optee
