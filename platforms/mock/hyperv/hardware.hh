#pragma once
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "platforms/lvbs/hardware.hh"
#include "platforms/lvbs/frames.hh"
#include "platforms/mock/hyperv/act.hh"
#include "platforms/mock/hyperv/machine.hh"

// The mock's model of VtlHardware: a hypervisor that answers by the book but where the script says else, a VTL0 that acts in
// between, and the oracles that watch. They look at memory and second-level tables, never at the secure kernel's bookkeeping.
namespace cupel::mock_hyperv {

struct Violation {
  std::string oracle, expected, got;
};

// Whether text may have changed since it was judged, at places that may be patched.
enum class Patched : bool { no, yes };

// Thrown where the secure kernel does not go on: it has stopped for good, or an oracle has spoken.
struct Stopped {};

class Hardware final : private SharedAccess {
 public:
  static constexpr uint64_t steps_max = 200'000;  // of one call: more is a loop whose bound is the other side's

  explicit Hardware(Machine& machine) : machine_(machine), seen_(memory_bytes / 8) {}
  void begin(uint64_t secret);
  // A new operation: what is armed happens in it. Shared registers are VTL0's from here on.
  void begin_operation(std::span<const Act> acts, const lvbs::SharedState& vtl0);
  // At its end: what memory and tables must be. `registry` is the secure kernel's belief, to be compared with the tables.
  void end_operation(std::span<const lvbs::Frame> registry);
  [[noreturn]] void violate(std::string_view oracle, std::string expected, std::string got);

  const std::optional<Violation>& violation() const { return violation_; }
  bool stopped() const { return stopped_; }
  uint64_t reason() const { return reason_; }
  bool lied() const { return lied_; }
  // The hypervisor said of the tables what is not so: nobody above it can know.
  bool tables_lied() const { return tables_lied_; }
  uint64_t hypercalls() const { return hypercalls_; }
  // Everything that VTL0 could see so far.
  uint64_t trace() const { return trace_; }
  bool in_vtl1() const { return in_vtl1_; }
  const lvbs::SharedState& vtl0_state() const { return vtl0_; }
  // After the boot: no frame of VTL1 is VTL0's. After the seal: none is written and executed.
  bool booted = false, sealed = false;
  // Whom a nested call goes to.
  std::function<void(uint64_t id, uint64_t argument)> on_call;
  // What the kernel may execute must be on this list, by frame; and stores to it, by place.
  std::function<bool(uint64_t gfn, Patched patched)> may_execute;
  std::function<bool(uint64_t gpa, size_t size)> may_store;
  uint64_t vtl0_stores = 0;  // of the secure kernel, in this operation

  // --- VtlHardware ---
  Untrusted<uint64_t> hypercall(uint64_t control, uint64_t input, uint64_t output, const Site* site);
  void write_msr(uint32_t index, uint64_t value);
  Untrusted<uint64_t> read_msr(uint32_t index, const Site* site);
  Untrusted<uint64_t> cpuid_ab(uint32_t leaf, const Site* site);
  Untrusted<uint64_t> cpuid_cd(uint32_t leaf, const Site* site);
  SharedPtr<uint64_t> own64(uint64_t gpa);
  SharedPtr<uint64_t> vtl0_64(uint64_t gpa) { return vtl0<uint64_t>(gpa); }
  SharedPtr<uint8_t> vtl0_8(uint64_t gpa) { return vtl0<uint8_t>(gpa); }
  lvbs::SharedState shared_state();
  void load_shared(const lvbs::SharedState& state);
  void vtl_return(const lvbs::SharedState& state);
  void stop(uint64_t reason);

  // What the hypervisor puts into the assist page at an entry.
  void enter(uint64_t vp, uint64_t reason);
  uint64_t vp() const { return vp_; }
  uint64_t& own_word(uint64_t gpa) { return machine_.word(gpa); }

 private:
  template <class T>
  SharedPtr<T> vtl0(uint64_t gpa);
  void before_load(const volatile void* address, size_t size, const Site& site) override;
  void before_exchange(const volatile void* address, size_t size, const Site& site) override;
  void after_store(volatile void* address, size_t size) override;
  void step();
  const Act* due(When when, uint32_t nth, ActKind kind) const;
  void fire(When when, uint32_t nth);
  uint64_t given(uint64_t honest, const Site* site);
  // The hypercalls, by the book: status, and how many elements are done.
  struct Outcome {
    uint64_t status = 0, reps = 0;
  };
  Outcome handle(uint64_t code, uint64_t input, uint64_t output, uint64_t count, uint64_t start, uint64_t until);
  Outcome modify_protection(uint64_t input, uint64_t count, uint64_t start, uint64_t until);
  Outcome registers(bool set, uint64_t input, uint64_t output);
  uint64_t set_register(uint32_t name, uint64_t value, uint64_t vtl, uint64_t vp);
  uint64_t get_register(uint32_t name, uint64_t vtl, uint64_t vp) const;
  uint64_t enable_processor(uint64_t input);
  void change_flags(uint64_t gfn, uint8_t flags);

  Machine& machine_;
  std::optional<Violation> violation_;
  bool stopped_ = false, lied_ = false, tables_lied_ = false, in_vtl1_ = false, clean_ = false, firing_ = false;
  // The hypervisor has said what cannot be believed: whoever goes on after it is wrong.
  void expect_stop(const char* why) { why_stop_ = why; }
  void judge_given(uint64_t page, uint64_t offset, uint64_t value);
  void mix(uint64_t value) { trace_ = (trace_ ^ value) * 0x100'0000'01b3; }
  uint64_t trace_ = 0, reason_ = 0, secret_ = 0, hypercalls_ = 0, steps_ = 0, vp_ = 0;
  uint32_t nth_hypercall_ = 0, nth_load_ = 0, nth_given_ = 0;
  std::span<const Act> acts_;
  lvbs::SharedState vtl0_, bank_;
  struct Seen {
    uint32_t operation = 0;
    uint8_t bytes = 0;
  };
  std::vector<Seen> seen_;
  uint32_t operation_ = 0;
  std::unordered_map<uint64_t, uint64_t> code_hashes_;  // of frames that the kernel may execute since the seal
  const char* why_stop_ = nullptr;
  uint32_t register_asked_ = 0;
  std::set<uint64_t> stacks_;  // of the processors that VTL1 has started
};

}  // namespace cupel::mock_hyperv
