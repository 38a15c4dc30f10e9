#include "props/model/rules.hh"

#include <algorithm>

namespace cupel::props {
namespace {

constexpr RuleLine table[] = {
#define CUPEL_RULE_LINE(number, name) {number, #name, rules::name},
    CUPEL_RULES(CUPEL_RULE_LINE)
#undef CUPEL_RULE_LINE
};
static_assert(std::ranges::is_sorted(table, std::less_equal{}, &RuleLine::call));

}  // namespace

std::span<const RuleLine> rule_table() { return table; }

}  // namespace cupel::props
