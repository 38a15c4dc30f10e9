#include "platforms/mock/fiber.hh"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "libos/base/check.hh"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

// Saves what the System V ABI wants kept, stores the stack pointer to *save and goes on from `to`. The x87 and MXCSR
// control words are nobody's business here: nothing changes them.
extern "C" void cupel_mock_switch(void** save, void* to);
// SAFETY: touches the six callee-saved registers and the two stacks, and returns by the new stack's return address.
asm(R"(
.text
.p2align 4
.hidden cupel_mock_switch
.globl cupel_mock_switch
.type cupel_mock_switch, @function
cupel_mock_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size cupel_mock_switch, . - cupel_mock_switch

# The bottom frame of a fiber: its object waits in %rbx, its function in %r12. The zero above ends backtraces.
.p2align 4
.hidden cupel_mock_fiber_start
.globl cupel_mock_fiber_start
.type cupel_mock_fiber_start, @function
cupel_mock_fiber_start:
  .cfi_startproc
  .cfi_undefined %rip
  movq %rbx, %rdi
  xorl %ebp, %ebp
  callq *%r12
  ud2
  .cfi_endproc
.size cupel_mock_fiber_start, . - cupel_mock_fiber_start
)");
extern "C" void cupel_mock_fiber_start();

namespace cupel::mock {
namespace {

constexpr size_t guard_size = 4096;

}  // namespace

Fiber::Fiber() {
  void* memory = mmap(nullptr, guard_size + stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = {static_cast<std::byte*>(memory), guard_size + stack_size};
  CHECK(mprotect(memory, guard_size, PROT_NONE) == 0);
  lay_out();
#if __has_feature(thread_sanitizer)
  tsan_inside_ = __tsan_create_fiber(0);
#endif
}

void Fiber::lay_out() {
  // What cupel_mock_switch pops: r15 r14 r13 r12 rbx rbp, then its return address. After the `ret` the stack pointer
  // is 16-aligned, as cupel_mock_fiber_start's own call needs it.
  auto* top = reinterpret_cast<uint64_t*>(memory_.data() + memory_.size());  // SAFETY: page-aligned, ours, 8 words used below
  top[-1] = 0;
  top[-2] = 0;
  top[-3] = reinterpret_cast<uint64_t>(&cupel_mock_fiber_start);  // SAFETY: an address to return to
  top[-4] = 0;
  top[-5] = reinterpret_cast<uint64_t>(this);         // SAFETY: rbx, handed to main() above
  top[-6] = reinterpret_cast<uint64_t>(&Fiber::main);  // SAFETY: r12, called above
  top[-7] = top[-8] = top[-9] = 0;
  inside_ = top - 9;
}

void Fiber::forget() {
  work_ = nullptr;
#if __has_feature(address_sanitizer)
  __asan_unpoison_memory_region(memory_.data() + guard_size, stack_size);
#endif
#if __has_feature(thread_sanitizer)
  __tsan_destroy_fiber(tsan_inside_);
  tsan_inside_ = __tsan_create_fiber(0);
#endif
  lay_out();
}

Fiber::~Fiber() {
#if __has_feature(thread_sanitizer)
  __tsan_destroy_fiber(tsan_inside_);
#endif
  munmap(memory_.data(), memory_.size());
}

void Fiber::give(void (*work)(void*), void* context) {
  CHECK(work_ == nullptr);
  work_ = work;
  context_ = context;
}

void Fiber::resume() {
  CHECK(work_ != nullptr);
#if __has_feature(address_sanitizer)
  void* fake_outside = nullptr;
  __sanitizer_start_switch_fiber(&fake_outside, memory_.data() + guard_size, stack_size);
#endif
#if __has_feature(thread_sanitizer)
  tsan_outside_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_inside_, 0);
#endif
  cupel_mock_switch(&outside_, inside_);
#if __has_feature(address_sanitizer)
  __sanitizer_finish_switch_fiber(fake_outside, nullptr, nullptr);
#endif
}

void Fiber::suspend() {
#if __has_feature(address_sanitizer)
  __sanitizer_start_switch_fiber(&fake_inside_, outside_bottom_, outside_size_);
#endif
#if __has_feature(thread_sanitizer)
  __tsan_switch_to_fiber(tsan_outside_, 0);
#endif
  cupel_mock_switch(&inside_, outside_);
  enter_stack(fake_inside_);
}

void Fiber::enter_stack([[maybe_unused]] void* fake_stack) {
#if __has_feature(address_sanitizer)
  __sanitizer_finish_switch_fiber(fake_stack, &outside_bottom_, &outside_size_);
#endif
}

void Fiber::main(Fiber* fiber) {
  fiber->enter_stack(fiber->fake_inside_);
  for (;;) {
    fiber->work_(fiber->context_);
    fiber->work_ = nullptr;
    fiber->suspend();
  }
}

}  // namespace cupel::mock
