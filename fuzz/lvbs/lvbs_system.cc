#include "fuzz/lvbs/heki_target.hh"

namespace cupel::fuzz::lvbs {
namespace {

constexpr auto steps = heki_descs({3, 3, 3, 3, 3});

class LvbsSystem final : public HekiTarget {
 public:
  LvbsSystem() : HekiTarget("lvbs_system", steps) {}
};

const Registered<LvbsSystem> registered("lvbs_system", "Hyper-V VTL1: all services together, against a hostile VTL0");

}  // namespace
}  // namespace cupel::fuzz::lvbs
