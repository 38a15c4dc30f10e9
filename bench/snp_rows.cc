#include "bench/snp_rows.hh"

#include <memory>

#include "bench/workload.hh"
#include "fuzz/lvbs/lvbs_target.hh"
#include "fuzz/optee/optee_target.hh"
#include "fuzz/snp/snp_target.hh"

namespace cupel::bench {
namespace {

// Runs generated scripts, round and round, and counts what their guests do.
class Boundary {
 public:
  explicit Boundary(const fuzz::TargetInfo& info)
      : target_(info.make()), snp_(dynamic_cast<fuzz::snp::SnpTarget*>(target_.get())), lvbs_(dynamic_cast<fuzz::lvbs::LvbsTarget*>(target_.get())), optee_(dynamic_cast<fuzz::optee::OpteeTarget*>(target_.get())) {
    for (uint32_t seed = 0; seed < programs_count; ++seed) inputs_.push_back(target_->generate(seed));
    for (const auto& input : inputs_) target_->run(input);  // so that memory is there, and whether it exits at all
    counts_ = events() > 0;
  }
  const char* unit() const { return !counts_ ? "runs/s" : snp_ != nullptr ? "exits/s" : "calls/s"; }
  double operator()(double seconds) {
    constexpr size_t few = 64;
    return rate(seconds, [&] {
      const uint64_t before = events();
      for (size_t count = 0; count < few; ++count) target_->run(inputs_[next_++ % inputs_.size()]);
      return counts_ ? static_cast<size_t>(events() - before) : few;
    });
  }

 private:
  // Exits of a guest, service calls of a normal world, operations of VTL0's.
  uint64_t events() const { return snp_ != nullptr ? snp_->exits() : optee_ != nullptr ? optee_->calls() : lvbs_ != nullptr ? lvbs_->calls() : 0; }

  std::unique_ptr<fuzz::Target> target_;
  fuzz::snp::SnpTarget* snp_;
  fuzz::lvbs::LvbsTarget* lvbs_;
  fuzz::optee::OpteeTarget* optee_;
  std::vector<fuzz::Bytes> inputs_;
  bool counts_ = false;
  size_t next_ = 0;
};

}  // namespace

std::vector<Contestant> snp_contestants(const std::string& baseline) {
  std::vector<Contestant> all;
  for (const fuzz::TargetInfo* info : fuzz::targets()) {
    if (!info->name.starts_with("snp_") && !info->name.starts_with("lvbs_") && !info->name.starts_with("optee_")) continue;
    auto boundary = std::make_shared<Boundary>(*info);
    all.push_back({std::string(info->name), boundary->unit(), baseline, [boundary](double seconds) { return (*boundary)(seconds); }});
  }
  return all;
}

}  // namespace cupel::bench
