// A guest program that tries what guest code may not do, and what it must be able to rely on. Built by ci/image_test.py, static,
// with no libc. Its first argument names the attempt; an attempt that has no consequence ends it with status 1.
typedef unsigned long u64;

static long call(long number, u64 a, u64 b, u64 c, u64 d) {
  long result;
  register u64 r10 __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}

enum { call_fork = 57, call_wait4 = 61, call_exit_group = 231, call_getpid = 39 };

static void leave(int status) {
  for (;;) call(call_exit_group, (u64)status, 0, 0, 0);
}

static int is(const char* a, const char* b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}

static char data[64] = {(char)0xc3};  // a return instruction, where nothing may be executed

static void fill_vectors(u64 value) {
  __asm__ volatile("movq %0, %%xmm0\n\tmovq %0, %%xmm15\n\tpushq %0\n\tfildq (%%rsp)\n\tpopq %%rax" : : "r"(value) : "rax", "xmm0", "xmm15");
}
static int vectors_hold(u64 value) {
  u64 low, high, x87;
  __asm__ volatile("movq %%xmm0, %0\n\tmovq %%xmm15, %1\n\tsubq $8, %%rsp\n\tfistpq (%%rsp)\n\tpopq %2" : "=r"(low), "=r"(high), "=r"(x87));
  return low == value && high == value && x87 == value;
}

// A child has its parent's vector registers, and what it does to its own its parent does not see.
static int vectors_are_each_tasks_own(void) {
  fill_vectors(0x1234567);
  const long child = call(call_fork, 0, 0, 0, 0);
  if (child == 0) {
    const int inherited = vectors_hold(0x1234567);
    fill_vectors(0x7654321);
    leave(inherited ? 0 : 2);
  }
  int status = -1;
  if (call(call_wait4, (u64)child, (u64)&status, 0, 0) != child || status != 0) return 0;
  return vectors_hold(0x1234567);
}

static u64 counter(void) {
  unsigned low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64)high << 32 | low;
}

// A task that never makes a call keeps neither the processor from others nor its registers to itself.
static int the_timer_takes_turns(void) {
  if (call(call_fork, 0, 0, 0, 0) == 0) {
    for (;;) fill_vectors(0x7654321);
  }
  const long child = call(call_fork, 0, 0, 0, 0);
  if (child == 0) {
    fill_vectors(0x1234567);
    int hold = 1;
    for (const u64 start = counter(); hold && counter() - start < 300000000;) hold = vectors_hold(0x1234567), fill_vectors(0x1234567);
    leave(hold ? 0 : 2);
  }
  int status = -1;
  return call(call_wait4, (u64)child, (u64)&status, 0, 0) == child && status == 0;
}

// A call keeps all registers but rax, rcx and r11, and asks nothing of the stack.
static int calls_need_no_stack(void) {
  u64 good = 0;
  __asm__ volatile(
      "movq %%rsp, %%r12\n\tmovq $0x1111, %%rsp\n\tmovq $0x2222, %%rbp\n\tmovq $39, %%rax\n\tsyscall\n\t"
      "xorq %%r13, %%r13\n\tcmpq $0x1111, %%rsp\n\tsete %%r13b\n\tmovq %%r12, %%rsp\n\tmovq %%r13, %0"
      : "=r"(good) : : "rax", "rcx", "r11", "r12", "r13", "rbp", "memory");
  return good != 0;
}

__attribute__((used)) static void attempt(u64* stack) {
  const char* what = stack[0] < 2 ? "" : (const char*)stack[2];
  if (is(what, "read-image")) (void)*(volatile char*)0xffffffff80200000;
  if (is(what, "read-memory")) (void)*(volatile char*)0xffff800000200000;
  if (is(what, "read-low")) (void)*(volatile char*)0x200000;
  if (is(what, "write-code")) *(volatile char*)&attempt = 0;
  if (is(what, "execute-data")) ((void (*)(void))data)();
  if (is(what, "halt")) __asm__ volatile("hlt");
  if (is(what, "port")) __asm__ volatile("outb %%al, $0xf4" : : "a"(0));
  if (is(what, "interrupts-off")) __asm__ volatile("cli");
  if (is(what, "status-register")) __asm__ volatile("rdmsr" : : "c"(0xc0010131) : "rax", "rdx");
  if (is(what, "undefined")) __asm__ volatile("ud2");
  if (is(what, "divide")) __asm__ volatile("divl %%ecx" : : "a"(1), "d"(0), "c"(0));
  if (is(what, "breakpoint")) __asm__ volatile("int3");
  if (is(what, "far-return")) __asm__ volatile("movq $-1, %rax\n\tjmp *%rax");
  if (is(what, "far-stack")) __asm__ volatile("movabsq $0x8000000000000000, %rsp\n\tpushq %rax");
  if (is(what, "single-step")) __asm__ volatile("pushfq\n\torq $0x100, (%rsp)\n\tpopfq\n\tmovl $39, %eax\n\tsyscall\n\tnop");
  if (is(what, "vectors")) leave(vectors_are_each_tasks_own() ? 0 : 1);
  if (is(what, "timer")) leave(the_timer_takes_turns() ? 0 : 1);
  if (is(what, "no-stack")) leave(calls_need_no_stack() ? 0 : 1);
  leave(1);
}

__asm__(".globl _start\n_start:\n\tmovq %rsp, %rdi\n\tandq $-16, %rsp\n\tcall attempt\n");
