#include "fuzz/lvbs/heki_target.hh"

#include <fmt/format.h>

#include <algorithm>

namespace cupel::fuzz::lvbs {

using cupel::lvbs::PatchWrite, cupel::lvbs::Service, cupel::lvbs::SharedState;
namespace protection = cupel::lvbs::protection;
namespace reg = cupel::lvbs::reg;

namespace {

constexpr uint64_t id_of(Service service) { return static_cast<uint64_t>(service); }
constexpr uint64_t scratch = frames::scratch << 12;
constexpr uint64_t kernel_owner = UINT64_MAX, crash_owner = UINT64_MAX - 1, normal_owner = UINT64_MAX - 2;
// All places of the fixtures lie in frames that follow one another.
constexpr uint64_t byte_of(const PatchWrite& site, uint64_t byte) { return site.pa0 + byte; }
constexpr uint64_t good_cr0 = 0x8001'0033, good_cr4 = 0x30'0ea0, good_efer = 0xd01;

}  // namespace

void HekiTarget::begin(World& world) {
  crypto_.forget();
  kernel_.emplace(world.hardware, crypto_);
  loaded_ = {}, phase_ = {}, to_nop_ = {};
  promised_.clear(), owner_.clear();
  kexec_loaded_ = {}, loose_ = loose_text_ = false;
  pristine_ = true, data_loaded_ = protected_ = others_booted_ = false;
  locked_ = ring_pa_ = ring_size_ = tokens_max_ = 0;
  world.hardware.begin_operation({}, {});
  world.hardware.load_shared({});
  kernel_->boot.run();
  world.hardware.booted = true;
  for (auto& registers : world.machine.vtl0_registers) registers = {{reg::cr0, good_cr0}, {reg::cr4, good_cr4}, {reg::efer, good_efer}};
  world.hardware.may_execute = [&world](uint64_t gfn, mock_hyperv::Patched patched) { return fixtures().is_signed_text(gfn, world.machine.page(gfn), patched == mock_hyperv::Patched::yes); };
  world.hardware.may_store = [this](uint64_t gpa, size_t size) { return store_allowed(gpa, size); };
  // VTL0 on another processor, in the middle of a call: no two are served at once.
  world.hardware.on_call = [this](uint64_t id, uint64_t argument) {
    if (kernel_->heki.call(1, id, argument, 1, 0) >= 0) violate(this->world(), "model", "one call at a time", "a second was served in its middle");
  };
}

// The secure kernel stores for VTL0 in its log, and at places that may be patched.
bool HekiTarget::store_allowed(uint64_t gpa, size_t size) const {
  if (ring_size_ != 0 && gpa >= ring_pa_ && gpa + size <= ring_pa_ + ring_size_) return true;
  if (loose_text_ && gpa >> 12 >= frames::text && gpa >> 12 < frames::text + frames::text_count) return size == 1;
  return std::ranges::any_of(fixtures().sites, [&](const PatchSite& site) {
    if (!loose_ && site.module >= 0 && (loaded_[static_cast<size_t>(site.module)].token == 0 || (site.init && !loaded_[static_cast<size_t>(site.module)].init))) return false;
    for (uint64_t byte = 0; byte < site.write.size; ++byte) {
      if (byte_of(site.write, byte) == gpa) return size == 1;
    }
    return false;
  });
}

int64_t HekiTarget::service(World& world, uint64_t vp, uint64_t id, uint64_t a, uint64_t b, uint64_t c) {
  SharedState vtl0;
  uint64_t seed = id ^ a;
  for (uint64_t& one : vtl0.gprs) one = mock::splitmix64(seed);
  vtl0.gprs[cupel::lvbs::rdi] = id, vtl0.gprs[cupel::lvbs::rsi] = a, vtl0.gprs[cupel::lvbs::rdx] = b, vtl0.gprs[cupel::lvbs::r8] = c;
  vtl0.mxcsr = 0, vtl0.dr[0] = seed;
  open(world, vtl0);
  world.hardware.enter(vp, 1);
  const auto before = world.machine.flags;
  const bool was_sealed = kernel_->heki.life() == cupel::lvbs::Life::sealed;
  int64_t result = -1;
  kernel_->way.enter(
      vp,
      [&](const SharedState& state) {
        const auto& gprs = state.gprs;
        return result = kernel_->heki.call(vp, gprs[cupel::lvbs::rdi], gprs[cupel::lvbs::rsi], gprs[cupel::lvbs::rdx], gprs[cupel::lvbs::r8]);
      },
      [] {}, [](uint64_t) {});
  if (was_sealed && result >= 0 && id >= id_of(Service::boot_processors) && id != id_of(Service::end_of_boot) && (id <= id_of(Service::load_kernel_data) || id == id_of(Service::ring_buffer))) {
    violate(world, "seal", "what is for the boot alone is refused after the seal", "it was done");
  }
  if (result >= 0 && id >> 32 != 0) violate(world, "model", "a service's whole number", fmt::format("{:#x} was served", id));
  if (result >= 0 && id == id_of(Service::boot_processors) && (a >= frames::count || b >= frames::count)) violate(world, "model", "frames of the machine", fmt::format("{:#x} and {:#x}", a, b));
  if (result >= 0 && id == id_of(Service::end_of_boot) && !was_sealed) {
    if (!data_loaded_) violate(world, "model", "no seal without roots of trust", "it was sealed");
    if ((world.machine.vtl1_enabled.to_ullong() & ~locked_) != 0) violate(world, "model", "every processor's registers are pinned at the seal", "one is not");
    world.hardware.sealed = true;
  }
  watch(world, id, result, before);
  return result;
}

// What a call has made of the tables: nothing where it failed; else frames that nobody had, or that this one had.
void HekiTarget::watch(World& world, uint64_t id, int64_t result, const std::array<uint8_t, frames::count>& before) {
  const auto& now = world.machine.flags;
  const bool kexec = id == id_of(Service::kexec_validate), seals = id == id_of(Service::end_of_boot);
  if (world.hardware.tables_lied()) return;
  if (result < 0) {
    if (!kexec && !world.hardware.lied() && before != now) violate(world, "atomic", "a call that fails changes nothing", "other flags than before");
    if (ring_size_ == 0 && world.hardware.vtl0_stores != 0 && !world.hardware.lied()) violate(world, "atomic", "a call that fails changes nothing", "VTL0's memory");
  }
  if (seals) return;
  const bool releases = kexec || id == id_of(Service::free_module_init) || id == id_of(Service::unload_module);
  for (uint64_t gfn = 0; gfn < frames::count; ++gfn) {
    const auto promise = promised_.find(gfn);
    if (promise != promised_.end() && now[gfn] != promise->second) {
      if (!releases || owner_[gfn] != subject_) violate(world, "model", fmt::format("frame {:#x} stays with whom it belongs to, flags {}", gfn, promise->second), fmt::format("flags {}", now[gfn]));
      promised_.erase(promise);
    }
    if (now[gfn] == before[gfn] || world.hardware.lied()) continue;
    const bool free_now = now[gfn] == (world.hardware.sealed ? protection::data : protection::open);
    if (!free_now) promised_[gfn] = now[gfn], owner_[gfn] = subject_;
  }
}

// The parts of a module that is loaded are its own, data as well.
void HekiTarget::watch_module(World& world, uint64_t module, bool loaded) {
  for (uint64_t part = 0; part < module_used; ++part) {
    const uint64_t gfn = module_frame(module, part);
    if (loaded) promised_[gfn] = world.machine.flags[gfn], owner_[gfn] = loaded_[module].token;
    else promised_.erase(gfn);
  }
}

// When a module has begun: what was for its beginning is VTL0's again, and all else as it was.
void HekiTarget::expect_freed(World& world, uint64_t module) {
  for (const uint64_t part : {module_init_text, module_init_data, module_ro_after_init}) promised_.erase(module_frame(module, part));
  if (world.hardware.tables_lied()) return;
  const auto expect = [&](uint64_t part, uint8_t flags) {
    const uint8_t now = world.machine.flags[module_frame(module, part)];
    if (now != flags) violate(world, "model", fmt::format("part {} has flags {}", part, flags), fmt::format("{}", now));
  };
  expect(module_text, protection::text), expect(module_rodata, protection::constant), expect(module_ro_after_init, protection::constant);
  promised_[module_frame(module, module_ro_after_init)] = protection::constant, owner_[module_frame(module, module_ro_after_init)] = loaded_[module].token;
}

std::string HekiTarget::start_all(World& world, bool to_the_end) {
  subject_ = kernel_owner;
  if (!protected_ && service(world, 0, id_of(Service::protect_memory), (frames::lists + list_protect) << 12, fixtures().ranges_protect) < 0) return "refused";
  if (!protected_) expect_aligned(world);
  protected_ = true;
  if (!data_loaded_ && service(world, 0, id_of(Service::load_kernel_data), (frames::lists + list_data) << 12, fixtures().ranges_data) < 0) return "refused";
  if (!data_loaded_) expect_data(world);
  if (ring_size_ == 0 && kernel_->heki.life() == cupel::lvbs::Life::boot && service(world, 0, id_of(Service::ring_buffer), frames::free_memory << 12, 0x1000) >= 0) ring_pa_ = frames::free_memory << 12, ring_size_ = 0x1000;
  for (uint64_t vp = 0; vp < frames::processors; ++vp) {
    if ((locked_ >> vp & 1) != 0 || !world.machine.vtl1_enabled[vp]) continue;
    if (service(world, vp, id_of(Service::lock_registers)) < 0) return "refused";
    locked_ |= uint64_t{1} << vp;
  }
  if (to_the_end && service(world, 0, id_of(Service::end_of_boot)) < 0) return "refused";
  return "done";
}

int64_t HekiTarget::load_module(World& world, uint64_t module) {
  subject_ = tokens_max_ + 1;
  const int64_t token = service(world, 0, id_of(Service::validate_module), list_of_module(module), fixtures().ranges_module);
  if (token < 0) return token;
  if (static_cast<uint64_t>(token) <= tokens_max_) violate(world, "model", "a token that no module had", fmt::format("{} again", token));
  tokens_max_ = static_cast<uint64_t>(token);
  if (armed().empty()) expect_signed(world, module);
  // A list that was changed may have had other frames in it.
  const bool own = pristine_ || std::ranges::equal(std::span(world.machine.page(frames::lists + list_module + module), 512), std::span(&fixtures().memory[(frames::lists + list_module + module) * 512], 512));
  if (!own || module == frames::modules_count - 1) {
    loose_ = true;
    return token;
  }
  if (loaded_[module].token != 0) violate(world, "model", "a module's frames are taken once", "loaded again");
  loaded_[module] = {static_cast<uint64_t>(token), true};
  watch_module(world, module, true);
  return token;
}

// What was loaded is what was signed: the list says how many ranges it has, and the file is one that the key's owner made whole.
void HekiTarget::expect_signed(World& world, uint64_t module) {
  const uint64_t* list = world.machine.page(frames::lists + list_module + module);
  if (module != frames::modules_count - 1 && list[2] != fixtures().ranges_module) violate(world, "model", "as many ranges as the call says", fmt::format("{}", list[2]));
  const uint64_t at = module_frame(module, module_file);
  if (std::memcmp(world.machine.page(at), &fixtures().memory[at * 512], fixtures().file_sizes[module]) != 0) violate(world, "hash", "a file that was signed, and is well made", "other bytes");
}

void HekiTarget::expect_aligned(World& world) {
  const uint64_t* list = world.machine.page(frames::lists + list_protect);
  for (uint64_t index = 0; index < fixtures().ranges_protect && armed().empty(); ++index) {
    if (((list[3 + index * 4 + 1] | list[3 + index * 4 + 2]) & 0xfff) != 0) violate(world, "model", "whole frames are protected", "a range that ends within one");
  }
}

// What the kernel's data may be taken from, and to where its text may be made to jump.
void HekiTarget::expect_data(World& world) {
  if (data_loaded_) violate(world, "model", "roots of trust are set once", "a second time");
  data_loaded_ = true;
  // Records are the kernel's word while it boots: other ones than ours name other places of its text.
  const uint64_t page = frames::blobs + 2;
  loose_text_ = !armed().empty() || !std::ranges::equal(std::span(world.machine.page(page), 512), std::span(&fixtures().memory[page * 512], 512));
  if (!armed().empty()) return;
  if (world.machine.flags[frames::rodata] != protection::constant) violate(world, "model", "symbols come from memory that stays as it is", "VTL0 can write it");
  const auto* records = static_cast<const uint8_t*>(world.machine.raw((frames::blobs + 2) << 12));
  if (world.machine.page(frames::lists + list_data)[2] != fixtures().ranges_data) return;
  for (uint64_t number = 0; number < 3; ++number) {
    const PatchWrite one = PatchWrite::from({records + 48 + number * PatchWrite::bytes, PatchWrite::bytes});
    int32_t distance = static_cast<int8_t>(one.code[1]);
    if (one.size == 5) std::memcpy(&distance, &one.code[1], 4);
    const uint64_t target = one.pa0 + one.size + static_cast<uint64_t>(int64_t{distance});
    if (target >> 12 < frames::text || target >> 12 >= frames::text + frames::text_count) violate(world, "model", "jumps stay within the kernel's text", fmt::format("one to {:#x}", target));
  }
}

bool HekiTarget::alive(const PatchSite& site) const {
  if (site.module < 0 || loose_) return data_loaded_;
  const LoadedModule& module = loaded_[static_cast<size_t>(site.module)];
  return module.token != 0 && (!site.init || module.init);
}

void HekiTarget::put_patch(World& world, uint64_t gpa, const PatchWrite& write) {
  uint64_t words[3] = {write.pa0, write.pa1, write.size};
  std::memcpy(reinterpret_cast<uint8_t*>(&words[2]) + 1, write.code.data(), write.code.size());  // SAFETY: within the third word
  for (uint64_t index = 0; index < 3; ++index) world.machine.vtl0_write(gpa + index * 8, words[index]);
}

// One of the three steps at a place: its first byte, the rest, the first byte again.
int64_t HekiTarget::patch_place(World& world, const GuestStep& step) {
  const auto& sites = fixtures().sites;
  const PatchWrite& site = sites[step.args[0] % sites.size()].write;
  const uint8_t* bytes = step.args[2] != 0 ? cupel::lvbs::nops[site.size] : site.code.data();
  const uint64_t index = step.args[1] == 1 ? 1 : 0, size = step.args[1] == 1 ? site.size - 1u : 1;
  PatchWrite write{byte_of(site, index), 0, static_cast<uint8_t>(size), {}};
  if ((write.pa0 & 0xfff) + size > 4096) write.pa1 = site.pa1;
  for (uint64_t byte = 0; byte < size; ++byte) write.code[byte] = step.args[1] == 0 ? cupel::lvbs::int3 : bytes[index + byte];
  put_patch(world, scratch, write);
  subject_ = 0;
  return service(world, 0, id_of(Service::patch_text), scratch, 0);
}

// At no time a mix of two instructions that a processor could run: old, new, or INT3 in front.
void HekiTarget::expect_patched(World& world) {
  if (!world.hardware.sealed) return;
  for (const PatchSite& site : fixtures().sites) {
    if ((world.machine.flags[site.write.pa0 >> 12] & protection::kernel_execute) == 0) continue;
    uint8_t now[5] = {};
    for (uint64_t byte = 0; byte < site.write.size; ++byte) now[byte] = static_cast<const uint8_t*>(world.machine.raw(byte_of(site.write, byte)))[0];
    const bool is_new = std::memcmp(now, site.write.code.data(), site.write.size) == 0, is_nop = std::memcmp(now, cupel::lvbs::nops[site.write.size], site.write.size) == 0;
    if (!is_new && !is_nop && now[0] != cupel::lvbs::int3) violate(world, "hash", "an instruction of the record, or INT3 in front", fmt::format("a mix at {:#x}", site.write.pa0));
  }
}

// Whether the module's memory is as its loader made it: what was patched in its former life was not undone.
bool HekiTarget::unpatched(const World& world, uint64_t module) const {
  for (const uint64_t part : {module_text, module_text + 1, module_init_text}) {
    const uint64_t gfn = module_frame(module, part);
    if (!std::ranges::equal(std::span(world.machine.page(gfn), 512), std::span(&fixtures().memory[gfn * 512], 512))) return false;
  }
  return true;
}

bool HekiTarget::legal(const World& world, const GuestStep& step) {
  if (!pristine_ || world.hardware.lied()) return false;
  const LoadedModule& module = loaded_[step.args[0] % frames::modules_count];
  switch (step.kind) {
    case start:
    case seal: return true;
    case insmod: return data_loaded_ && module.token == 0 && step.args[0] != frames::modules_count - 1 && unpatched(world, step.args[0]);
    case free_init: return module.token != 0 && module.init;
    case rmmod: return module.token != 0;
    case kexec_load: return data_loaded_ && !kexec_loaded_[1 - step.args[0] % 2];
    case kexec_drop: return data_loaded_;
    case patch: {
      const auto& sites = fixtures().sites;
      const size_t which = step.args[0] % sites.size();
      return !loose_ && alive(sites[which]) && phase_[which] == step.args[1] && (step.args[1] != 2 || to_nop_[which] == (step.args[2] != 0));
    }
    default: return false;
  }
}

std::string HekiTarget::perform(World& world, const GuestStep& step) {
  int64_t result = 0;
  subject_ = 0;
  const uint64_t module = step.args[0] % frames::modules_count;
  switch (step.kind) {
    case start: return start_all(world, false);
    case seal: return start_all(world, true);
    case protect:
      subject_ = kernel_owner;
      result = service(world, 0, id_of(Service::protect_memory), (frames::lists + list_protect) << 12, fixtures().ranges_protect);
      if (result >= 0) expect_aligned(world);
      protected_ |= result >= 0;
      break;
    case load_data:
      subject_ = kernel_owner;
      result = service(world, 0, id_of(Service::load_kernel_data), (frames::lists + list_data) << 12, fixtures().ranges_data);
      if (result >= 0) expect_data(world);
      break;
    case lock:
      if (!world.machine.vtl1_enabled[step.args[0]]) return "refused";
      result = service(world, step.args[0], id_of(Service::lock_registers));
      if (result >= 0 && (locked_ >> step.args[0] & 1) != 0) violate(world, "model", "a processor's registers are pinned once", "a second time");
      if (result >= 0) locked_ |= uint64_t{1} << step.args[0];
      break;
    case boot_others:
      world.machine.vtl0_write(scratch + 0x1000, step.args[0]);
      result = service(world, 0, id_of(Service::boot_processors), (scratch + 0x1000) >> 12, (scratch + 0x2000) >> 12);
      if (result >= 0 && others_booted_) violate(world, "model", "processors are booted once", "a second time");
      if (result >= 0 && step.args[0] >> frames::processors != 0) violate(world, "model", "processors that there are", "a mask beyond them");
      others_booted_ |= result >= 0;
      break;
    case ring_step:
      subject_ = kernel_owner;
      pristine_ = false;  // it may be anywhere, and take what others want
      result = service(world, 0, id_of(Service::ring_buffer), step.args[0], step.args[1]);
      if (result >= 0 && ring_size_ != 0) violate(world, "model", "one log", "a second one");
      if (result >= 0) ring_pa_ = step.args[0], ring_size_ = step.args[1];
      break;
    case insmod: result = load_module(world, module); break;
    case free_init:
    case rmmod: {
      const uint64_t token = loaded_[module].token;
      subject_ = token;
      result = service(world, 0, id_of(step.kind == rmmod ? Service::unload_module : Service::free_module_init), token != 0 ? token : module + 100);
      if (result >= 0 && (token == 0 || (step.kind == free_init && !loaded_[module].init))) violate(world, "model", "a module is freed once", "again");
      if (result < 0) break;
      loaded_[module].init = false;
      for (size_t site = 0; site < fixtures().sites.size(); ++site) {
        const PatchSite& one = fixtures().sites[site];
        if (one.module == static_cast<int>(module) && (step.kind == rmmod || one.init)) phase_[site] = 0;
      }
      if (step.kind == rmmod) loaded_[module] = {}, watch_module(world, module, false);
      else expect_freed(world, module);
      break;
    }
    case kexec_load:
    case kexec_drop: {
      subject_ = step.args[0] != 0 ? crash_owner : normal_owner;
      const bool load = step.kind == kexec_load;
      result = service(world, 0, id_of(Service::kexec_validate), load ? (frames::lists + list_kexec) << 12 : 0, load ? fixtures().ranges_kexec : 0, step.args[0]);
      kexec_loaded_[step.args[0]] = load && result >= 0;
      const bool own = std::ranges::all_of(std::array{frames::lists + list_kexec, frames::kexec + 4}, [&](uint64_t page) { return std::ranges::equal(std::span(world.machine.page(page), 512), std::span(&fixtures().memory[page * 512], 512)); });
      for (const uint64_t gfn : {frames::kexec + 8, frames::kexec + 9}) {
        if (!load || result < 0 || !own || !armed().empty()) break;
        if (!world.hardware.tables_lied() && (world.machine.flags[gfn] & protection::write) != 0) violate(world, "model", "what will be started is out of VTL0's hands", "it can write it");
        if (!fixtures().is_next_kernel(gfn, world.machine.page(gfn))) violate(world, "hash", "the signed kernel's bytes where it will start", "other bytes");
      }
      break;
    }
    case patch: {
      const auto& sites = fixtures().sites;
      const size_t which = step.args[0] % sites.size();
      result = patch_place(world, step);
      if (result < 0) break;
      if (!alive(sites[which])) violate(world, "model", "text is patched while it is text", "a place whose module or beginning is gone");
      phase_[which] = static_cast<uint8_t>((step.args[1] + 1) % 3), to_nop_[which] = step.args[2] != 0;
      break;
    }
    case patch_raw:
      pristine_ = false;
      put_patch(world, scratch, {step.args[0], step.args[1], static_cast<uint8_t>(step.args[2]), {static_cast<uint8_t>(step.args[2] >> 8), static_cast<uint8_t>(step.args[2] >> 16), 0, 0, 0}});
      result = service(world, 0, id_of(Service::patch_text), scratch, 0);
      break;
    case store:
    case range:
    case flip: {
      uint64_t gpa = step.args[0] & ~uint64_t{7}, value = step.args[1];
      if (step.kind == range) gpa = ((frames::lists + step.args[0]) << 12) + step.args[1] * 8 % 4096, value = step.args[2];
      if (step.kind == flip) gpa = ((module_frame(module, 0) << 12) + step.args[1] / 8) & ~uint64_t{7};
      const auto word = world.machine.vtl0_read(gpa);
      if (!word) return "refused";
      if (step.kind == flip) value = *word ^ uint64_t{1} << (step.args[1] % 64);
      const bool stored = world.machine.vtl0_write(gpa, value);
      pristine_ &= !stored;
      open(world, {});
      return stored ? "done" : "refused";
    }
    case odd: {
      // A file that the key's owner has signed, and should not have.
      const auto& file = fixtures().odd_files[step.args[1] % fixtures().odd_files.size()];
      pristine_ = false;
      for (uint64_t at = 0; at < file.size(); at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, file.data() + at, std::min<size_t>(8, file.size() - at));
        world.machine.vtl0_write((module_frame(module, module_file) << 12) + at, word);
      }
      const uint64_t end = list_of_module(module) + 24 + 6 * 32 + 16;
      if (module != frames::modules_count - 1) world.machine.vtl0_write(end, (module_frame(module, module_file) << 12) + file.size());
      open(world, {});
      return "done";
    }
    case call:
      pristine_ = false;
      subject_ = step.args[0] == id_of(Service::validate_module) ? tokens_max_ + 1 : step.args[0] == id_of(Service::kexec_validate) ? (step.args[3] != 0 ? crash_owner : normal_owner) : kernel_owner;
      if (step.args[0] == id_of(Service::unload_module) || step.args[0] == id_of(Service::free_module_init)) subject_ = step.args[1];
      result = service(world, 0, step.args[0], step.args[1], step.args[2], step.args[3]);
      if (result < 0) break;
      if (step.args[0] == id_of(Service::ring_buffer)) ring_pa_ = step.args[1], ring_size_ = step.args[2];
      if (step.args[0] == id_of(Service::validate_module)) tokens_max_ = static_cast<uint64_t>(result), loose_ = true;
      if (step.args[0] == id_of(Service::load_kernel_data)) expect_data(world);
      if (step.args[0] == id_of(Service::lock_registers)) locked_ |= 1;
      if (step.args[0] == id_of(Service::boot_processors)) others_booted_ = true;
      if (step.args[0] == id_of(Service::unload_module) || step.args[0] == id_of(Service::free_module_init)) {
        for (uint64_t one = 0; one < frames::modules_count; ++one) {
          if (loaded_[one].token == step.args[1]) loaded_[one] = {}, watch_module(world, one, false);
        }
      }
      break;
    case intercept: return intercepted(world, step);
    default: break;
  }
  expect_patched(world);
  return result < 0 ? fmt::format("refused {}", result) : "done";
}

// A try of VTL0's to change a register that is watched, as the hypervisor reports it.
std::string HekiTarget::intercepted(World& world, const GuestStep& step) {
  constexpr uint32_t names[] = {reg::cr0, reg::cr4, reg::efer, reg::lstar, 0x40002, reg::rip, 0xffff'ffff, 0x10};
  const uint32_t name = names[step.args[1]];
  const bool of_msr = step.args[0] % 4 == 1;
  const uint64_t rip = step.args[0] == 6 ? 0x7fff'ffff'fff8 : 0xffff'ffff'8001'0000, length = step.args[3], value = step.args[2];
  auto& registers = world.machine.vtl0_registers[0];
  const auto before = registers;
  registers[reg::rip] = rip;
  open(world, {});
  world.hardware.enter(0, 3);
  const uint64_t at = (frames::layout.assist_page << 12) + cupel::lvbs::assist::message;
  const auto put = [&](uint64_t word, uint64_t what) { world.hardware.own_word(at + word * 8) = what; };
  const uint64_t state = step.args[0] == 7 ? uint64_t{1} << 7 : 0;
  put(0, (of_msr ? cupel::lvbs::message::msr : step.args[0] == 4 ? cupel::lvbs::message::memory : cupel::lvbs::message::register_write) | uint64_t{step.args[0] == 5 ? 250u : 64u} << 32);
  put(1, 0), put(2, (step.args[0] == 3 ? 1 : 0) | (length & 0xff) << 32 | uint64_t{1} << 40 | state << 48);
  put(3, 0), put(4, 0), put(5, rip), put(6, 2), put(10, 0), put(11, 0);
  if (of_msr) put(7, name == reg::efer ? 0xc000'0080 : name == reg::lstar ? 0xc000'0082 : name), put(8, value >> 32), put(9, value & 0xffff'ffff);
  else put(7, uint64_t{name} << 32), put(8, value), put(9, 0);
  kernel_->way.enter(0, [](const SharedState&) { return int64_t{-38}; }, [] {}, [&](uint64_t page) { kernel_->heki.intercepts().handle(0, page); });
  // What is pinned stands, and either the instruction is done or it is refused.
  if (world.hardware.lied()) return "done";
  for (const auto& [watched, bits, fresh] : {std::tuple{reg::cr0, cupel::lvbs::pin::cr0, good_cr0}, {reg::cr4, cupel::lvbs::pin::cr4, good_cr4}, {reg::efer, cupel::lvbs::pin::efer, good_efer}}) {
    if (((registers[watched] ^ fresh) & bits) != 0) violate(world, "model", fmt::format("register {:#x} keeps what is pinned", watched), fmt::format("{:#x}", registers[watched]));
  }
  const bool refused = registers[reg::pending_event0] == (1u | 1u << 8 | 13u << 16), passed = registers[reg::rip] != rip;
  if (refused == passed) violate(world, "model", "an instruction is either done or refused", refused ? "both" : "neither");
  if (passed && registers[reg::rip] - rip != (length & 0xf)) violate(world, "model", "the next instruction", fmt::format("{:#x} bytes on", registers[reg::rip] - rip));
  if (passed && registers[reg::rip] >> 47 != 0 && registers[reg::rip] >> 47 != 0x1ffff) violate(world, "model", "an address that there is", fmt::format("{:#x}", registers[reg::rip]));
  if (passed && (state != 0 || step.args[0] == 3 || step.args[0] == 4 || step.args[0] == 5)) violate(world, "model", "a message of this processor's VTL0", "another was followed");
  for (const auto& [other, content] : before) {
    const bool may = other == reg::rip || other == reg::pending_event0 || other == (of_msr ? reg::efer : name);
    if (!may && registers[other] != content) violate(world, "model", "no other register changes", fmt::format("{:#x}", other));
  }
  const bool right_name = of_msr ? name == reg::efer : name == reg::cr0 || name == reg::cr4 || name == reg::efer;
  const uint64_t bits = name == reg::cr0 ? cupel::lvbs::pin::cr0 : name == reg::cr4 ? cupel::lvbs::pin::cr4 : cupel::lvbs::pin::efer;
  if (passed && !right_name) violate(world, "model", "registers that are not listed are not written", fmt::format("{:#x} was", name));
  const bool should = (locked_ & 1) != 0 && right_name && step.args[0] < 3 && (value & bits) == bits && (length & 0xf) != 0;
  if (should && !passed && armed().empty()) violate(world, "honest", "a harmless write is done", "it was refused");
  registers.erase(reg::pending_event0);
  return "done";
}

void HekiTarget::tell(Script& script, Chooser& choose) {
  if (choose.one_in(3)) add(script, boot_others, choose.below(16));
  add(script, choose.one_in(5) ? start : seal);
  if (choose.one_in(6)) add(script, seal);
  tell_middle(script, choose);
}

void HekiTarget::tell_middle(Script& script, Chooser& choose) {
  const uint64_t module = choose.below(3);
  switch (choose.below(5)) {
    case 0:
    case 1:
      add(script, insmod, module);
      if (choose.one_in(2)) add(script, patch, 3 + module * 3 + choose.below(3), 0, choose.below(2));
      if (choose.one_in(2)) add(script, free_init, module);
      if (choose.one_in(2)) add(script, patch, 3 + module * 3 + choose.below(3), choose.below(3), choose.below(2));
      if (choose.one_in(2)) add(script, rmmod, module);
      break;
    case 2: {
      const uint64_t site = choose.below(16), nop = choose.below(2);
      if (choose.one_in(2)) add(script, insmod, module);
      for (uint64_t phase = 0; phase < 3; ++phase) add(script, patch, site, phase, nop);
      break;
    }
    case 3:
      add(script, kexec_load, choose.below(2));
      if (choose.one_in(2)) add(script, kexec_drop, choose.below(2));
      break;
    default: add(script, intercept, choose.below(8), choose.below(8), choose.one_in(2) ? choose.one_of({good_cr0, good_cr4, good_efer, good_cr0 & ~uint64_t{0x10000}, good_cr4 ^ 0x100000, good_efer & ~uint64_t{0x800}}) : choose.word(), choose.one_in(2) ? 3 : choose.below(256)); break;
  }
}

}  // namespace cupel::fuzz::lvbs
