# Ways into the kernel from guest code, and back. Every entry makes the same frame (RawFrame in processor.hh) on the thread's
# kernel stack and calls enter_kernel, which does not return: the way back is return_to_user, with the thread's registers.
.set user_code, 0x23
.set user_data, 0x1b

.macro save_registers
  pushq %rdi
  pushq %rsi
  pushq %rdx
  pushq %rcx
  pushq %rax
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
.endm

.text
# SYSCALL: RIP is in %rcx, RFLAGS in %r11, the stack still the guest's; FMASK has cleared IF, DF, TF and AC. What %gs leads to is
# ProcessorArea: +0 the top of the kernel stack, +8 a place for the guest's stack pointer.
.globl syscall_entry
syscall_entry:
  swapgs
  movq %rsp, %gs:8
  movq %gs:0, %rsp
  pushq $user_data
  pushq %gs:8
  pushq %r11
  pushq $user_code
  pushq %rcx
  pushq $0
  pushq $256                           # no exception has this number
  save_registers
  movq %rsp, %rdi
  xorl %ebp, %ebp
  call enter_kernel
  ud2

# An exception, or an interrupt (vectors 32 to 39, from guest code alone). The processor has pushed SS, RSP, RFLAGS, CS, RIP and, for some, an error code; the stub the vector. From guest
# code it has switched to the thread's stack by the TSS; from the kernel itself it is the end.
exception:
  cld
  testb $3, 24(%rsp)
  jz 1f
  swapgs
  save_registers
  movq %rsp, %rdi
  xorl %ebp, %ebp
  call enter_kernel
  ud2
1:save_registers
  movq %rsp, %rdi
  andq $-16, %rsp
  call kernel_exception
  ud2

.altmacro
.macro stub number
exception_\number:
  .if !(\number == 8 || (\number >= 10 && \number <= 14) || \number == 17 || \number == 21 || \number == 29 || \number == 30)
  pushq $0
  .endif
  pushq $\number
  jmp exception
.endm
.set index, 0
.rept 40
  stub %index
  .set index, index + 1
.endr

.macro stub_address number
  .quad exception_\number
.endm
.section .rodata, "a"
.align 8
.globl vector_stubs
vector_stubs:
.set index, 0
.rept 40
  stub_address %index
  .set index, index + 1
.endr

.text
# return_to_user(registers): goes on in guest code. The offsets are those of platform::GuestRegisters.
.globl return_to_user
return_to_user:
  movq %rdi, %rax
  pushq $user_data
  pushq 136(%rax)
  pushq 128(%rax)
  pushq $user_code
  pushq 120(%rax)
  movq 0(%rax), %r15
  movq 8(%rax), %r14
  movq 16(%rax), %r13
  movq 24(%rax), %r12
  movq 32(%rax), %rbp
  movq 40(%rax), %rbx
  movq 48(%rax), %r11
  movq 56(%rax), %r10
  movq 64(%rax), %r9
  movq 72(%rax), %r8
  movq 88(%rax), %rcx
  movq 96(%rax), %rdx
  movq 104(%rax), %rsi
  movq 112(%rax), %rdi
  movq 80(%rax), %rax
  swapgs
  iretq

# switch_stacks(save, to): keeps what the System V ABI wants kept and goes on where `to` stopped.
.globl switch_stacks
switch_stacks:
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

# Where a new thread begins: its registers wait in %rbx.
.globl thread_start
thread_start:
  movq %rbx, %rdi
  call first_return
  ud2
