#include "fuzz/lvbs/heki_target.hh"

namespace cupel::fuzz::lvbs {
namespace {

constexpr auto steps = heki_descs({2, 2, 2, 2, 1});

class LvbsHeki final : public HekiTarget {
 public:
  LvbsHeki() : HekiTarget("lvbs_heki", steps) {}
};

const Registered<LvbsHeki> registered("lvbs_heki", "Hyper-V VTL1: services of the secure kernel, and their life, against a hostile VTL0");

}  // namespace
}  // namespace cupel::fuzz::lvbs
