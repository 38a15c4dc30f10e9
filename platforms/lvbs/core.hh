#pragma once
#include "platforms/lvbs/hardware.hh"
#include "platforms/lvbs/hypercall_abi.hh"
#include "platforms/lvbs/reason.hh"

namespace cupel::lvbs {

// Where the secure kernel's memory lies, and the pages of it that the hypervisor sees.
struct Layout {
  uint64_t first = 0, end = 0;      // frames of VTL1
  uint64_t ram_end = 0;             // frames of the machine
  uint64_t processors = 0;
  uint64_t code_page = 0, input_page = 0, output_page = 0;   // frames
  uint64_t assist_page = 0, message_page = 0;                // the first of one a processor
};

// What all parts stand on: stopping for good, and hypercalls through the one input page.
template <VtlHardware Hardware>
class Core {
 public:
  Core(Hardware& hardware_value, const Layout& layout) : hardware(hardware_value), layout_(layout) {}

  // VTL0 gets no further service. (The mock leaves this loop by an exception.)
  [[noreturn]] void stop(Reason reason) {
    stopped_ = true;
    for (;;) hardware.stop(static_cast<uint64_t>(reason));
  }
  void require(bool holds, Reason reason) {
    if (!holds) stop(reason);
  }
  bool stopped() const { return stopped_; }
  const Layout& layout() const { return layout_; }

  // One hypercall's input page is one hypercall's: who comes in its middle makes none.
  class Input {
   public:
    explicit Input(Core& core) : core_(core) {
      core_.require(!core_.input_busy_, Reason::busy_page);
      core_.input_busy_ = true;
    }
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    ~Input() { core_.input_busy_ = false; }
    void put(uint64_t offset, uint64_t value) { core_.hardware.own64((core_.layout_.input_page << 12) + offset).write(value); }

   private:
    Core& core_;
  };

  // A simple hypercall: whether it was done. Any status but success is a refusal.
  bool simple(abi::Code code, uint64_t variable = 0);
  // A rep hypercall over the `count` elements in the input page: how many are done; `failed` says whether the rest was refused.
  struct Reps {
    uint64_t done = 0;
    bool failed = false;
  };
  Reps rep(abi::Code code, uint64_t count);
  uint64_t output(uint64_t offset, const Site* site, auto judge, Reason reason) {
    const auto value = hardware.own64((layout_.output_page << 12) + offset).read_once(site).checked(judge);
    if (!value) stop(reason);
    return *value;
  }

  // VTL1's own registers, and VTL0's where `vtl` is 0.
  bool set_register(uint32_t name, uint64_t value, uint64_t vtl = 1, uint64_t vp = abi::vp_self);
  uint64_t get_register(uint32_t name, uint64_t vtl, const Site* site, auto judge, Reason reason);

  Hardware& hardware;

 private:
  static constexpr unsigned stuck_max = 16;  // answers without progress before the hypervisor is taken to be stuck
  Layout layout_;
  bool stopped_ = false, input_busy_ = false;
};

template <VtlHardware Hardware>
bool Core<Hardware>::simple(abi::Code code, uint64_t variable) {
  const uint64_t control = abi::pack_control<uint64_t>({static_cast<uint64_t>(code), 0, variable, 0, 0});
  const auto result = hardware.hypercall(control, layout_.input_page << 12, 0, SITE("hypercall.simple", "any status but success is a refusal"));
  return result.checked([](uint64_t word) { return abi::status_of(word) == abi::success; }).has_value();
}

template <VtlHardware Hardware>
auto Core<Hardware>::rep(abi::Code code, uint64_t count) -> Reps {
  uint64_t done = 0;
  for (unsigned stuck = 0; done < count;) {
    const uint64_t control = abi::pack_control<uint64_t>({static_cast<uint64_t>(code), 0, 0, count, done});
    const auto result = hardware.hypercall(control, layout_.input_page << 12, layout_.output_page << 12,
                                           SITE("hypercall.rep", "reps between what was done and the count", "rep_progress_is_believed_exactly_between_start_and_count"));
    uint64_t reps = 0;
    bool refused = false;
    const auto word = result.checked([&](uint64_t value) {
      const auto next = abi::progress<uint64_t>(done, count, value);
      refused = !next && next.error() == abi::Fault::status;
      reps = next ? *next : abi::reps_of(value);
      return next.has_value() || refused;
    });
    if (!word) stop(Reason::hypercall_answer);
    if (refused) return {reps, true};
    stuck = reps == done ? stuck + 1 : 0;
    if (stuck > stuck_max) return {reps, true};
    done = reps;
  }
  return {done, false};
}

template <VtlHardware Hardware>
bool Core<Hardware>::set_register(uint32_t name, uint64_t value, uint64_t vtl, uint64_t vp) {
  Input input(*this);
  input.put(0, abi::partition_self);
  input.put(8, vp | abi::input_vtl(vtl) << 32);
  input.put(16, name);
  input.put(24, 0);
  input.put(32, value);
  input.put(40, 0);
  return !rep(abi::Code::set_registers, 1).failed;
}

template <VtlHardware Hardware>
uint64_t Core<Hardware>::get_register(uint32_t name, uint64_t vtl, const Site* site, auto judge, Reason reason) {
  Input input(*this);
  input.put(0, abi::partition_self);
  input.put(8, abi::vp_self | abi::input_vtl(vtl) << 32);
  input.put(16, name);
  require(!rep(abi::Code::get_registers, 1).failed, Reason::register_refused);
  return output(0, site, judge, reason);
}

}  // namespace cupel::lvbs
