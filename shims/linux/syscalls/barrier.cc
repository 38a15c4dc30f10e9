#include "shims/linux/syscalls/barrier.hh"

#include "libos/mm/address_space.hh"
#include "libos/task/task.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint32_t bit(BarrierCommand command) { return static_cast<uint32_t>(command); }

// EPERM where the memory was not registered before.
Result<uint64_t> expedite(const AddressSpace& space, BarrierCommand registration) {
  return (space.barriers & bit(registration)) != 0 ? Result<uint64_t>(0) : fail(Errno::perm);
}

// membarrier_get_registrations() of Linux: whoever registers for more than memory's order is registered for it as well, as far
// as is told, though not for its command.
uint64_t told(uint32_t registered) {
  constexpr uint32_t more = bit(BarrierCommand::register_sync_core) | bit(BarrierCommand::register_restartable);
  return (registered & more) != 0 ? registered | bit(BarrierCommand::register_private_expedited) : registered;
}

}  // namespace

// The machine's lock orders whatever tasks do to memory around a call.
Result<uint64_t> membarrier(Task& task, Choice<BarrierCommand> command, Flags<BarrierFlag, Unknown::late> flags, Int) {
  constexpr uint64_t all = 2 * bit(BarrierCommand::get_registrations) - 1;
  const bool may_name_processor = command.raw == bit(BarrierCommand::restartable);
  if (flags.bits != 0 && !(may_name_processor && flags.checked())) return fail(Errno::inval);
  AddressSpace& space = task.space();
  const BarrierCommand wanted = TRY(command.get());
  switch (wanted) {
    case BarrierCommand::query: return all;
    case BarrierCommand::global:
    case BarrierCommand::global_expedited: return 0;
    case BarrierCommand::private_expedited: return expedite(space, BarrierCommand::register_private_expedited);
    case BarrierCommand::sync_core: return expedite(space, BarrierCommand::register_sync_core);
    case BarrierCommand::restartable: return expedite(space, BarrierCommand::register_restartable);
    case BarrierCommand::get_registrations: return told(space.barriers);
    case BarrierCommand::register_global_expedited:
    case BarrierCommand::register_private_expedited:
    case BarrierCommand::register_sync_core:
    case BarrierCommand::register_restartable: space.barriers |= bit(wanted); return 0;
  }
  return fail(Errno::inval);
}

}  // namespace cupel::linux_shim
