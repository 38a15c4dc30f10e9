#pragma once
#include <span>
#include <string_view>

#include "props/model/call.hh"

// All rules. Each states, for one call, what may come out and what that changes; a rule reads as the manual page does,
// errors in the order in which Linux finds them. RULE(call number, name), by call number.
#define CUPEL_RULES(RULE) \
  RULE(0, read)           \
  RULE(1, write)          \
  RULE(3, close)          \
  RULE(8, lseek)          \
  RULE(17, pread64)       \
  RULE(18, pwrite64)      \
  RULE(19, readv)         \
  RULE(20, writev)        \
  RULE(32, dup)           \
  RULE(33, dup2)          \
  RULE(72, fcntl)         \
  RULE(284, eventfd)      \
  RULE(290, eventfd2)     \
  RULE(292, dup3)         \
  RULE(293, pipe2)        \
  RULE(295, preadv)       \
  RULE(296, pwritev)      \
  RULE(436, close_range)

namespace cupel::props {

struct RuleLine {
  uint16_t call;
  std::string_view name;
  Rule rule;
};

std::span<const RuleLine> rule_table();

namespace rules {
#define CUPEL_DECLARE_RULE(number, name) Result<> name(const Call& call, Allowed& allowed);
CUPEL_RULES(CUPEL_DECLARE_RULE)
#undef CUPEL_DECLARE_RULE
}  // namespace rules

}  // namespace cupel::props
