// membarrier, personality.
#include <linux/membarrier.h>

#include "props/model/rules.hh"

namespace cupel::props::rules {

// What memory is registered for is its own, and copied with it.
Result<> membarrier(const Call& call, Allowed& allowed) {
  constexpr uint32_t get_registrations = 512;  // MEMBARRIER_CMD_GET_REGISTRATIONS, since Linux 6.3
  const auto command = call.arg<uint32_t>(0), flags = call.arg<uint32_t>(1);
  const uint32_t registered = call.space().barriers;
  if (flags != 0 && (command != MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ || flags != MEMBARRIER_CMD_FLAG_CPU)) return fail(Errno::inval);
  switch (command) {
    case MEMBARRIER_CMD_QUERY: return allowed.returns(0, 2 * get_registrations - 1);
    case MEMBARRIER_CMD_GLOBAL:
    case MEMBARRIER_CMD_GLOBAL_EXPEDITED: return allowed.returns(0);
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
      if ((registered & command << 1) == 0) return fail(Errno::perm);  // each is followed by its registration
      return allowed.returns(0);
    case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
      allowed.returns(0);
      allowed.then([space = call.task.space, command](World& world, const Actual&) { world.spaces[space].barriers |= command; });
      return {};
    case get_registrations: {
      // The wider ones say that they order memory as well.
      constexpr uint32_t wider = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ;
      return allowed.returns((registered & wider) != 0 ? registered | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED : registered);
    }
    default: return fail(Errno::inval);
  }
}

// What there was before; all ones only ask.
Result<> personality(const Call& call, Allowed& allowed) {
  const auto persona = call.arg<uint32_t>(0);
  allowed.returns(call.task.persona);
  if (persona == UINT32_MAX) return {};
  allowed.then([task = call.caller, persona](World& world, const Actual&) { world.tasks[task].persona = persona; });
  return {};
}

}  // namespace cupel::props::rules
