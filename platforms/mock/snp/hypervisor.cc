#include "platforms/mock/snp/hypervisor.hh"

#include <algorithm>
#include <utility>

namespace cupel::mock_snp {
namespace {

constexpr uint64_t resumes_max = 8;
constexpr unsigned firing_max = 3;  // acts within guest code that an act made run

uint64_t with_field(uint64_t word, unsigned shift, uint64_t mask, uint64_t value) { return (word & ~(mask << shift)) | ((value & mask) << shift); }

}  // namespace

void Hypervisor::begin(std::span<const Act> script) {
  follow(script);
  entries_handled_max_ = UINT64_MAX;
  ghcb_at_ = uint64_t{frames::ghcb} << 12;
  registered_ = 0;
  resumes_left_ = entropy_failures_ = 0;
  time_ = 1000;
  lies_ = firing_ = 0;
  ignores_ = stalled_ = skips_ = loses_store_ = msr_lied_ = false;
  msr = 0, features = 3, secure_error = 0;
  lied_words_.clear();
  given_.clear();
  lied_frames_.clear();
  given_msrs_.clear();
  created_.clear();
  disk = {};
}

void Hypervisor::follow(std::span<const Act> script) {
  exits_ = loads_ = pvalidates_ = steps_ = 0;
  next_ = {};
  for (auto& acts : script_) acts.clear();
  for (const Act& act : script) {
    auto& acts = script_[static_cast<size_t>(act.when)];
    acts.insert(std::ranges::upper_bound(acts, act.nth, {}, &Act::nth), act);
  }
}

void Hypervisor::fire_now(When when, uint32_t nth) {
  const auto& acts = script_[static_cast<size_t>(when)];
  size_t& next = next_[static_cast<size_t>(when)];
  while (next < acts.size() && acts[next].nth <= nth) {
    const Act act = acts[next++];
    if (act.nth < nth || firing_ >= firing_max) continue;  // its moment passed while another act ran
    ++firing_;
    perform(act);
    --firing_;
  }
}

void Hypervisor::lie(uint64_t gpa, uint64_t value) {
  gpa %= memory_size;
  const auto gfn = static_cast<uint32_t>(gpa >> 12) % guest_frames;
  if (!system_.npt(gfn).present || system_.rmp(system_.npt(gfn).spa).assigned) return;
  system_.word(gpa) = value;
  lied_words_.insert(gpa / 8);
  given_.emplace(gpa / 8, value);
}

void Hypervisor::lie_in_msr(uint64_t value) {
  msr = value, msr_lied_ = true;
  given_msrs_.insert(value);
}

void Hypervisor::lie_in_header(unsigned shift, uint64_t mask, uint64_t value) { lie(ghcb_at_ + 0x800, with_field(ghcb(0x800), shift, mask, value)); }

void Hypervisor::perform(const Act& act) {
  ++lies_;
  if (on_act) on_act(act);
  constexpr uint64_t registers[] = {0x1f8, 0x318, 0x308, 0x310};
  switch (act.kind) {
    case ActKind::answer: lie_in_msr(act.a); break;
    case ActKind::flip: lie_in_msr(msr ^ uint64_t{1} << (act.a % 64)); break;
    case ActKind::splice: lie_in_msr(with_field(msr, act.a % 64, 0xffff, act.b)); break;
    case ActKind::serve: serve_queue(act.a, act.b); break;
    case ActKind::info_1: lie(ghcb_at_ + 0x398, act.a); break;
    case ActKind::info_2: lie(ghcb_at_ + 0x3a0, act.a); break;
    case ActKind::current: lie_in_header(0, 0xffff, act.a); break;
    case ActKind::end: lie_in_header(16, 0xffff, act.a); break;
    case ActKind::header_reserved: lie_in_header(32, 0xffff'ffff, act.a); break;
    case ActKind::entry: lie(ghcb_at_ + 0x808 + act.a % 253 * 8, act.b); break;
    case ActKind::partial: entries_handled_max_ = act.a; break;
    case ActKind::ignore: ignores_ = true; break;
    case ActKind::stall: stalled_ = true; break;
    case ActKind::resume: resumes_left_ = act.a % (resumes_max + 1); break;
    case ActKind::poke: lie(act.a, act.b); break;
    case ActKind::invalid: {
      const uint64_t at = ghcb_at_ + 0x3f0 + (act.a / 64 % 2) * 8;
      lie(at, system_.word(at) & ~(uint64_t{1} << (act.a % 64)));
      break;
    }
    case ActKind::reg: lie(ghcb_at_ + registers[act.a % 4], act.b); break;
    case ActKind::no_entropy: entropy_failures_ = act.a; break;
    case ActKind::time: time_ = act.a; break;
    case ActKind::refuse: secure_error = act.a; break;
    case ActKind::lose_store: loses_store_ = true; break;
    case ActKind::skip: skips_ = true; break;
    case ActKind::signal:
    case ActKind::trap:
    case ActKind::start:
    case ActKind::post:
    case ActKind::replay:
    case ActKind::damage: deliver(act); break;
    default: perform_on_pages(act); break;
  }
}

void Hypervisor::perform_on_pages(const Act& act) {
  const auto a = static_cast<uint32_t>(act.a), b = static_cast<uint32_t>(act.b);
  if (act.kind != ActKind::smash) lied_frames_.insert(a % guest_frames), lied_frames_.insert(b % guest_frames);
  switch (act.kind) {
    case ActKind::remap: system_.remap(a, b, false); break;
    case ActKind::assign: system_.rmpupdate(b, true, a, false); break;
    case ActKind::unassign: system_.rmpupdate(a, false, 0, false); break;
    case ActKind::smash: system_.psmash(a); break;
    case ActKind::drop: system_.mark(a, false, false); break;
    case ActKind::mark_mmio: system_.mark(a, true, true); break;
    case ActKind::write_page: system_.hypervisor_write(a, 0, act.b); break;
    case ActKind::read_only: system_.make_read_only(a); break;
    default: break;
  }
}

void Hypervisor::exit() {
  entries_handled_max_ = UINT64_MAX;
  ignores_ = false;
  secure_error = 0;
  const uint32_t nth = exits_++;
  fire(When::before_exit, nth);
  if (!ignores_) handle();
  fire(When::after_exit, nth);
}

bool Hypervisor::handle_nested_fault(uint32_t gfn) {
  if (!system_.psmash(system_.npt(gfn).spa)) return false;
  const uint32_t base = gfn / large_pages * large_pages;
  for (uint32_t page = base; page < base + large_pages; ++page) system_.remap(page, system_.npt(page).spa, false);
  return true;
}

bool Hypervisor::resumes() {
  if (resumes_left_ == 0) return false;
  --resumes_left_;
  return true;
}

bool Hypervisor::takes_entropy() {
  if (entropy_failures_ == 0) return false;
  --entropy_failures_;
  return true;
}

uint64_t Hypervisor::timestamp() {
  const uint64_t now = time_;
  time_ += 1000;
  return now;
}

bool Hypervisor::skips() { return std::exchange(skips_, false); }
bool Hypervisor::loses_store() { return std::exchange(loses_store_, false); }

}  // namespace cupel::mock_snp
