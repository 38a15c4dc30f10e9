#pragma once
#include "platforms/snp/cpuid_page.hh"
#include "platforms/snp/exits.hh"
#include "platforms/snp/instruction.hh"

// #VC: the processor hands an intercepted instruction to the guest's own handler, with an error code. The code alone proves
// nothing: without restricted injection the hypervisor can raise a #VC with any code at any instruction.
namespace cupel::snp {

inline constexpr uint64_t vc_not_validated = 0x404, vc_not_restartable = 0x406;

// Registers by their numbers in instructions: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15.
enum RegisterNumber : uint8_t { reg_rax, reg_rcx, reg_rdx, reg_rbx, reg_rsp, reg_rbp, reg_rsi, reg_rdi };
struct TrapFrame {
  std::array<uint64_t, 16> registers{};
  uint64_t rip = 0, rflags = 2;
  uint8_t cpl = 0;
};
inline constexpr uint64_t flag_direction = 0x400;

// A range of stack addresses that is the kernel's own.
struct StackRange {
  uint64_t low, high;
};
// Where the handler may go on: on the interrupted stack only where that is one of the kernel's own, and the kernel was running.
// (Between SYSCALL and the switch of stacks the kernel runs on the user's.)
constexpr uint64_t handler_stack(uint64_t interrupted, uint8_t cpl, std::span<const StackRange> own, uint64_t fallback) {
  if (cpl != 0) return fallback;
  for (const StackRange& range : own) {
    if (interrupted > range.low && interrupted <= range.high) return interrupted;
  }
  return fallback;
}

// What the handler needs to know of the interrupted program's memory: a copy of its bytes, and its own page walk.
template <class S>
concept TrapSpace = requires(S& space, const TrapFrame& frame, uint64_t address, uint64_t size, std::span<uint8_t> bytes) {
  // The instruction's bytes, one copy: how many could be read without a fault.
  { space.fetch(frame.rip, bytes) } -> std::same_as<size_t>;
  // Whether the page tables map the address shared; where they do, the guest physical address.
  { space.shared_address(address) } -> std::same_as<std::optional<uint64_t>>;
  { space.memory_operand(frame, bytes) } -> std::same_as<uint64_t>;
  // Whether the device register range is one that the platform has declared.
  { space.is_device(address, size) } -> std::same_as<bool>;
  { space.may_use_port(frame, address, size) } -> std::same_as<bool>;
  { space.copy_in(frame, address, bytes) } -> std::same_as<bool>;
  { space.copy_out(frame, address, std::span<const uint8_t>(bytes)) } -> std::same_as<bool>;
};

enum class Trapped : uint8_t { done, again, general_protection, undefined_opcode, page_fault };

template <SnpHardware Hardware>
class VcHandler {
 public:
  VcHandler(Exits<Hardware>& exits, Core<Hardware>& core, const CpuidTable* cpuid) : exits_(exits), core_(core), cpuid_(cpuid) {}

  // Emulates what the interrupted program's instruction asks for. `again`: a part of it, and the instruction is to run again.
  template <TrapSpace Space>
  Trapped handle(uint64_t code, TrapFrame& frame, Space& space);

 private:
  template <TrapSpace Space>
  Trapped emulate(const Instruction& instruction, TrapFrame& frame, Space& space, std::span<uint8_t> bytes);
  Trapped emulate_cpuid(TrapFrame& frame);
  Trapped emulate_msr(const Instruction& instruction, TrapFrame& frame);
  Trapped emulate_time(const Instruction& instruction, TrapFrame& frame);
  template <TrapSpace Space>
  Trapped emulate_port(const Instruction& instruction, TrapFrame& frame, Space& space);
  template <TrapSpace Space>
  Trapped emulate_string(const Instruction& instruction, TrapFrame& frame, Space& space, uint16_t port);
  template <TrapSpace Space>
  Trapped emulate_mmio(const Instruction& instruction, TrapFrame& frame, Space& space, std::span<uint8_t> bytes);
  static Trapped raised(ghcb::Raised event) { return event == ghcb::Raised::undefined_opcode ? Trapped::undefined_opcode : Trapped::general_protection; }

  Exits<Hardware>& exits_;
  Core<Hardware>& core_;
  const CpuidTable* cpuid_;
};

template <SnpHardware Hardware>
template <TrapSpace Space>
Trapped VcHandler<Hardware>::handle(uint64_t code, TrapFrame& frame, Space& space) {
  // Before anything is read at the instruction pointer: a page of ours was taken, and no emulation mends that.
  core_.require(code != vc_not_validated && code != vc_not_restartable, Reason::not_validated);
  std::array<uint8_t, instruction_size_max> bytes{};
  const size_t fetched = space.fetch(frame.rip, bytes);
  const auto instruction = decode_instruction({bytes.data(), fetched});
  core_.require(instruction.has_value() && exit_code_of(instruction->operation) == code, Reason::opcode_mismatch);
  const Trapped outcome = emulate(*instruction, frame, space, {bytes.data(), instruction->length});
  if (outcome == Trapped::done) frame.rip += instruction->length;
  return outcome;
}

template <SnpHardware Hardware>
template <TrapSpace Space>
Trapped VcHandler<Hardware>::emulate(const Instruction& instruction, TrapFrame& frame, Space& space, std::span<uint8_t> bytes) {
  const bool kernel = frame.cpl == 0;
  switch (instruction.operation) {
    case Operation::cpuid: return emulate_cpuid(frame);
    case Operation::rdmsr:
    case Operation::wrmsr: return kernel ? emulate_msr(instruction, frame) : Trapped::general_protection;
    case Operation::rdtsc:
    case Operation::rdtscp:
    case Operation::rdpmc: return emulate_time(instruction, frame);
    case Operation::in:
    case Operation::out:
    case Operation::ins:
    case Operation::outs: return emulate_port(instruction, frame, space);
    case Operation::wbinvd:
      if (!kernel) return Trapped::general_protection;
      exits_.write_back_caches();
      return Trapped::done;
    case Operation::vmmcall: {
      const auto answer = exits_.vmmcall(frame.registers[reg_rax], frame.cpl);
      if (!answer) return raised(answer.error());
      frame.registers[reg_rax] = *answer;
      return Trapped::done;
    }
    // An address in RAX is nobody's business: hint instructions may do nothing.
    case Operation::monitor:
    case Operation::mwait: return kernel ? Trapped::done : Trapped::undefined_opcode;
    // DebugSwap keeps the debug registers with the guest: their intercept is the hypervisor's doing.
    case Operation::read_dr7:
    case Operation::write_dr7: core_.terminate(Reason::debug_registers);
    case Operation::invd: core_.terminate(Reason::opcode_mismatch);
    case Operation::mmio_load:
    case Operation::mmio_store:
    case Operation::mmio_move:
    case Operation::mmio_fill: return emulate_mmio(instruction, frame, space, bytes);
  }
  core_.terminate(Reason::opcode_mismatch);
}

template <SnpHardware Hardware>
Trapped VcHandler<Hardware>::emulate_cpuid(TrapFrame& frame) {
  const auto leaf = static_cast<uint32_t>(frame.registers[reg_rax]), subleaf = static_cast<uint32_t>(frame.registers[reg_rcx]);
  Registers out;
  if (leaf >= 0x4000'0000 && leaf <= 0x4000'00ff) {
    const auto answer = exits_.cpuid(leaf, subleaf);
    if (!answer) return raised(answer.error());
    out = *answer;
  } else {
    core_.require(cpuid_ != nullptr, Reason::cpuid_page);
    out = cpuid_->lookup(leaf, subleaf);
  }
  frame.registers[reg_rax] = out.rax, frame.registers[reg_rbx] = out.rbx, frame.registers[reg_rcx] = out.rcx, frame.registers[reg_rdx] = out.rdx;
  return Trapped::done;
}

template <SnpHardware Hardware>
Trapped VcHandler<Hardware>::emulate_msr(const Instruction& instruction, TrapFrame& frame) {
  const auto index = static_cast<uint32_t>(frame.registers[reg_rcx]);
  if (instruction.operation == Operation::wrmsr) {
    const auto done = exits_.write_msr(index, (frame.registers[reg_rdx] & 0xffff'ffff) << 32 | (frame.registers[reg_rax] & 0xffff'ffff));
    return done ? Trapped::done : raised(done.error());
  }
  const auto value = exits_.read_msr(index);
  if (!value) return raised(value.error());
  frame.registers[reg_rax] = *value & 0xffff'ffff, frame.registers[reg_rdx] = *value >> 32;
  return Trapped::done;
}

template <SnpHardware Hardware>
Trapped VcHandler<Hardware>::emulate_time(const Instruction& instruction, TrapFrame& frame) {
  const auto answer = instruction.operation == Operation::rdpmc ? exits_.rdpmc(static_cast<uint32_t>(frame.registers[reg_rcx])) : exits_.rdtscp(instruction.operation == Operation::rdtscp);
  if (!answer) return raised(answer.error());
  frame.registers[reg_rax] = answer->rax, frame.registers[reg_rdx] = answer->rdx;
  if (instruction.operation == Operation::rdtscp) frame.registers[reg_rcx] = answer->rcx;
  return Trapped::done;
}

template <SnpHardware Hardware>
template <TrapSpace Space>
Trapped VcHandler<Hardware>::emulate_port(const Instruction& instruction, TrapFrame& frame, Space& space) {
  const auto port = instruction.port_in_dx ? static_cast<uint16_t>(frame.registers[reg_rdx]) : instruction.port;
  if (!space.may_use_port(frame, port, instruction.size)) return Trapped::general_protection;
  if (instruction.operation == Operation::ins || instruction.operation == Operation::outs) return emulate_string(instruction, frame, space, port);
  uint64_t& rax = frame.registers[reg_rax];
  if (instruction.operation == Operation::out) {
    const auto done = exits_.out(port, instruction.size, rax);
    return done ? Trapped::done : raised(done.error());
  }
  const auto value = exits_.in(port, instruction.size, rax);
  if (!value) return raised(value.error());
  rax = *value;
  return Trapped::done;
}

// One exit moves what fits the buffer; where more is left the instruction runs again. RCX, RSI and RDI go on by our own count.
template <SnpHardware Hardware>
template <TrapSpace Space>
Trapped VcHandler<Hardware>::emulate_string(const Instruction& instruction, TrapFrame& frame, Space& space, uint16_t port) {
  const uint64_t size = instruction.size;
  const bool down = (frame.rflags & flag_direction) != 0, is_in = instruction.operation == Operation::ins;
  const uint64_t wanted = instruction.repeated ? frame.registers[reg_rcx] : 1;
  if (wanted == 0) return Trapped::done;
  // Downwards one unit at a time: a string that runs down is rare, and a buffer that does so is not worth its bugs.
  const uint64_t count = down ? 1 : string_count<uint64_t>(wanted, size);
  std::array<uint8_t, ghcb::buffer_size> buffer{};
  const std::span<uint8_t> data(buffer.data(), count * size);
  uint64_t& address = frame.registers[is_in ? reg_rdi : reg_rsi];
  if (!is_in && !space.copy_in(frame, address, data)) return Trapped::page_fault;
  const auto moved = is_in ? exits_.ins(port, size, data) : exits_.outs(port, size, data);
  if (!moved) return raised(moved.error());
  if (is_in && !space.copy_out(frame, address, std::span<const uint8_t>(data))) return Trapped::page_fault;
  address = string_advance<uint64_t>(address, count, size, down);
  if (!instruction.repeated) return Trapped::done;
  frame.registers[reg_rcx] -= count;
  return frame.registers[reg_rcx] == 0 ? Trapped::done : Trapped::again;
}

// Only of the kernel, and only where our own page tables map the address shared, in a range that a device was declared for:
// the hypervisor can mark any page as a device's, private ones too.
template <SnpHardware Hardware>
template <TrapSpace Space>
Trapped VcHandler<Hardware>::emulate_mmio(const Instruction& instruction, TrapFrame& frame, Space& space, std::span<uint8_t> bytes) {
  core_.require(frame.cpl == 0, Reason::user_mode);
  core_.require(instruction.operation == Operation::mmio_load || instruction.operation == Operation::mmio_store, Reason::not_mmio);
  const auto gpa = space.shared_address(space.memory_operand(frame, bytes));
  core_.require(gpa.has_value(), Reason::not_mmio);
  core_.require(space.is_device(*gpa, instruction.size), Reason::not_mmio);
  uint64_t& reg = frame.registers[instruction.reg];
  const uint64_t shift = instruction.high_byte ? 8 : 0;
  if (instruction.operation == Operation::mmio_store) {
    // A 32-bit immediate of a 64-bit store is extended with its sign.
    const uint64_t value = instruction.immediate ? sign_extend<uint64_t>(*instruction.immediate, instruction.size == 8 ? 4 : instruction.size) : reg >> shift;
    const auto done = exits_.mmio_write(*gpa, instruction.size, value);
    return done ? Trapped::done : raised(done.error());
  }
  const auto value = exits_.mmio_read(*gpa, instruction.size);
  if (!value) return raised(value.error());
  const uint64_t before = reg >> shift;
  const uint64_t after = mmio_result<uint64_t>(before, *value, instruction.size, instruction.width, instruction.extension);
  reg = instruction.high_byte ? (reg & ~uint64_t{0xff00}) | (after & 0xff) << 8 : after;
  return Trapped::done;
}

}  // namespace cupel::snp
