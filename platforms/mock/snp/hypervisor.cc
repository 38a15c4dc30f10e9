#include "platforms/mock/snp/hypervisor.hh"

namespace cupel::mock_snp {
namespace {

constexpr uint64_t resumes_max = 8;
constexpr uint64_t page_state_exit = 0x8000'0010;
constexpr uint64_t error_bad_header = (uint64_t{1} << 32) | 1, error_bad_entry = (uint64_t{1} << 32) | 2;

uint64_t with_field(uint64_t word, unsigned shift, uint64_t mask, uint64_t value) { return (word & ~(mask << shift)) | ((value & mask) << shift); }

}  // namespace

void Hypervisor::begin(std::span<const Act> script) {
  script_ = script;
  exits_ = loads_ = pvalidates_ = 0;
  resumes_left_ = 0;
  lied_ = stalled_ = false;
  shared_ = Shared{};
}

void Hypervisor::fire(When when, uint32_t nth) {
  for (const Act& act : script_) {
    if (act.when == when && act.nth == nth) perform(act);
  }
}

void Hypervisor::perform(const Act& act) {
  lied_ = true;
  uint64_t& header = shared_.buffer[0];
  const auto a = static_cast<uint32_t>(act.a), b = static_cast<uint32_t>(act.b);
  switch (act.kind) {
    case ActKind::answer: shared_.msr = act.a; break;
    case ActKind::flip: shared_.msr ^= uint64_t{1} << (act.a % 64); break;
    case ActKind::info_1: shared_.exit_info_1 = act.a; break;
    case ActKind::info_2: shared_.exit_info_2 = act.a; break;
    case ActKind::current: header = with_field(header, 0, 0xffff, act.a); break;
    case ActKind::end: header = with_field(header, 16, 0xffff, act.a); break;
    case ActKind::header_reserved: header = with_field(header, 32, 0xffff'ffff, act.a); break;
    case ActKind::entry: shared_.buffer[1 + act.a % 253] = act.b; break;
    case ActKind::partial: entries_handled_max_ = act.a; break;
    case ActKind::ignore: ignores_ = true; break;
    case ActKind::remap: system_.remap(a, b, false); break;
    case ActKind::assign: system_.rmpupdate(b, true, a, false); break;
    case ActKind::unassign: system_.rmpupdate(a, false, 0, false); break;
    case ActKind::smash: system_.psmash(a); break;
    case ActKind::drop: system_.mark(a, false, false); break;
    case ActKind::mark_mmio: system_.mark(a, true, true); break;
    case ActKind::stall: stalled_ = true; break;
    case ActKind::resume: resumes_left_ = act.a % (resumes_max + 1); break;
  }
}

void Hypervisor::exit() {
  entries_handled_max_ = UINT64_MAX;
  ignores_ = false;
  fire(When::before_exit, exits_);
  if (!ignores_) handle();
  fire(When::after_exit, exits_);
  ++exits_;
}

void Hypervisor::before_load() { fire(When::before_load, loads_++); }
void Hypervisor::before_pvalidate() { fire(When::before_pvalidate, pvalidates_++); }

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

void Hypervisor::handle() {
  if ((shared_.msr & 0xfff) != 0) return handle_msr();
  // KVM clears the guest's valid bits when it has copied them, and says success unless something is wrong.
  const uint64_t code = shared_.exit_code;
  shared_.valid_low = shared_.valid_high = 0;
  shared_.exit_info_1 = shared_.exit_info_2 = 0;
  if (code == page_state_exit) handle_page_state();
  else shared_.exit_info_1 = 2, shared_.exit_info_2 = 6;
}

void Hypervisor::handle_msr() {
  const uint64_t request = shared_.msr;
  const uint64_t gfn = (request >> 12) & 0xff'ffff'ffff;
  switch (request & 0xfff) {
    case 0x002: shared_.msr = uint64_t{2} << 48 | uint64_t{1} << 32 | uint64_t{51} << 24 | 0x001; break;
    case 0x080: shared_.msr = uint64_t{3} << 12 | 0x081; break;
    case 0x012: shared_.msr = (request & ~uint64_t{0xfff}) | 0x013; break;
    case 0x014: {
      const uint64_t operation = (request >> 52) & 0xf;
      const bool done = (operation == 1 || operation == 2) && change_page(static_cast<uint32_t>(gfn), operation == 1, false);
      shared_.msr = (done ? 0 : uint64_t{1} << 63) | 0x015;
      break;
    }
    default: break;  // an unknown request leaves the MSR as it is
  }
}

void Hypervisor::handle_page_state() {
  const uint64_t header = shared_.buffer[0];
  uint64_t current = header & 0xffff;
  const uint64_t end = (header >> 16) & 0xffff;
  if (end >= 253) {
    shared_.exit_info_2 = error_bad_header;
    return;
  }
  for (uint64_t handled = 0; current <= end && handled < entries_handled_max_ && !stalled_; ++current, ++handled) {
    const uint64_t entry = shared_.buffer[1 + current];
    const uint64_t operation = (entry >> 52) & 0xf;
    const bool large = ((entry >> 56) & 1) != 0;
    const auto gfn = static_cast<uint32_t>((entry >> 12) & 0xff'ffff'ffff);
    const bool known = operation == 1 || operation == 2;
    if (!known || (large && gfn % large_pages != 0) || !change_page(gfn, operation == 1, large)) {
      shared_.exit_info_2 = error_bad_entry;
      break;
    }
  }
  shared_.buffer[0] = with_field(header, 0, 0xffff, current);
}

bool Hypervisor::change_page(uint32_t gfn, bool to_private, bool large) {
  const uint32_t spa = system_.npt(gfn).spa;
  if (!large) {
    handle_nested_fault(gfn);
    return system_.rmpupdate(spa, to_private, gfn, false);
  }
  const bool whole = system_.rmpupdate(spa, to_private, gfn, true);
  for (uint32_t page = 0; page < large_pages; ++page) {
    if (whole) system_.remap(gfn + page, spa + page, to_private);
    else if (!change_page(gfn + page, to_private, false)) return false;
  }
  return true;
}

}  // namespace cupel::mock_snp
