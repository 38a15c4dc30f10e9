#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

enum class BarrierCommand : uint32_t {
  query = 0, global = 1, global_expedited = 2, register_global_expedited = 4, private_expedited = 8, register_private_expedited = 16,
  sync_core = 32, register_sync_core = 64, restartable = 128, register_restartable = 256, get_registrations = 512,
};
consteval auto names_of(BarrierCommand) {
  return std::array{NamedValue{"MEMBARRIER_CMD_QUERY", 0},
                    NamedValue{"MEMBARRIER_CMD_GLOBAL", 1},
                    NamedValue{"MEMBARRIER_CMD_GLOBAL_EXPEDITED", 2},
                    NamedValue{"MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED", 4},
                    NamedValue{"MEMBARRIER_CMD_PRIVATE_EXPEDITED", 8},
                    NamedValue{"MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED", 16},
                    NamedValue{"MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE", 32},
                    NamedValue{"MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE", 64},
                    NamedValue{"MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ", 128},
                    NamedValue{"MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ", 256},
                    NamedValue{"MEMBARRIER_CMD_GET_REGISTRATIONS", 512}};
}
enum class BarrierFlag : uint32_t { processor = 1 };
consteval auto names_of(BarrierFlag) { return std::array{NamedValue{"MEMBARRIER_CMD_FLAG_CPU", 1}}; }

Result<uint64_t> membarrier(Task& task, Choice<BarrierCommand> command, Flags<BarrierFlag, Unknown::late> flags, Int processor);

}  // namespace cupel::linux_shim
