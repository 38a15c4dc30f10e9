#include "fuzz/lvbs/heki_target.hh"

namespace cupel::fuzz::lvbs {
namespace {

constexpr auto steps = heki_descs({1, 1, 6, 0, 0});

class LvbsPatch final : public HekiTarget {
 public:
  LvbsPatch() : HekiTarget("lvbs_patch", steps) {}
};

const Registered<LvbsPatch> registered("lvbs_patch", "Hyper-V VTL1: text patching by records, against a hostile VTL0");

}  // namespace
}  // namespace cupel::fuzz::lvbs
