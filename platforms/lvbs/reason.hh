#pragma once
#include <cstdint>

namespace cupel::lvbs {

// Why the secure kernel stops for good: it serves no call any more, and VTL0 learns the number alone.
enum class Reason : uint8_t {
  general, no_vsm, no_mbec, code_page, msr_refused, register_refused, capability, protection_refused, rollback_refused, hypercall_answer, nesting, boot_data, busy_page, panic,
};

}  // namespace cupel::lvbs
