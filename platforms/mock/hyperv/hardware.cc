#include "platforms/mock/hyperv/hardware.hh"

#include <algorithm>

#include "platforms/lvbs/boot.hh"
#include "platforms/mock/chance.hh"
#include "platforms/mock/snp/ledger.hh"

namespace cupel::mock_hyperv {

using namespace lvbs::protection;
using mock_snp::ledger;

namespace {

constexpr uint16_t always = 0x1fff;  // at each such moment, and not at that one

std::string frame_text(uint64_t gfn) { return "frame " + std::to_string(gfn); }

}  // namespace

void Hardware::begin(uint64_t secret) {
  machine_.reset();
  violation_.reset();
  stopped_ = lied_ = tables_lied_ = in_vtl1_ = clean_ = firing_ = booted = sealed = false;
  reason_ = steps_ = vp_ = hypercalls_ = 0;
  secret_ = secret;
  trace_ = 0xcbf2'9ce4'8422'2325;
  acts_ = {};
  // What our own pages held before: not for VTL0 to learn either.
  for (uint64_t page = frames::vtl1 + 1; page < frames::vtl1 + 12; ++page) {
    for (uint64_t offset = 0; offset < 64; offset += 8) machine_.word((page << 12) + offset) = mock::splitmix64(secret);
  }
  on_call = nullptr, may_execute = nullptr, may_store = nullptr;
  code_hashes_.clear();
  stacks_.clear();
  why_stop_ = nullptr;
}

void Hardware::begin_operation(std::span<const Act> acts, const lvbs::SharedState& vtl0_now) {
  acts_ = acts;
  vtl0_ = bank_ = vtl0_now;
  nth_hypercall_ = nth_load_ = nth_given_ = 0;
  steps_ = vtl0_stores = 0;
  ++operation_;
  in_vtl1_ = true, clean_ = false;
}

void Hardware::violate(std::string_view oracle, std::string expected, std::string got) {
  if (!violation_) violation_ = Violation{std::string(oracle), std::move(expected), std::move(got)};
  throw Stopped{};
}

void Hardware::end_operation(std::span<const lvbs::Frame> registry) {
  if (why_stop_ != nullptr) violate("answer", "the secure kernel stops", std::string("it went on after ") + why_stop_);
  for (uint64_t gfn = 0; gfn < frames::count; ++gfn) {
    const uint8_t now = machine_.flags[gfn];
    if (!tables_lied_ && now != registry[gfn].flags) {
      violate("registry", frame_text(gfn) + " as the secure kernel believes: flags " + std::to_string(registry[gfn].flags), "flags " + std::to_string(now) + " in the second-level tables");
    }
    if (booted && !tables_lied_ && Machine::is_vtl1(gfn) && now != none) violate("isolation", "no frame of VTL1 is within VTL0's reach", frame_text(gfn));
    if (!sealed || tables_lied_) continue;
    if (writable_code<uint64_t>(now)) violate("wx", "no frame that is written and executed", frame_text(gfn));
    if ((now & kernel_execute) == 0) {
      code_hashes_.erase(gfn);
      continue;
    }
    const auto [known, fresh] = code_hashes_.emplace(gfn, machine_.hash_of(gfn));
    if (fresh && may_execute && !may_execute(gfn, Patched::yes)) violate("hash", "the kernel executes what was verified", frame_text(gfn) + " holds other bytes");
    if (!fresh && known->second != machine_.hash_of(gfn)) {
      if (vtl0_stores == 0) violate("hash", "the bytes that were verified", frame_text(gfn) + " has changed, and not by the secure kernel");
      known->second = machine_.hash_of(gfn);
    }
  }
}

const Act* Hardware::due(When when, uint32_t nth, ActKind kind) const {
  for (const Act& act : acts_) {
    if (act.when == when && (act.nth == nth || act.nth == always) && act.kind == kind) return &act;
  }
  return nullptr;
}

void Hardware::step() {
  if (!in_vtl1_) return;
  if (!clean_) violate("hygiene", "nothing runs before what VTL0 left in shared registers is replaced", "an operation");
  if (++steps_ > steps_max) violate("progress", "a call of bounded length", "more than " + std::to_string(steps_max) + " steps");
  // Whatever the secure kernel computes goes through the registers that both share.
  uint64_t state = secret_ ^ steps_;
  bank_.gprs[steps_ % bank_.gprs.size()] = mock::splitmix64(state);
  bank_.vector[steps_ % bank_.vector.size()] = state;
}

// What VTL0 does on another processor, now.
void Hardware::fire(When when, uint32_t nth) {
  if (acts_.empty() || firing_) return;
  for (const Act& act : acts_) {
    if (act.when != when || act.nth != nth) continue;
    firing_ = true;
    if (act.kind == ActKind::write) {
      machine_.vtl0_write(act.a, act.b);
    } else if (act.kind == ActKind::flip) {
      const uint64_t gpa = act.a & ~uint64_t{7};
      if (const auto word = machine_.vtl0_read(gpa)) machine_.vtl0_write(gpa, *word ^ uint64_t{1} << (act.b % 64));
    } else if (act.kind == ActKind::call && on_call) {
      on_call(act.a, act.b);
    }
    firing_ = false;
  }
}

uint64_t Hardware::given(uint64_t honest, const Site* site) {
  const uint32_t nth = nth_given_++;
  const Act* act = due(When::given, nth, ActKind::value);
  const uint64_t value = act != nullptr ? act->a : honest;
  if (act != nullptr) lied_ = true;
  ledger().record(*site, act != nullptr, value);
  return value;
}

void Hardware::write_msr(uint32_t index, uint64_t value) {
  step();
  const bool page = index == lvbs::msr::hypercall || index == lvbs::msr::vp_assist || index == lvbs::msr::simp;
  if (page && (value & 1) != 0 && !Machine::is_vtl1(value >> 12)) violate("protocol", "pages of the hypervisor's within VTL1", frame_text(value >> 12));
  machine_.msrs[index] = value;
}

Untrusted<uint64_t> Hardware::read_msr(uint32_t index, const Site* site) {
  step();
  const bool placed = index != lvbs::msr::vp_index;
  const uint64_t value = given(placed ? machine_.msrs[index] : vp_, site);
  if (placed && value != machine_.msrs[index]) expect_stop("an MSR that reads back another value");
  if (!placed && value >= frames::processors) expect_stop("a processor's index beyond their count");
  return Untrusted<uint64_t>(value);
}

Untrusted<uint64_t> Hardware::cpuid_ab(uint32_t leaf, const Site* site) {
  step();
  constexpr uint64_t privileges = uint64_t{0x3}  << 48 | 0xe7f;
  const uint64_t value = given(leaf == 0x4000'0001 ? 0x3123'7648 : leaf == 0x4000'0003 ? privileges : 0, site);
  if (leaf == 0x4000'0001 && static_cast<uint32_t>(value) != 0x3123'7648) expect_stop("another interface than Hv#1");
  if (leaf == 0x4000'0003 && (value & (uint64_t{3} << 48 | 4)) != (uint64_t{3} << 48 | 4)) expect_stop("privileges without VSM");
  return Untrusted<uint64_t>(value);
}
Untrusted<uint64_t> Hardware::cpuid_cd(uint32_t, const Site* site) {
  step();
  return Untrusted<uint64_t>(given(0, site));
}

SharedPtr<uint64_t> Hardware::own64(uint64_t gpa) {
  if (!Machine::is_vtl1(gpa >> 12) || gpa % 8 != 0) violate("bounds", "a word of the secure kernel's own pages", std::to_string(gpa));
  machine_.touch(gpa >> 12);
  return {static_cast<volatile uint64_t*>(machine_.raw(gpa)), this};
}

template <class T>
SharedPtr<T> Hardware::vtl0(uint64_t gpa) {
  if (Machine::is_vtl1(gpa >> 12)) violate("isolation", "what VTL0 names is never VTL1's memory", frame_text(gpa >> 12));
  if (!Machine::is_ram(gpa >> 12) || gpa % sizeof(T) != 0) violate("bounds", "a word of VTL0's memory", std::to_string(gpa));
  machine_.touch(gpa >> 12);
  return {static_cast<volatile T*>(machine_.raw(gpa)), this};
}
template SharedPtr<uint8_t> Hardware::vtl0(uint64_t gpa);
template SharedPtr<uint64_t> Hardware::vtl0(uint64_t gpa);

void Hardware::before_load(const volatile void* address, size_t size, const Site& site) {
  step();
  const uint64_t gpa = machine_.address_of(address);
  if (Machine::is_vtl1(gpa >> 12)) {
    machine_.word(gpa) = given(machine_.word(gpa), &site);
    judge_given(gpa >> 12, gpa & 0xfff, machine_.word(gpa));
    return;
  }
  Seen& word = seen_[gpa / 8];
  const auto bytes = static_cast<uint8_t>(((1u << size) - 1) << (gpa % 8));
  if (word.operation == operation_ && (word.bytes & bytes) != 0) violate("double_fetch", "each byte of VTL0's read once in a call", std::string("a second load at ") + site.name + ", which VTL0 can answer differently");
  fire(When::load, nth_load_++);
  word = {operation_, static_cast<uint8_t>((word.operation == operation_ ? word.bytes : 0) | bytes)};
  if (!ledger().on) return;
  uint64_t value = machine_.word(gpa & ~uint64_t{7}) >> (gpa % 8 * 8);
  if (size < 8) value &= (uint64_t{1} << (size * 8)) - 1;
  ledger().record(site, true, value);  // all of VTL0's memory is VTL0's word
}

void Hardware::judge_given(uint64_t page, uint64_t offset, uint64_t value) {
  if (page != frames::layout.output_page || offset != 0) return;
  if (register_asked_ == lvbs::reg::partition_config && value != machine_.partition_config) expect_stop("a partition configured otherwise");
  if (register_asked_ == lvbs::reg::vp_secure_config_vtl0 && (value & 1) == 0) expect_stop("mode-based execution that is off");
  if (register_asked_ == lvbs::reg::code_page_offsets && (value >> 24 != 0 || (value & 0xfff) == (value >> 12 & 0xfff))) expect_stop("entries that are not two places of the code page");
}

void Hardware::before_exchange(const volatile void* address, size_t size, const Site& site) { before_load(address, size, site); }

void Hardware::after_store(volatile void* address, size_t size) {
  step();
  const uint64_t gpa = machine_.address_of(address), gfn = gpa >> 12;
  if (Machine::is_vtl1(gfn)) return;
  ++vtl0_stores;
  mix(gpa * 16 + size), mix(machine_.word(gpa & ~uint64_t{7}));
  if (may_store && may_store(gpa, size)) return;
  if ((machine_.flags[gfn] & write) == 0) violate("confused", "stores for VTL0 only where VTL0 may store itself", "a store to " + frame_text(gfn));
}

lvbs::SharedState Hardware::shared_state() { return bank_; }

void Hardware::load_shared(const lvbs::SharedState& state) {
  bank_ = state;
  const lvbs::SharedState ours;
  clean_ = state.mxcsr == ours.mxcsr && state.fcw == ours.fcw && state.xcr0 == ours.xcr0 && state.dr == ours.dr;
}

void Hardware::vtl_return(const lvbs::SharedState& state) {
  step();
  lvbs::SharedState expected = vtl0_, got = state;
  expected.gprs[lvbs::r8] = got.gprs[lvbs::r8];
  const uint64_t page = (frames::layout.assist_page + vp_) << 12;
  got.gprs[lvbs::rax] = machine_.word(page + 16), got.gprs[lvbs::rcx] = machine_.word(page + 24);
  in_vtl1_ = false;
  if (!(got == expected)) violate("hygiene", "VTL0 finds its registers as it left them, but for R8", "another value");
  bank_ = state;
  for (const uint64_t value : got.gprs) mix(value);
  for (const uint64_t value : got.vector) mix(value);
}

void Hardware::stop(uint64_t reason) {
  stopped_ = true, reason_ = reason;
  throw Stopped{};
}

void Hardware::enter(uint64_t vp, uint64_t reason) {
  vp_ = vp;
  const uint64_t page = (frames::layout.assist_page + vp) << 12;
  machine_.word(page + 8) = reason;
  machine_.word(page + 16) = machine_.word(page + 24) = 0;
}

}  // namespace cupel::mock_hyperv
