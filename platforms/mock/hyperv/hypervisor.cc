// The hypervisor's side of hypercalls, by the book (TLFS, chapters 3 and 15).
#include "platforms/lvbs/boot.hh"
#include "platforms/mock/hyperv/hardware.hh"
#include "platforms/mock/snp/ledger.hh"

namespace cupel::mock_hyperv {

using namespace lvbs;
using protection::kernel_execute;

namespace {

constexpr uint64_t bad_code = 2, bad_input = 3, bad_parameter = 5, denied = 6, unknown_register = 0x87, register_value = 0x50, vtl_state = 0x51, already = 0x86;

}  // namespace

Untrusted<uint64_t> Hardware::hypercall(uint64_t control, uint64_t input, uint64_t output, const Site* site) {
  step();
  ++hypercalls_;
  const auto asked = abi::unpack_control<uint64_t>(control);
  if (abi::pack_control<uint64_t>(asked) != control) violate("protocol", "reserved bits of a hypercall are 0", std::to_string(control));
  for (const uint64_t page : {input, output}) {
    if (page != 0 && (page % 8 != 0 || !Machine::is_vtl1(page >> 12))) violate("protocol", "input and output within VTL1", std::to_string(page));
  }
  if (input == output) violate("protocol", "input and output apart", std::to_string(input));
  if (asked.count != 0 && asked.start >= asked.count) violate("protocol", "a rep hypercall starts below its count", std::to_string(asked.start));
  const uint32_t nth = nth_hypercall_++;
  fire(When::hypercall, nth);
  uint64_t until = asked.count;
  const Act* refuse = due(When::hypercall, nth, ActKind::refuse);
  const Act* early = due(When::hypercall, nth, ActKind::early);
  const Act* result = due(When::hypercall, nth, ActKind::result);
  if (refuse != nullptr) until = std::min(until, std::max(asked.start, refuse->b));
  else if (early != nullptr) until = std::min(until, asked.start + early->b % 512);
  Outcome outcome;
  if (refuse == nullptr || asked.count != 0) outcome = handle(asked.code, input, output, asked.count, asked.start, until);
  uint64_t word = outcome.status | outcome.reps << 32;
  if (refuse != nullptr && outcome.status == 0) {
    word = (refuse->a & 0xffff) | ((refuse->b & 0xfff) << 32) | (refuse->a & ~uint64_t{0xffff} & 0xffff'f000'ffff'ffff);
    lied_ = true;
    // A count that is not what was done is a lie about the tables.
    if (asked.count != 0 && outcome.reps != abi::reps_of(word)) tables_lied_ = true;
  }
  if (early != nullptr) lied_ = true;
  if (result != nullptr) {
    word = result->a, lied_ = true;
    if (abi::reps_of(word) != outcome.reps || (abi::status_of(word) == abi::success) != (outcome.status == 0)) tables_lied_ = true;
  }
  const uint64_t said = abi::reps_of(word);
  if (asked.count != 0 && (said < asked.start || said > asked.count)) expect_stop("a count of reps outside what was asked");
  mock_snp::ledger().record(*site, refuse != nullptr || early != nullptr || result != nullptr, word);
  return Untrusted<uint64_t>(word);
}

Hardware::Outcome Hardware::handle(uint64_t code, uint64_t input, uint64_t output, uint64_t count, uint64_t start, uint64_t until) {
  switch (static_cast<abi::Code>(code)) {
    case abi::Code::modify_protection: return modify_protection(input, count, start, until);
    case abi::Code::set_registers:
    case abi::Code::get_registers:
      if (until == 0) return {0, 0};
      return registers(static_cast<abi::Code>(code) == abi::Code::set_registers, input, output);
    case abi::Code::enable_vp_vtl: return {enable_processor(input), 0};
    case abi::Code::enable_partition_vtl:
    case abi::Code::start_processor:
    case abi::Code::flush_guest_physical: return {0, 0};
    default: return {bad_code, 0};
  }
}

void Hardware::change_flags(uint64_t gfn, uint8_t flags) {
  if (booted && Machine::is_vtl1(gfn) && flags != protection::none) violate("isolation", "no frame of VTL1 is within VTL0's reach", "frame " + std::to_string(gfn) + " given to it");
  if (sealed && protection::writable_code<uint64_t>(flags)) violate("wx", "no frame that is written and executed", "frame " + std::to_string(gfn));
  // What becomes executable is judged now, and not when the call is over: another processor runs it at once.
  const bool promoted = (flags & kernel_execute) != 0 && (flags & protection::write) == 0 && (machine_.flags[gfn] & kernel_execute) == 0;
  if (booted && promoted && may_execute && !may_execute(gfn, Patched::no)) {
    violate("hash", "the kernel executes what was verified", "frame " + std::to_string(gfn) + " holds other bytes");
  }
  machine_.flags[gfn] = flags;
  mix(gfn << 8 | flags);
}

Hardware::Outcome Hardware::modify_protection(uint64_t input, uint64_t count, uint64_t start, uint64_t until) {
  if (count == 0 || count > abi::gpns_per_call) return {bad_input, 0};
  const uint64_t target = machine_.word(input + 8), flags = target & 0xffff'ffff;
  if (machine_.word(input) != abi::partition_self || target >> 32 != abi::input_vtl(1)) return {bad_parameter, start};
  if (!protection::legal(flags)) violate("protocol", "flags that the hypervisor takes", std::to_string(flags));
  if (!machine_.protection_enabled) return {denied, start};
  uint64_t element = start;
  for (; element < until; ++element) {
    const uint64_t gfn = machine_.word(input + abi::input_header_size + element * 8);
    if (!Machine::is_ram(gfn)) return {bad_parameter, element};
    change_flags(gfn, static_cast<uint8_t>(flags));
  }
  return {0, element};
}

Hardware::Outcome Hardware::registers(bool set, uint64_t input, uint64_t output) {
  const uint64_t who = machine_.word(input + 8), vp = who & 0xffff'ffff, vtl = who >> 32;
  const auto name = static_cast<uint32_t>(machine_.word(input + 16));
  if (machine_.word(input) != abi::partition_self || (vtl & 0x10) == 0 || (vtl & 0xe0) != 0) return {bad_parameter, 0};
  const uint64_t on = vp == abi::vp_self ? vp_ : vp;
  if (on >= frames::processors) return {0xe, 0};
  if (!set) {
    register_asked_ = name;
    machine_.word(output) = get_register(name, vtl & 0xf, on);
    machine_.word(output + 8) = 0;
    return {0, 1};
  }
  const uint64_t status = set_register(name, machine_.word(input + 32), vtl & 0xf, on);
  return {status, status == 0 ? uint64_t{1} : 0};
}

uint64_t Hardware::set_register(uint32_t name, uint64_t value, uint64_t vtl, uint64_t vp) {
  if (vtl == 0) {
    machine_.vtl0_registers[vp][name] = value;
    return 0;
  }
  if (name == reg::partition_config) {
    if ((machine_.partition_config & 1) != 0 && (value & 0x1f) != (machine_.partition_config & 0x1f)) return register_value;
    machine_.partition_config = value;
    machine_.protection_enabled = (value & 1) != 0;
    return 0;
  }
  if (name == reg::vp_secure_config_vtl0) return machine_.secure_config = value, 0;
  if (name == reg::cr_intercept_control || name == reg::cr0_mask || name == reg::cr4_mask) return machine_.vtl0_registers[vp][name] = value, 0;
  return unknown_register;
}

uint64_t Hardware::get_register(uint32_t name, uint64_t vtl, uint64_t vp) const {
  if (name == reg::code_page_offsets) return 0x10 | 0x20 << 12;
  if (name == reg::partition_config) return machine_.partition_config;
  if (name == reg::vp_secure_config_vtl0) return machine_.secure_config;
  if (vtl != 0) return 0;
  const auto& registers = machine_.vtl0_registers[vp];
  const auto found = registers.find(name);
  return found == registers.end() ? 0 : found->second;
}

uint64_t Hardware::enable_processor(uint64_t input) {
  const uint64_t who = machine_.word(input + 8), vp = who & 0xffff'ffff;
  if (who >> 32 != 1 || machine_.word(input) != abi::partition_self) return bad_parameter;
  if (vp >= frames::processors) return 0xe;
  if (machine_.vtl1_enabled[vp]) return already;
  const uint64_t rip = machine_.word(input + 16), stack = machine_.word(input + 24), cr3 = machine_.word(input + 16 + 200);
  if ((machine_.word(input + 32) & 2) == 0) return vtl_state;
  for (const uint64_t place : {rip, stack - 1, cr3}) {
    if (!Machine::is_vtl1(place >> 12)) violate("protocol", "a processor's first context is VTL1's alone", std::to_string(place));
  }
  if (!stacks_.insert(stack).second) violate("protocol", "a stack of its own for each processor", std::to_string(stack));
  machine_.vtl1_enabled[vp] = true;
  return 0;
}

}  // namespace cupel::mock_hyperv
