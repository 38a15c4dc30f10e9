#pragma once
#include <map>

#include "fuzz/lvbs/fixtures.hh"
#include "fuzz/lvbs/lvbs_target.hh"
#include "platforms/lvbs/heki.hh"
#include "platforms/mock/hyperv/crypto.hh"

// What the targets of the service calls share: the secure kernel with all its services, a guest kernel in VTL0's memory, its
// calls, legal or not, and what must be so after each.
namespace cupel::fuzz::lvbs {

enum HekiStep : uint8_t {
  start = act_steps, seal, protect, load_data, lock, boot_others, ring_step, insmod, free_init, rmmod, kexec_load, kexec_drop, patch, patch_raw, store, flip, range, odd, call, intercept, heki_steps
};
inline constexpr uint64_t likely_heki_gpas[] = {0x20000, 0x20008, 0x20010, 0x20018, 0x21010, 0x22010, 0x22018, 0x22020, 0x22028, 0x22030, 0x25008, 0x25010, 0x27010, 0x40020, 0x48000, 0x100000, 0x13f000, 0x140000, 0xc4040};
inline constexpr uint64_t likely_heki_words[] = {0, 1, 2, 3, 5, 7, 8, 9, 127, 128, 0x40000, 0x41000, 0x10000, 0x14000, 0x100000, 0x140000, 0x20000, 0x22000, 0x27000, 0xcc, 0x1ff000, 0x200000, 0xffff'ffff'ffff'f000};
inline constexpr uint64_t likely_offsets[] = {1, 2, 2, 3, 4, 5, 6, 8, 9, 10, 12, 13, 14, 20, 21, 22, 27, 28, 29, 30, 32, 33, 34};
inline constexpr ArgDesc module_arg{"module", frames::modules_count}, vp_arg{"vp", frames::processors}, crash_arg{"crash", 2}, site_arg{"site", 16}, phase_arg{"phase", 3}, nop_arg{"nop", 2},
    at_arg{"gpa", 0, likely_heki_gpas}, value_arg{"value", 0, likely_heki_words}, bit_arg{"bit", 0x8'0000}, page_arg{"page", frames::lists_count}, offset_arg{"offset", 512, likely_offsets},
    id_arg{"id", 0, likely_ids}, a_arg{"a", 0, likely_heki_gpas}, b_arg{"b", 0, likely_heki_words}, c_arg{"c", 0, likely_heki_words}, kind_arg{"kind", 8}, variant_arg{"variant", 8}, name_arg{"register", 8}, length_arg{"length", 256};

// The steps of all these targets, with the weights that suit one.
struct Weights {
  unsigned boot = 1, modules = 1, patches = 1, kexec = 1, intercepts = 1;
};
constexpr auto heki_descs(Weights weights) {
  const StepDesc own[] = {
      {"start", {}, {}, 1}, {"seal", {}, {}, weights.boot}, {"protect", {}, {}, weights.boot}, {"load_data", {}, {}, weights.boot}, {"lock", {vp_arg}, {}, weights.boot}, {"boot_others", {value_arg}, {}, weights.boot},
      {"ring", {a_arg, b_arg}, {}, weights.boot}, {"insmod", {module_arg}, {}, weights.modules}, {"free_init", {module_arg}, {}, weights.modules}, {"rmmod", {module_arg}, {}, weights.modules},
      {"kexec_load", {crash_arg}, {}, weights.kexec}, {"kexec_drop", {crash_arg}, {}, weights.kexec}, {"patch", {site_arg, phase_arg, nop_arg}, {}, weights.patches * 2},
      {"patch_raw", {at_arg, a_arg, b_arg}, {}, weights.patches}, {"store", {at_arg, value_arg}, {}, 2}, {"flip", {module_arg, bit_arg}, {}, weights.modules}, {"range", {page_arg, offset_arg, value_arg}, {}, 2 * (weights.modules + weights.kexec)},
      {"odd", {module_arg, variant_arg}, {}, weights.modules}, {"call", {id_arg, a_arg, b_arg, c_arg}, {}, 2}, {"intercept", {kind_arg, name_arg, value_arg, length_arg}, {}, weights.intercepts * 2}};
  return with_acts(own);
}

class HekiTarget : public LvbsTarget {
 public:
  HekiTarget(std::string_view name, std::span<const StepDesc> steps) : LvbsTarget(name, {steps, {}, likely_heki_words, {}}) { world().machine.set_image(fixtures().memory); }

 protected:
  void begin(World& world) override;
  std::string perform(World& world, const GuestStep& step) override;
  bool legal(const World& world, const GuestStep& step) override;
  std::span<const cupel::lvbs::Frame> registry() const override { return kernel_->registry; }
  void tell(Script& script, Chooser& choose) override;
  // What a target's own life has in its middle.
  virtual void tell_middle(Script& script, Chooser& choose);

 private:
  struct Services : Kernel {
    Services(Hardware& hardware, mock_hyperv::MbedCrypto& crypto) : Kernel(hardware), heki(core, protector, boot, crypto) {}
    cupel::lvbs::Heki<Hardware, mock_hyperv::MbedCrypto> heki;
  };
  struct LoadedModule {
    uint64_t token = 0;
    bool init = false;
  };
  int64_t service(World& world, uint64_t vp, uint64_t id, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0);
  void watch(World& world, uint64_t id, int64_t result, const std::array<uint8_t, frames::count>& before);
  void expect_signed(World& world, uint64_t module);
  void expect_data(World& world);
  void expect_aligned(World& world);
  void expect_freed(World& world, uint64_t module);
  bool alive(const PatchSite& site) const;
  bool unpatched(const World& world, uint64_t module) const;
  void watch_module(World& world, uint64_t module, bool loaded);
  std::string start_all(World& world, bool to_the_end);
  int64_t load_module(World& world, uint64_t module);
  int64_t patch_place(World& world, const GuestStep& step);
  void put_patch(World& world, uint64_t gpa, const cupel::lvbs::PatchWrite& write);
  void expect_patched(World& world);
  std::string intercepted(World& world, const GuestStep& step);
  bool store_allowed(uint64_t gpa, size_t size) const;

  mock_hyperv::MbedCrypto crypto_;
  std::optional<Services> kernel_;
  std::array<LoadedModule, frames::modules_count> loaded_{};
  std::map<uint64_t, uint8_t> promised_;  // flags of frames that somebody has, since they have them
  std::map<uint64_t, uint64_t> owner_;    // and by which call: a service's number, or a token
  std::array<uint8_t, 16> phase_{};
  std::array<bool, 16> to_nop_{};
  std::array<bool, 2> kexec_loaded_{};
  bool loose_ = false;       // a module with other ranges than its own has come
  bool loose_text_ = false;  // kernel text may be patched at places that the kernel named itself
  bool pristine_ = true, data_loaded_ = false, protected_ = false, others_booted_ = false;
  uint64_t locked_ = 0, ring_pa_ = 0, ring_size_ = 0, tokens_max_ = 0, subject_ = 0;
};

}  // namespace cupel::fuzz::lvbs
