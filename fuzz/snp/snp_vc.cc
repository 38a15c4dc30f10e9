// #VC: the hypervisor names an error code and a place; the handler goes by the bytes that are there.
#include <map>

#include "fuzz/snp/guest_target.hh"
#include "fuzz/snp/zydis_reference.hh"
#include "platforms/snp/vc.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

// Instructions by number; the step's third argument is what stands in for their operand bytes.
constexpr std::string_view programs[] = {
    "\x0f\xa2", "\x0f\x32", "\x0f\x30", "\x0f\x31", "\x0f\x01\xf9", "\x0f\x33", "\x0f\x01\xd9", "\x0f\x09", "\x0f\x08", "\x0f\x01\xc8", "\x0f\x01\xc9", "\x0f\x21\xf8", "\x0f\x23\xf8",
    "\xe4\x60", "\xe7\x80", "\xec", "\xef", "\x66\xef", "\xf3\x6c", "\xf3\x6d", "\xf3\x6e", "\xf3\x6f", "\x6e", "\x8b\x03", "\x48\x8b\x0b", "\x8a\x23", "\x0f\xb6\x03", "\x48\x0f\xbf\x03",
    "\x66\x0f\xbe\x03", "\x88\x23", "\x48\x89\x0b", "\x66\xc7\x03\x34\x12", "\x48\xc7\x03\xff\xff\xff\xff", "\xf3\xa4", "\xaa", "\xf3\x0f\x01\xd9", "\x90",
    // Prefixes that mean nothing here, or nothing good; and every form of a memory operand.
    "\x67\x8b\x03", "\xf0\x88\x23", "\xf2\x6e", "\x2e\x8b\x03", "\x65\x48\x8b\x0b", "\x48\x36\x8b\x0b", "\x8b\x43\x10", "\x8b\x83\x11\x11\x11\x11", "\x8b\x04\x8b", "\x8b\x84\x8b\x11\x11\x11\x11",
    "\x8b\x04\x25\x11\x11\x11\x11", "\x8b\x05\x11\x11\x11\x11", "\x0f\xb7\x03", "\x0f\xc7\x0b", "\x8f\x03", "\x8b\xc3"};
constexpr uint64_t codes[] = {0x72, 0x7c, 0x6e, 0x87, 0x6f, 0x81, 0x89, 0x76, 0x8a, 0x8b, 0x27, 0x37, 0x7b, 0x400, 0x404, 0x406, 0x41, 0x51};
constexpr uint64_t values[] = {0, 1, 0x60, 0x80, 0x3f8, 0x830, 0x1b, 0xc000'0080, 0x4000'0000, 0x8000'001f, 2032, 2033, 100'000, UINT64_MAX};
constexpr uint64_t counts[] = {0, 1, 5, 508, 1016, 2032, 2033, 70'000};
constexpr uint64_t stacks[] = {0x1000, 0x1800, 0x2000, 0x2001, 0x9000, 0xffff'8000'0000'1000, 0};
constexpr ArgDesc program{"program", std::size(programs)}, code{"code", 0, codes}, value{"value", 0, values}, count{"count", 0, counts};
// What an honest hypervisor says of each program, with operands that make sense.
constexpr std::array<uint64_t, args_max> honest[] = {
    {0, 0x72, 0x4000'0000, 0}, {1, 0x7c, 0x830, 0}, {2, 0x7c, 0x830, 0}, {3, 0x6e, 0, 0}, {4, 0x87, 0, 0}, {5, 0x6f, 0, 0}, {6, 0x81, 0, 0}, {7, 0x89, 0, 0}, {9, 0x8a, 0, 0}, {10, 0x8b, 0, 0},
    {13, 0x7b, 0x60, 0}, {14, 0x7b, 0x80, 0}, {15, 0x7b, 0x60, 0}, {16, 0x7b, 0x80, 0}, {17, 0x7b, 0x80, 0}, {18, 0x7b, 0x60, 5}, {19, 0x7b, 0x60, 5}, {20, 0x7b, 0x60, 508}, {21, 0x7b, 0x60, 5}, {22, 0x7b, 0x60, 1},
    {23, 0x400, 0, 0}, {24, 0x400, 0, 0}, {25, 0x400, 0, 0}, {26, 0x400, 0, 0}, {27, 0x400, 0, 0}, {28, 0x400, 0, 0}, {29, 0x400, 0, 0}, {30, 0x400, 0, 0}, {31, 0x400, 0, 0}, {32, 0x400, 0, 0}, {33, 0x400, 0, 5}, {34, 0x400, 0, 5},
    {37, 0x400, 0, 0}, {38, 0x400, 0, 0}, {39, 0x7b, 0x60, 1}, {40, 0x400, 0, 0}, {41, 0x400, 0, 0}, {42, 0x400, 0, 0}, {43, 0x400, 0, 0}, {44, 0x400, 0, 0}, {45, 0x400, 0, 0}, {46, 0x400, 0, 0}, {47, 0x400, 0, 0}, {48, 0x400, 0, 0}, {49, 0x400, 0, 0}, {50, 0x400, 0, 0}, {51, 0x400, 0, 0}, {52, 0x400, 0, 0}};
enum Kind : uint8_t { raise, raise_user, raise_down, handler_stack_step, kind_count };
constexpr StepDesc steps[] = {{"raise", {program, code, value, count}, honest}, {"raise_user", {program, code, value, count}, honest}, {"raise_down", {program, code, value, count}, honest},
                                         {"stack", {ArgDesc{"rsp", 0, stacks}, ArgDesc{"cpl", 4}}}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::exception, Tale::registers};
constexpr ActKind likely_acts[] = {ActKind::info_1, ActKind::info_2, ActKind::invalid, ActKind::reg, ActKind::poke, ActKind::mark_mmio};

constexpr uint64_t device_base = 0xfec0'0000, private_page = 0x40'0000, user_end = 0x8000'0000'0000, kernel_data = 0xffff'8000'0000'0000;

// The interrupted program's memory: a page of code, of which every byte may be fetched once; a device page mapped shared; all else
// is private.
struct Space {
  std::span<const uint8_t> code;
  World& world;
  bool user = false, shared = true;
  unsigned fetches = 0;
  std::vector<uint8_t> data = std::vector<uint8_t>(0x2000);
  uint64_t copied = 0;

  size_t fetch(uint64_t, std::span<uint8_t> bytes) {
    if (++fetches > 1) world.hardware.violate("double_fetch", "one fetch of the instruction", "a second one, which another processor can have changed");
    const size_t size = std::min(bytes.size(), code.size());
    std::copy_n(code.begin(), size, bytes.begin());
    return size;
  }
  std::optional<uint64_t> shared_address(uint64_t address) const {
    if (!shared) return std::nullopt;
    return address;
  }
  uint64_t memory_operand(const TrapFrame& frame, std::span<uint8_t>) const { return frame.registers[reg_rbx]; }
  bool is_device(uint64_t gpa, uint64_t size) const { return gpa >= device_base && gpa - device_base <= 0x1000 - size; }
  bool may_use_port(const TrapFrame& frame, uint64_t port, uint64_t size) const { return frame.cpl == 0 || (port >= 0x60 && port + size <= 0x70); }
  bool allowed(const TrapFrame& frame, uint64_t address, uint64_t size) const {
    if (size > data.size()) return false;
    return frame.cpl == 0 ? address >= kernel_data : address < user_end && size <= user_end - address;
  }
  bool copy_in(const TrapFrame& frame, uint64_t address, std::span<uint8_t> bytes) {
    if (!allowed(frame, address, bytes.size())) return false;
    std::copy_n(data.begin(), bytes.size(), bytes.begin());
    copied += bytes.size();
    return true;
  }
  bool copy_out(const TrapFrame& frame, uint64_t address, std::span<const uint8_t> bytes) {
    if (!allowed(frame, address, bytes.size())) return false;
    std::ranges::copy(bytes, data.begin());
    copied += bytes.size();
    return true;
  }
};
static_assert(TrapSpace<Space>);

struct Guest : Processor {
  explicit Guest(Hardware& hardware) : Processor(hardware), exits(ghcb), handler(exits, core, nullptr) {}
  Exits<Hardware> exits;
  VcHandler<Hardware> handler;
};

class SnpVc final : public GuestTarget<Guest> {
 public:
  SnpVc() : GuestTarget("snp_vc", {steps, likely_acts, {}, likely_tales}) {}

 private:
  void begin(World& world) override {
    guest_.emplace(world.hardware);
    clear_ghcb();
  }

  // What the handler should have done, by Zydis's reading of the bytes and the architecture's of the instruction.
  void judge(World& world, const std::optional<Instruction>& truth, uint64_t given_code, const TrapFrame& before, const TrapFrame& after, const Space& space, Trapped outcome) {
    if (!truth || exit_code_of(truth->operation) != given_code) violate(world, "answer", "the end: code and instruction do not agree", "an emulation");
    const auto size = uint64_t{truth->size};
    const bool memory = truth->operation == Operation::mmio_load || truth->operation == Operation::mmio_store || truth->operation == Operation::mmio_move || truth->operation == Operation::mmio_fill;
    if (memory && before.cpl != 0) violate(world, "answer", "no device access of a user", "one");
    if (memory && (!space.shared || !space.is_device(before.registers[reg_rbx], size))) violate(world, "answer", "device accesses only where the page tables say shared and a device is declared", "another");
    if (truth->operation == Operation::read_dr7 || truth->operation == Operation::write_dr7 || truth->operation == Operation::invd) violate(world, "answer", "the end", "an emulation of what no honest hypervisor intercepts");
    TrapFrame expected = before;
    const auto& hardware = world.hardware;
    const auto low = [](uint64_t word) { return word & 0xffff'ffff; };
    const bool cpuid_of_hypervisor = truth->operation == Operation::cpuid;
    if (outcome == Trapped::done || outcome == Trapped::again) {
      if (outcome == Trapped::done) expected.rip += truth->length;
      switch (truth->operation) {
        case Operation::rdmsr:
        case Operation::rdtsc:
        case Operation::rdtscp:
        case Operation::rdpmc: {
          if (truth->operation == Operation::rdmsr && before.cpl != 0) violate(world, "answer", "#GP", "an MSR read of a user");
          expected.registers[reg_rax] = low(hardware.seen_field(0x1f8)), expected.registers[reg_rdx] = low(hardware.seen_field(0x310));
          if (truth->operation == Operation::rdtscp) expected.registers[reg_rcx] = low(hardware.seen_field(0x308));
          break;
        }
        case Operation::cpuid:
          expected.registers[reg_rax] = low(hardware.seen_field(0x1f8)), expected.registers[reg_rbx] = low(hardware.seen_field(0x318));
          expected.registers[reg_rcx] = low(hardware.seen_field(0x308)), expected.registers[reg_rdx] = low(hardware.seen_field(0x310));
          break;
        case Operation::vmmcall: expected.registers[reg_rax] = hardware.seen_field(0x1f8); break;
        case Operation::in: {
          const uint64_t mask = size == 4 ? UINT64_MAX : (uint64_t{1} << (size * 8)) - 1, keep = size == 4 ? 0 : ~mask;
          expected.registers[reg_rax] = (before.registers[reg_rax] & keep) | (hardware.seen_field(0x1f8) & mask & 0xffff'ffff);
          break;
        }
        case Operation::ins:
        case Operation::outs: {
          const uint64_t wanted = truth->repeated ? before.registers[reg_rcx] : 1;
          const bool down = (before.rflags & flag_direction) != 0;
          const uint64_t units = wanted == 0 ? 0 : down ? 1 : std::min(wanted, 2032 / size);
          uint64_t& address = expected.registers[truth->operation == Operation::ins ? reg_rdi : reg_rsi];
          address = down ? address - units * size : address + units * size;
          if (truth->repeated) expected.registers[reg_rcx] -= units;
          expect_equal(world, "diff", "bytes of the string", units * size, space.copied);
          break;
        }
        case Operation::mmio_load: {
          const uint64_t fetched = hardware.seen_field(0x800) & (size == 8 ? UINT64_MAX : (uint64_t{1} << (size * 8)) - 1);
          expected.registers[truth->reg] = loaded(*truth, before.registers[truth->reg], fetched);
          break;
        }
        default: break;
      }
    }
    if (cpuid_of_hypervisor && (low(before.registers[reg_rax]) < 0x4000'0000 || low(before.registers[reg_rax]) > 0x4000'00ff)) violate(world, "answer", "leaves of the CPUID page from there", "one from the hypervisor");
    for (unsigned index = 0; index < 16; ++index) {
      if (expected.registers[index] != after.registers[index]) expect_equal(world, "diff", "register " + std::to_string(index), expected.registers[index], after.registers[index]);
    }
    expect_equal(world, "diff", "RIP", expected.rip, after.rip);
  }
  // What a register holds after a load, written byte by byte.
  static uint64_t loaded(const Instruction& truth, uint64_t before, uint64_t fetched) {
    const unsigned from = truth.high_byte ? 1 : 0;
    uint64_t result = truth.width == 4 ? 0 : before;
    for (unsigned byte = 0; byte < truth.width; ++byte) {
      uint64_t part = byte < truth.size ? fetched >> (byte * 8) & 0xff : 0;
      const bool negative = (fetched >> (truth.size * 8 - 1) & 1) != 0;
      if (byte >= truth.size && truth.extension == Extension::sign && negative) part = 0xff;
      const unsigned at = (byte + from) * 8;
      result = (result & ~(uint64_t{0xff} << at)) | part << at;
    }
    return result;
  }

  std::string_view perform(World& world, const Step& step) override {
    if (step.kind == handler_stack_step) return perform_stack(world, step);
    const std::string_view text = programs[step.args[0]];
    std::vector<uint8_t> bytes(text.begin(), text.end());
    bytes.resize(instruction_size_max + 1, 0x90);
    TrapFrame frame;
    for (uint64_t& one : frame.registers) one = world.next_secret();
    const bool named = step.args[0] <= 6;  // CPUID, MSRs and so on: the value is what they name
    frame.cpl = step.kind == raise_user ? 3 : 0;
    frame.rflags = step.kind == raise_down ? 2 | flag_direction : 2;
    frame.registers[reg_rax] = named ? step.args[2] : frame.registers[reg_rax];
    if (step.args[0] == 6) frame.registers[reg_rax] = step.args[2];
    frame.registers[reg_rcx] = named ? step.args[2] : step.args[3];
    if (step.args[0] == 2) frame.registers[reg_rax] = frame.registers[reg_rdx] = 0x17;
    frame.registers[reg_rdx] = named ? frame.registers[reg_rdx] & 0 : step.args[2] & 0xffff;
    frame.registers[reg_rbx] = device_base + (step.args[3] & 0xff8);
    if ((step.args[2] & 0x10) != 0) frame.registers[reg_rbx] = private_page;
    frame.registers[reg_rsi] = frame.registers[reg_rdi] = frame.cpl == 0 ? kernel_data + 0x1000 : 0x1000;
    if (step.args[3] == 5) frame.registers[reg_rsi] = frame.registers[reg_rdi] = kernel_data;  // a user's pointer into the kernel
    // What is written out is what a port or device is meant to get.
    const auto truth = zydis_instruction({bytes.data(), instruction_size_max});
    if (truth && truth->operation == Operation::out) frame.registers[reg_rax] = (frame.registers[reg_rax] & ~uint64_t{0xffff'ffff}) | 0x41;
    if (truth && truth->operation == Operation::mmio_store) frame.registers[truth->reg] = 0x1122;
    frame.rip = 0x7000;
    Space space{.code = bytes, .world = world, .user = frame.cpl != 0, .shared = (step.args[2] & 0x20) == 0};
    const TrapFrame before = frame;
    const Trapped outcome = guest_->handler.handle(step.args[1], frame, space);
    world.hardware.conclude();
    judge(world, truth, step.args[1], before, frame, space, outcome);
    switch (outcome) {
      case Trapped::done: return "done";
      case Trapped::again: return "again";
      case Trapped::general_protection: return "#GP";
      case Trapped::undefined_opcode: return "#UD";
      case Trapped::page_fault: return "#PF";
    }
    return "?";
  }

  std::string_view perform_stack(World& world, const Step& step) {
    static constexpr StackRange own[] = {{0x1000, 0x2000}, {0x8000, 0x9000}};
    const uint64_t chosen = handler_stack(step.args[0], static_cast<uint8_t>(step.args[1]), own, 0x9000);
    const bool inside = (chosen > 0x1000 && chosen <= 0x2000) || (chosen > 0x8000 && chosen <= 0x9000);
    if (!inside) violate(world, "bounds", "a stack of the kernel's own", std::to_string(chosen));
    if (step.args[1] != 0 && chosen != 0x9000) violate(world, "bounds", "the stack kept for it when a user ran", std::to_string(chosen));
    return "done";
  }

};

const Registered<SnpVc> registered("snp_vc", "SEV-SNP #VC handling: error codes against the instruction's bytes, emulation against Zydis and the architecture");

}  // namespace
}  // namespace cupel::fuzz::snp
