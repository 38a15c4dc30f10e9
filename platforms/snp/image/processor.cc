#include "platforms/snp/image/processor.hh"

#include <array>

#include "platforms/snp/image/frame_pool.hh"
#include "platforms/snp/image/instructions.hh"
#include "platforms/snp/image/machine_end.hh"
#include "platforms/snp/image/timer.hh"

extern "C" {
extern const uint64_t vector_stubs[cupel::image::timer::vectors_end];
void syscall_entry();
[[noreturn]] void return_to_user(const cupel::platform::GuestRegisters* registers);
extern uint64_t boot_root[512], image_directory[512];
extern std::byte rodata_start[], data_start[], image_start[], image_end[];
}

namespace cupel::image {
namespace {

// Selectors: 0x08 kernel code, 0x10 kernel data, 0x18 user data, 0x20 user code (in SYSRET's order), 0x28 the TSS.
struct [[gnu::packed]] TaskState {
  uint32_t reserved_0 = 0;
  uint64_t stacks[3] = {};
  uint64_t reserved_1 = 0;
  uint64_t interrupt_stacks[7] = {};
  uint64_t reserved_2 = 0;
  uint16_t reserved_3 = 0, io_map = sizeof(TaskState);
};
struct [[gnu::packed]] Pointer {
  uint16_t limit;
  const void* base;
};
struct Gate {
  uint16_t offset_low, selector;
  uint8_t stack, type;
  uint16_t offset_middle;
  uint32_t offset_high, reserved;
};
// What %gs leads to while the kernel runs.
struct ProcessorArea {
  uint64_t kernel_stack = 0, guest_stack = 0;
};

constinit TaskState task_state;
constinit ProcessorArea area;
constinit std::array<uint64_t, 7> descriptors{0, 0x00af'9b00'0000'ffff, 0x00cf'9300'0000'ffff, 0x00cf'f300'0000'ffff, 0x00af'fb00'0000'ffff};
constinit std::array<Gate, 256> gates{};
alignas(16) constinit std::array<std::byte, 8192> fault_stack{};
constinit FloatingState fresh_floating{};

constexpr uint32_t efer_star = 0xc000'0081, efer_lstar = 0xc000'0082, efer_fmask = 0xc000'0084, msr_fs = 0xc000'0100, msr_gs = 0xc000'0101, msr_kernel_gs = 0xc000'0102;

uint64_t address_of(const volatile void* object) { return reinterpret_cast<uint64_t>(object); }  // SAFETY: a number to put into a table

// 2M pages of the image: text is executed and not written, the rest not executed, and read-only data not written either. What
// lies beside the image has no second place there. The boot code's one-to-one map goes with the first guest space.
void protect_image() {
  constexpr uint64_t present = 1, writable = 2, large = 0x80, no_execute = uint64_t{1} << 63;
  for (uint64_t index = 0; index < 512; ++index) {
    const uint64_t page = image_base + (index << 21);
    uint64_t bits = 0;
    if (page >= address_of(image_start) && page < address_of(rodata_start)) bits = present | large;
    else if (page >= address_of(rodata_start) && page < address_of(data_start)) bits = present | large | no_execute;
    else if (page >= address_of(data_start) && page < address_of(image_end)) bits = present | large | writable | no_execute;
    image_directory[index] = bits == 0 ? 0 : (index << 21) | bits;
  }
  boot_root[256] |= no_execute;  // all of the direct map
  write_cr3(address_of(boot_root) - image_base);
}

void load_descriptors() {
  const uint64_t base = address_of(&task_state);
  descriptors[5] = (sizeof(TaskState) - 1) | (base & 0xff'ffff) << 16 | uint64_t{0x89} << 40 | (base >> 24 & 0xff) << 56;
  descriptors[6] = base >> 32;
  const Pointer table{sizeof(descriptors) - 1, descriptors.data()};
  // SAFETY: the table has the selectors that entry.S uses; %cs is loaded anew by a far return.
  asm volatile(
      "lgdt %0\n\tpushq $8\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:\n\tmovw $0x28, %%ax\n\tltr %%ax"
      : : "m"(table) : "rax", "memory");
}

void load_gates() {
  constexpr uint8_t interrupt_gate = 0x8e, by_guests = 0x60;
  for (size_t vector = 0; vector < std::size(vector_stubs); ++vector) {
    const uint64_t target = vector_stubs[vector];
    // #DF, NMI and #MC come at any moment, so they have a stack of their own.
    const bool own_stack = vector == 8 || vector == 2 || vector == 18;
    const uint8_t type = vector == 3 ? interrupt_gate | by_guests : interrupt_gate;  // guest code has the instruction INT3, and no other
    gates[vector] = {static_cast<uint16_t>(target), 8, static_cast<uint8_t>(own_stack ? 1 : 0), type, static_cast<uint16_t>(target >> 16), static_cast<uint32_t>(target >> 32), 0};
  }
  const Pointer table{sizeof(gates) - 1, gates.data()};
  asm volatile("lidt %0" : : "m"(table));  // SAFETY: every exception has a gate, and so have the interrupts that are let through
}

// Pages of a guest are neither executed nor touched by the kernel through the guest's addresses: where the processor can see to it, it does.
void forbid_guest_pages() {
  constexpr uint32_t smep = 1u << 7, smap = 1u << 20;
  if (cpuid(0).eax < 7) return;
  const uint32_t features = cpuid(7).ebx;
  uint64_t bits = read_cr4();
  if ((features & smep) != 0) bits |= uint64_t{1} << 20;
  if ((features & smap) != 0) bits |= uint64_t{1} << 21;
  write_cr4(bits);
}

}  // namespace

void set_up_processor() {
  protect_image();
  task_state.interrupt_stacks[0] = address_of(fault_stack.data() + fault_stack.size());
  load_descriptors();
  load_gates();
  out8(0x21, 0xff), out8(0xa1, 0xff);  // the old interrupt controllers: nothing comes through yet
  write_msr(msr_gs, address_of(&area));
  // SYSCALL takes 0x08 and 0x10; SYSRET is not used.
  write_msr(efer_star, uint64_t{0x10} << 48 | uint64_t{0x08} << 32);
  write_msr(efer_lstar, reinterpret_cast<uint64_t>(&syscall_entry));  // SAFETY: the entry's address
  write_msr(efer_fmask, 0x4'7700);                                    // AC, NT, IOPL, DF, IF, TF
  asm volatile("fninit");  // SAFETY: the initial state of the x87
  save_floating(fresh_floating);
  forbid_guest_pages();
}

void set_kernel_stack(uint64_t top) {
  task_state.stacks[0] = top;
  area.kernel_stack = top;
}

const FloatingState& initial_floating() { return fresh_floating; }

void resume_guest(platform::GuestRegisters& registers) {
  constexpr uint64_t changeable = 0x24'0dd5;  // CF PF AF ZF SF TF DF OF AC ID
  registers.flags = (registers.flags & changeable) | 0x202;
  write_msr(msr_fs, registers.fs_base);
  write_msr(msr_kernel_gs, registers.gs_base);
  return_to_user(&registers);
}

}  // namespace cupel::image

extern "C" void kernel_exception(const cupel::image::RawFrame* frame) {
  cupel::image::end_by_panic("an exception in the kernel; its number is the line's, its place RIP's lower half", "vector", frame->vector << 32 | (frame->rip & UINT32_MAX));
}
