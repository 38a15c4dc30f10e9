#pragma once
#include <optional>
#include <string>

#include "platforms/mock/snp/hypervisor.hh"
#include "platforms/snp/guest.hh"

// The mock's model of SnpHardware, and the oracles that watch what the guest does with it. They look at the RMP and at the
// exchanges themselves, never at the guest's bookkeeping.
namespace cupel::mock_snp {

struct Violation {
  std::string oracle, expected, got;
};

// Thrown where the guest does not go on: it has ended itself, or hangs in a nested fault.
struct GuestStopped {};

class Hardware final : private SharedAccess {
 public:
  static constexpr uint32_t exits_max = 20'000;  // of one run: more is a loop that the host bounds

  Hardware(System& system, Hypervisor& hypervisor, Shared& shared) : system_(system), hypervisor_(hypervisor), shared_(shared) {}
  void begin();

  // The first violation of the run, if any.
  const std::optional<Violation>& violation() const { return violation_; }
  bool terminated() const { return terminated_; }
  uint64_t exit_count() const { return exit_count_; }
  // The guest uses private memory of that frame; it is stopped where the access does not come through.
  void use_private(uint64_t gfn);
  // Between two operations of the guest: what was validated must still be judged, and the run may go on.
  void end_operation();

  // --- SnpHardware ---
  void write_ghcb_msr(uint64_t value);
  Untrusted<uint64_t> read_ghcb_msr();
  void vmgexit();
  snp::Validated pvalidate(uint64_t gfn, snp::PageSize size, bool validate);
  snp::Ghcb ghcb();
  SharedPtr<uint64_t> shared_buffer(uint64_t index);
  void set_encrypted(uint64_t gfn, bool encrypted);
  void zero_private(uint64_t gfn) { use_private(gfn); }
  void evict(uint64_t gfn) { use_private(gfn); }
  void halt();

 private:
  void before_load(const volatile void* address, size_t size) override;
  void after_store(volatile void* address, size_t size) override;
  void violate(std::string_view oracle, std::string expected, std::string got);
  void act();  // the guest does something that is neither ending nor judging
  void judge_msr_answer();
  void judge_page_state_answer();

  System& system_;
  Hypervisor& hypervisor_;
  Shared& shared_;
  std::optional<Violation> violation_;
  bool terminated_ = false;
  bool must_end_ = false;         // an answer was taken that the protocol does not allow
  std::string why_;
  bool vc_pending_ = false;       // a #VC 404 or 400 was delivered: the guest's handler runs next
  uint64_t exit_count_ = 0;
  uint64_t request_ = 0;          // the MSR at the last exit
  uint64_t asked_current_ = 0, asked_end_ = 0;
  std::vector<const volatile void*> loaded_;  // since the last exit
  std::vector<bool> validated_by_guest_ = std::vector<bool>(guest_frames);
  std::vector<uint32_t> validated_frames_;
};
static_assert(snp::SnpHardware<Hardware>);

}  // namespace cupel::mock_snp
