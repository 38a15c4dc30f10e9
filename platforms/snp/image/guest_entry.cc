// What guest code asks for: calls, pages, and the signals that end it.
#include "platforms/snp/image/guest_entry.hh"

#include "libos/base/page.hh"
#include "platforms/snp/image/instructions.hh"
#include "platforms/snp/image/machine_end.hh"
#include "platforms/snp/image/processor.hh"
#include "platforms/snp/image/timer.hh"
#include "shims/linux/shim.hh"

namespace cupel::image {
namespace {

using platform::Access;

constinit libos::Machine* served_machine = nullptr;
constinit ImagePlatform* served_platform = nullptr;

void keep_registers(platform::GuestRegisters& to, const RawFrame& from) {
  const uint64_t fs = to.fs_base, gs = to.gs_base;
  to = {.r15 = from.r15, .r14 = from.r14, .r13 = from.r13, .r12 = from.r12, .rbp = from.rbp, .rbx = from.rbx, .r11 = from.r11, .r10 = from.r10, .r9 = from.r9, .r8 = from.r8,
        .rax = from.rax, .rcx = from.rcx, .rdx = from.rdx, .rsi = from.rsi, .rdi = from.rdi, .rip = from.rip, .flags = from.flags, .rsp = from.rsp, .fs_base = fs, .gs_base = gs};
}

// A signal that nothing handles: the task ends by it.
void end_by_signal(libos::Task& task, int32_t signal) {
  libos::MachineLock& lock = task.machine().lock();
  lock.acquire(task.platform());
  if (task.state() == libos::Task::State::running) task.exit(task.killed() ? task.exit_status() : signal);
  lock.release(task.platform());
}

bool page_is_given(libos::Task& task, uint64_t address, uint64_t error) {
  constexpr uint64_t by_write = 2, by_execution = 16;
  const Access wanted = (error & by_write) != 0 ? Access::write : (error & by_execution) != 0 ? Access::execute : Access::read;
  libos::MachineLock& lock = task.machine().lock();
  lock.acquire(task.platform());
  const bool given = served_platform->give_page(page_floor(address), wanted);
  lock.release(task.platform());
  return given;
}

int32_t signal_of(uint64_t vector) {
  switch (vector) {
    case 0: case 16: case 19: return 8;  // SIGFPE
    case 1: case 3: return 5;            // SIGTRAP
    case 6: return 4;                    // SIGILL
    case 17: return 7;                   // SIGBUS
    default: return 11;                  // SIGSEGV
  }
}

// The first process stands for init: with it the machine ends.
[[noreturn]] void end_thread(const libos::Task* task, const Thread& thread) {
  if (thread.tid != 1) served_platform->leave();
  const int32_t status = task == nullptr ? 0 : task->exit_status();
  const int32_t signal = status & 0x7f;
  end_with_status(static_cast<uint8_t>(signal != 0 ? 128 + signal : status >> 8));
}

}  // namespace

void serve(libos::Machine& machine, ImagePlatform& platform) { served_machine = &machine, served_platform = &platform; }

}  // namespace cupel::image

extern "C" [[noreturn]] void enter_kernel(const cupel::image::RawFrame* frame) {
  using namespace cupel;
  using namespace cupel::image;
  const uint64_t fault_address = read_cr2();
  Thread& thread = served_platform->current();
  keep_registers(thread.registers, *frame);
  libos::Task* task = served_machine->find_task(thread.tid);
  if (frame->vector == vector_syscall) {
    const int64_t result = linux_shim::enter(*task, frame->rax, {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9});
    thread.registers.rax = static_cast<uint64_t>(result);
  } else if (frame->vector >= timer::vector && frame->vector < timer::vectors_end) {
    if (frame->vector == timer::vector) timer::acknowledge();  // the others are nobody's: no line but the timer's is open
    served_platform->yield();
    if (task->killed()) end_by_signal(*task, 0);
  } else if (frame->vector != vector_page_fault || !page_is_given(*task, fault_address, frame->error)) {
    end_by_signal(*task, signal_of(frame->vector));
  }
  // Where a guest's next instruction cannot be, IRETQ would fault in the kernel.
  if (!thread.stopped && thread.registers.rip >= user_limit) end_by_signal(*task, signal_of(vector_page_fault));
  if (thread.stopped) end_thread(served_machine->find_task(thread.tid), thread);
  resume_guest(thread.registers);
}
