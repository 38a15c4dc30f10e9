#pragma once
#include <array>
#include <span>

#include "platforms/mock/snp/system.hh"

// The hypervisor: KVM's honest answers (fact sheet 2.1), and a script of what it does instead.
namespace cupel::mock_snp {

// What a script's act does. Operands a and b are its numbers.
enum class ActKind : uint8_t {
  answer,        // the MSR holds a, whatever was asked
  flip,          // bit a of the MSR's answer
  info_1,        // EXITINFO1 = a
  info_2,        // EXITINFO2 = a
  current,       // the returned header's next entry = a
  end,           // its last entry = a
  header_reserved,  // its reserved word = a
  entry,         // entry a of the buffer = b
  partial,       // only a entries are handled at this exit
  ignore,        // the request is not handled at all
  remap,         // frame a is system page b from now on
  assign,        // RMPUPDATE: system page b is assigned for frame a
  unassign,      // RMPUPDATE: system page a is the hypervisor's
  smash,         // PSMASH of system page a
  drop,          // frame a is not present
  mark_mmio,     // frame a has the reserved bit set
  resume,        // the guest runs on although it has ended, a more times
  stall,         // from now on no page state entry is handled any more
};
inline constexpr size_t act_kinds = static_cast<size_t>(ActKind::stall) + 1;

// When: at the n-th exit, before or after it is handled; before the n-th load of shared memory; before the n-th PVALIDATE.
enum class When : uint8_t { before_exit, after_exit, before_load, before_pvalidate };
inline constexpr size_t when_kinds = 4;

struct Act {
  When when = When::after_exit;
  uint16_t nth = 0;  // counted from 0
  ActKind kind = ActKind::ignore;
  uint64_t a = 0, b = 0;
  friend bool operator==(const Act&, const Act&) = default;
};

// The GHCB page and the MSR: all that is shared.
struct Shared {
  uint64_t msr = 0;
  uint64_t exit_code = 0, exit_info_1 = 0, exit_info_2 = 0, scratch = 0, valid_low = 0, valid_high = 0;
  uint16_t version = 0;
  uint32_t usage = 0;
  std::array<uint64_t, 254> buffer{};
};

class Hypervisor {
 public:
  static constexpr uint64_t ghcb_gfn = 1;

  Hypervisor(System& system, Shared& shared) : system_(system), shared_(shared) {}
  void begin(std::span<const Act> script);

  void exit();
  void before_load();
  void before_pvalidate();
  // A nested fault at that frame: smashes a 2M page that is used in parts, as KVM does. False: nothing to be done.
  bool handle_nested_fault(uint32_t gfn);
  bool resumes();            // asked when the guest has halted
  bool lied() const { return lied_; }  // any act has fired: not honest any more

 private:
  void fire(When when, uint32_t nth);
  void perform(const Act& act);
  void handle();
  void handle_msr();
  void handle_page_state();
  bool change_page(uint32_t gfn, bool to_private, bool large);

  System& system_;
  Shared& shared_;
  std::span<const Act> script_;
  uint32_t exits_ = 0, loads_ = 0, pvalidates_ = 0;
  uint64_t entries_handled_max_ = UINT64_MAX;
  bool ignores_ = false;
  bool stalled_ = false;
  uint64_t resumes_left_ = 0;
  bool lied_ = false;
};

}  // namespace cupel::mock_snp
