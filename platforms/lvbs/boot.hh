#pragma once
#include "platforms/lvbs/protector.hh"

// From the first entry into VTL1 to the point where VTL0 may run again: the interface is what it says, our registers and
// pages are where we put them, and our memory is out of VTL0's reach.
namespace cupel::lvbs {

namespace reg {
inline constexpr uint32_t code_page_offsets = 0xd0002, vp_status = 0xd0003, partition_status = 0xd0004, capabilities = 0xd0006, partition_config = 0xd0007, vp_secure_config_vtl0 = 0xd0010;
inline constexpr uint32_t cr_intercept_control = 0xe0000, cr0_mask = 0xe0001, cr4_mask = 0xe0002;
inline constexpr uint32_t rip = 0x20010, cr0 = 0x40000, cr4 = 0x40003, efer = 0x80001, lstar = 0x80009, pending_event0 = 0x10004;
}  // namespace reg

namespace config {
inline constexpr uint64_t enable_protection = 1, deny_lower_startup = 1 << 6, intercept_page = 1 << 12;
// The protection that frames have before anybody changes it: all of R, W, KX, UX.
inline constexpr uint64_t default_mask = uint64_t{protection::open} << 1;
inline constexpr uint64_t mbec = 1, vp_status_mbec = 1 << 4;
}  // namespace config

// What must be among the privileges (CPUID 4000'0003): synthetic interrupts, VSM, access to registers.
inline constexpr uint64_t privileges_wanted = uint64_t{1} << 2 | uint64_t{1} << 48 | uint64_t{1} << 49;

// The entry points within the code page: both inside it, and not the same.
template <class Word>
constexpr bool good_code_offsets(const Word& word) {
  const Word call = word & Word(0xfff), back = (word >> Word(12)) & Word(0xfff);
  if ((word >> Word(24)) != Word(0)) return false;
  return static_cast<bool>(call != back);
}

template <VtlHardware Hardware>
class Boot {
 public:
  Boot(Core<Hardware>& core, Protector<Hardware>& protector) : core_(core), protector_(protector) {}

  // On the first processor; each step stops where the answer does not fit.
  void check_interface();
  void set_up_pages();
  void enable_protection();
  // Takes all frames of ours from VTL0. From here on nothing of VTL0's runs with a hand on us.
  void protect_own_memory();
  void run() {
    check_interface();
    set_up_pages();
    enable_protection();
    protect_own_memory();
  }
  // Another processor: VTL1 enabled on it, with a context that is ours alone.
  [[nodiscard]] bool boot_processor(uint64_t vp);
  uint64_t code_offsets() const { return code_offsets_; }
  bool own_memory_protected() const { return protected_; }

 private:
  void place(uint32_t index, uint64_t value);

  Core<Hardware>& core_;
  Protector<Hardware>& protector_;
  uint64_t code_offsets_ = 0;
  bool protected_ = false;
};

template <VtlHardware Hardware>
void Boot<Hardware>::check_interface() {
  const auto ab = core_.hardware.cpuid_ab(0x4000'0001, SITE("cpuid.interface", "Hv#1"));
  core_.require(ab.checked([](uint64_t word) { return (word & 0xffff'ffff) == 0x3123'7648; }).has_value(), Reason::no_vsm);
  const auto privileges = core_.hardware.cpuid_ab(0x4000'0003, SITE("cpuid.privileges", "all privileges that VSM needs"));
  core_.require(privileges.checked([](uint64_t word) { return (word & privileges_wanted) == privileges_wanted; }).has_value(), Reason::no_vsm);
  const auto index = core_.hardware.read_msr(msr::vp_index, SITE("msr.vp_index", "below the count of processors"));
  core_.require(index.checked([&](uint64_t word) { return word < core_.layout().processors; }).has_value(), Reason::boot_data);
}

// The hypervisor may refuse a write, or put the page elsewhere: what is read back must be what was written.
template <VtlHardware Hardware>
void Boot<Hardware>::place(uint32_t index, uint64_t value) {
  core_.hardware.write_msr(index, value);
  const auto now = core_.hardware.read_msr(index, SITE("msr.placed", "equal to what was written"));
  core_.require(now.checked([&](uint64_t word) { return word == value; }).has_value(), Reason::msr_refused);
}

template <VtlHardware Hardware>
void Boot<Hardware>::set_up_pages() {
  const Layout& layout = core_.layout();
  core_.hardware.write_msr(msr::guest_os_id, uint64_t{1} << 63 | 1);
  place(msr::hypercall, layout.code_page << 12 | 1);
  place(msr::vp_assist, layout.assist_page << 12 | 1);
  place(msr::simp, layout.message_page << 12 | 1);
  place(msr::sint0, 0x30);
  place(msr::scontrol, 1);
  code_offsets_ = core_.get_register(reg::code_page_offsets, 1, SITE("register.code_offsets", "two different offsets, reserved bits 0", "code_offsets_are_two_places_of_the_page"),
                                     [](uint64_t word) { return good_code_offsets(word); }, Reason::code_page);
}

template <VtlHardware Hardware>
void Boot<Hardware>::enable_protection() {
  const uint64_t wanted = config::enable_protection | config::default_mask | config::deny_lower_startup;
  core_.require(core_.set_register(reg::partition_config, wanted), Reason::register_refused);
  core_.get_register(reg::partition_config, 1, SITE("register.partition_config", "equal to what was written"), [&](uint64_t word) { return word == wanted; }, Reason::register_refused);
  // Without mode-based execution every page that a user may execute the kernel may as well: no policy holds then.
  core_.require(core_.set_register(reg::vp_secure_config_vtl0, config::mbec), Reason::no_mbec);
  core_.get_register(reg::vp_secure_config_vtl0, 1, SITE("register.secure_config", "MBEC is on"), [](uint64_t word) { return (word & config::mbec) != 0; }, Reason::no_mbec);
}

template <VtlHardware Hardware>
void Boot<Hardware>::protect_own_memory() {
  const Layout& layout = core_.layout();
  protector_.begin();
  const bool room = protector_.add_range(layout.first, layout.end - layout.first, {Kind::vtl1, protection::none, nobody});
  core_.require(room && protector_.commit(), Reason::protection_refused);
  protected_ = true;
}

// Order of the context: RIP, RSP, RFLAGS, ten segment and table registers, EFER, CR0, CR3, CR4, PAT.
template <VtlHardware Hardware>
bool Boot<Hardware>::boot_processor(uint64_t vp) {
  if (vp >= core_.layout().processors) return false;
  typename Core<Hardware>::Input input(core_);
  input.put(0, abi::partition_self);
  input.put(8, vp | uint64_t{1} << 32);
  // The context is part of the image, and the trampoline loads tables of its own before it uses a stack.
  const uint64_t stack = (core_.layout().end - vp) << 12;
  const uint64_t context[] = {core_.layout().first << 12, stack, 2};
  for (uint64_t index = 0; index < 28; ++index) input.put(16 + index * 8, index < 3 ? context[index] : 0);
  const uint64_t control[] = {0xd01, 0x8001'0033, core_.layout().first << 12, 0x6b0, 0x0007'0406'0007'0406};
  for (uint64_t index = 0; index < 5; ++index) input.put(16 + 184 + index * 8, control[index]);
  return core_.simple(abi::Code::enable_vp_vtl);
}

}  // namespace cupel::lvbs
