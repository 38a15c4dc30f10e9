#include "fuzz/lvbs/heki_target.hh"

namespace cupel::fuzz::lvbs {
namespace {

constexpr auto steps = heki_descs({1, 6, 1, 0, 0});

class LvbsModule final : public HekiTarget {
 public:
  LvbsModule() : HekiTarget("lvbs_module", steps) {}
};

const Registered<LvbsModule> registered("lvbs_module", "Hyper-V VTL1: module validation, against a hostile VTL0");

}  // namespace
}  // namespace cupel::fuzz::lvbs
