#include "fuzz/lvbs/heki_target.hh"

namespace cupel::fuzz::lvbs {
namespace {

constexpr auto steps = heki_descs({1, 1, 0, 6, 0});

class LvbsKexec final : public HekiTarget {
 public:
  LvbsKexec() : HekiTarget("lvbs_kexec", steps) {}
};

const Registered<LvbsKexec> registered("lvbs_kexec", "Hyper-V VTL1: the next kernel's image, against a hostile VTL0");

}  // namespace
}  // namespace cupel::fuzz::lvbs
