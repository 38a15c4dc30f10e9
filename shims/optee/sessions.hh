#pragma once
#include <array>
#include <cstdint>

#include "shims/optee/tee.hh"

// Instances of trusted applications and their sessions. Whoever calls may only name a session by its number, and each number is
// looked up anew whenever other calls may have run.
namespace cupel::optee {

// ta_head.flags.
inline constexpr uint32_t single_instance = 1 << 2, multi_session = 1 << 3, keep_alive = 1 << 4, concurrent = 1 << 8, keep_crashed = 1 << 13;
inline constexpr uint32_t flags_known = 0x3fff;
// An application in user mode may not ask to be entered twice at once.
template <class Word>
constexpr bool flags_accepted(const Word& flags) {
  if ((flags & Word(~uint64_t{flags_known})) != Word(0)) return false;
  return static_cast<bool>((flags & Word(concurrent)) == Word(0));
}

inline constexpr uint32_t instances_max = 4, sessions_max = 8;

enum class Attach : uint8_t { made, attached };

class Sessions {
 public:
  enum class InstanceState : uint8_t { none, creating, ready, dead };
  struct Instance {
    InstanceState state = InstanceState::none;
    uint32_t ta = 0, flags = 0, sessions = 0;
    bool entered = false;  // by a call that has not come back
  };
  enum class State : uint8_t { none, opening, open, busy };
  struct Session {
    State state = State::none;
    uint32_t id = 0, instance = 0;
    bool cancelled = false, masked = true;
  };

  // A session that is being opened, on an instance of that application: one that is there, or a new one.
  TeeResult<uint32_t> open(uint32_t ta, uint32_t flags);
  // Its application has let it in, or not.
  void opened(uint32_t id);
  void forget(uint32_t id);
  // A command begins or ends; also for the session's end.
  TeeResult<> enter(uint32_t id);
  void leave(uint32_t id);
  TeeResult<> cancel(uint32_t id);
  TeeResult<bool> cancelled(uint32_t id) const;
  // Whether requests to cancel are told; gives what it was.
  TeeResult<bool> mask(uint32_t id, bool masked);

  void created(uint32_t instance) { instances_[instance].state = InstanceState::ready; }
  void died(uint32_t instance) { instances_[instance].state = InstanceState::dead; }
  // It has not come up, and has not crashed either: there is nothing that would have to be kept.
  void stillborn(uint32_t instance) { instances_[instance].state = InstanceState::dead, instances_[instance].flags &= ~keep_alive; }
  void set_entered(uint32_t instance, bool entered) { instances_[instance].entered = entered; }
  // The last session is gone and nothing keeps it: its application is to be told, if it still lives.
  bool to_be_ended(uint32_t instance) const;
  void ended(uint32_t instance) { instances_[instance] = {}; }

  const Session* find(uint32_t id) const;
  const Instance& instance(uint32_t index) const { return instances_[index]; }
  uint32_t count() const;
  void check() const;

 private:
  TeeResult<uint32_t> attach(uint32_t ta, uint32_t flags);
  Session* slot(uint32_t id);
  std::array<Instance, instances_max> instances_{};
  std::array<Session, sessions_max> sessions_{};
  uint32_t last_id_ = 0;
};

}  // namespace cupel::optee
