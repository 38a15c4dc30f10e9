#pragma once
#include <cstdint>

namespace cupel::snp {

// Why the guest gives up: the code of its request to terminate, in the reason set of our own (GHCB specification 2.3.1).
enum class Reason : uint8_t {
  general, protocol_version, features_missing, unpaired_answer, page_state_refused, page_state_header, page_state_stuck, registration_refused, validate_failed,
  validate_no_change, shadow_forbids, not_validated, sev_status, unserviced, exit_refused, exit_event, outputs_missing, nesting, c_bit, no_entropy,
  cpuid_page, secrets_page, boot_data, adjust_failed, start_refused, doorbell, event_vector, event_storm, opcode_mismatch, not_mmio, user_mode, debug_registers,
  key_lost, message_stuck, time_source, register_value, stack, call_skipped, device, panic,
};
inline constexpr uint8_t reason_set = 2;

}  // namespace cupel::snp
