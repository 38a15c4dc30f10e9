#include "fuzz/lvbs/heki_target.hh"

namespace cupel::fuzz::lvbs {
namespace {

constexpr auto steps = heki_descs({1, 0, 0, 0, 8});

class LvbsIntercepts final : public HekiTarget {
 public:
  LvbsIntercepts() : HekiTarget("lvbs_intercepts", steps) {}
};

const Registered<LvbsIntercepts> registered("lvbs_intercepts", "Hyper-V VTL1: writes of registers that are pinned, against a hostile VTL0");

}  // namespace
}  // namespace cupel::fuzz::lvbs
