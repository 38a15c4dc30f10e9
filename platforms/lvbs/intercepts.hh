#pragma once
#include "platforms/lvbs/boot.hh"

// Control registers and MSRs that the kernel may not change any more, and what is made of the tries: the hypervisor stops the
// processor of VTL0 at the instruction and gives a message.
namespace cupel::lvbs {

namespace pin {
inline constexpr uint64_t cr0 = uint64_t{1} << 16;                                               // WP
inline constexpr uint64_t cr4 = uint64_t{1} << 11 | uint64_t{1} << 20 | uint64_t{1} << 21;       // UMIP, SMEP, SMAP
inline constexpr uint64_t efer = uint64_t{1} << 11;                                              // NXE
}  // namespace pin

// Whether all bits of the mask are as they were pinned.
template <class Word>
constexpr bool keeps_pinned(const Word& value, const Word& pinned, const Word& mask) {
  return static_cast<bool>(((value ^ pinned) & mask) == Word(0));
}
// Behind an instruction of `length` bytes: 1 to 15, and an address that there is. EINVAL.
template <class Word>
constexpr Result<Word> next_instruction(const Word& rip, const Word& length) {
  if (length == Word(0) || length > Word(15)) return fail(Errno::inval);
  const Word next = rip + length;
  // Canonical, and in the half that it was in.
  const Word high = next >> Word(47);
  if (high != Word(0) && high != Word(0x1ffff)) return fail(Errno::inval);
  if (next < rip) return fail(Errno::inval);
  return next;
}

namespace message {
inline constexpr uint64_t msr = 0x8001'0001, register_write = 0x8001'0006, memory = 0x8000'0001;
inline constexpr uint64_t words = 12;  // of a message that are looked at
inline constexpr uint64_t payload_max = 240;
inline constexpr uint64_t general_protection = 1 | 1 << 8 | 13 << 16;  // pending, with an error code, vector 13
}  // namespace message

template <VtlHardware Hardware>
class Intercepts {
 public:
  explicit Intercepts(Core<Hardware>& core) : core_(core) {}

  // Pins what processor `vp` has now, once. EPERM where it is not what may be pinned, or is pinned already.
  [[nodiscard]] Result<> lock(uint64_t vp);
  bool all_locked(uint64_t processors) const { return (processors & ~locked_) == 0; }
  // The message that lies at `gpa`, of an intercept on processor `vp`: done for VTL0, or answered with #GP.
  void handle(uint64_t vp, uint64_t gpa);

 private:
  static constexpr uint64_t processors_max = 64;
  struct Pinned {
    uint64_t cr0 = 0, cr4 = 0, efer = 0;
  };
  uint64_t get(uint32_t name) {
    return core_.get_register(name, 0, SITE("register.pinned", "the bits that are pinned are set"), [](uint64_t) { return true; }, Reason::register_refused);
  }
  // Whether VTL0 may have this value in this register.
  bool allowed(uint64_t vp, uint32_t name, uint64_t value) const;

  Core<Hardware>& core_;
  uint64_t locked_ = 0;
  Pinned pinned_[processors_max] = {};
};

template <VtlHardware Hardware>
Result<> Intercepts<Hardware>::lock(uint64_t vp) {
  if (vp >= processors_max || (locked_ >> vp & 1) != 0) return fail(Errno::perm);
  const Pinned now{get(reg::cr0), get(reg::cr4), get(reg::efer)};
  // A kernel that has them off would pin them off.
  if ((now.cr0 & pin::cr0) != pin::cr0 || (now.cr4 & pin::cr4) != pin::cr4 || (now.efer & pin::efer) != pin::efer) return fail(Errno::perm);
  constexpr uint64_t watched = 1 | 1 << 1 | uint64_t{1} << 14;  // writes of CR0, CR4, EFER
  for (const auto& [name, value] : {std::pair{reg::cr0_mask, pin::cr0}, {reg::cr4_mask, pin::cr4}, {reg::cr_intercept_control, watched}}) {
    if (!core_.set_register(name, value)) return fail(Errno::io);
  }
  pinned_[vp] = now;
  locked_ |= uint64_t{1} << vp;
  return {};
}

template <VtlHardware Hardware>
bool Intercepts<Hardware>::allowed(uint64_t vp, uint32_t name, uint64_t value) const {
  if (vp >= processors_max || (locked_ >> vp & 1) == 0) return false;
  const Pinned& pinned = pinned_[vp];
  if (name == reg::cr0) return keeps_pinned<uint64_t>(value, pinned.cr0, pin::cr0);
  if (name == reg::cr4) return keeps_pinned<uint64_t>(value, pinned.cr4, pin::cr4);
  if (name == reg::efer) return keeps_pinned<uint64_t>(value, pinned.efer, pin::efer);
  return false;
}

template <VtlHardware Hardware>
void Intercepts<Hardware>::handle(uint64_t vp, uint64_t gpa) {
  uint64_t all[message::words];
  // Copied whole, and the place is free again only then: what is judged is the copy.
  for (uint64_t index = 0; index < message::words; ++index) {
    all[index] = core_.hardware.own64(gpa + index * 8).read_once(SITE("intercept.message", "type and register known, of VTL0, length 1 to 15", "what_is_pinned_stays_as_it_was")).clamped(0, UINT64_MAX);
  }
  core_.hardware.own64(gpa).write(0);
  const uint64_t type = all[0] & 0xffff'ffff, payload = all[0] >> 32 & 0xff;
  const uint64_t from = all[2] & 0xffff'ffff, length = all[2] >> 32 & 0xf, state = all[2] >> 48 & 0xffff, rip = all[5];
  const bool of_vtl0 = payload <= message::payload_max && from == vp && (state >> 7 & 0xf) == 0;
  uint32_t name = 0;
  uint64_t value = 0;
  if (type == message::register_write && (all[7] & 1) == 0) {
    name = static_cast<uint32_t>(all[7] >> 32);
    value = all[8];
  } else if (type == message::msr && (all[2] >> 40 & 0xff) == 1) {
    // Of all MSRs that are watched one may be written at all.
    if (static_cast<uint32_t>(all[7]) == 0xc000'0080) name = reg::efer;
    value = (all[8] & 0xffff'ffff) << 32 | (all[9] & 0xffff'ffff);
  }
  const auto next = next_instruction<uint64_t>(rip, length);
  // What the processor refuses to take is refused here as well.
  if (of_vtl0 && next && allowed(vp, name, value) && core_.set_register(name, value, 0, vp) && core_.set_register(reg::rip, *next, 0, vp)) return;
  static_cast<void>(core_.set_register(reg::pending_event0, message::general_protection, 0, vp));
}

}  // namespace cupel::lvbs
