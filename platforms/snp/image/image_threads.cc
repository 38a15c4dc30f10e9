// ImagePlatform's threads.
#include "libos/base/check.hh"
#include "platforms/snp/image/image_platform.hh"
#include "platforms/snp/image/instructions.hh"
#include "platforms/snp/image/machine_end.hh"

extern "C" {
void switch_stacks(uint64_t* save, uint64_t to);
void thread_start();
[[noreturn]] void first_return(cupel::image::Thread* thread) { cupel::image::resume_guest(thread->registers); }
}

namespace cupel::image {

using platform::Woken;

Thread* ImagePlatform::find(int32_t tid) {
  for (Thread& thread : threads_) {
    if (thread.state != Thread::State::free && thread.tid == tid) return &thread;
  }
  return nullptr;
}

Result<> ImagePlatform::start(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) {
  for (Thread& thread : threads_) {
    if (thread.state != Thread::State::free) continue;
    if (thread.stack == nullptr) thread.stack = pool_.take_run(stack_frames);
    if (thread.stack == nullptr) return fail(Errno::again);
    void* const stack = thread.stack;
    // What switch_stacks pops: r15 r14 r13 r12 rbx rbp, then where it returns to.
    auto* top = reinterpret_cast<uint64_t*>(static_cast<std::byte*>(stack) + stack_frames * page_size);  // SAFETY: page-aligned, ours
    thread = Thread{.state = Thread::State::ready, .tid = tid, .space = space, .registers = registers, .stack = stack};
    top[-1] = 0;
    top[-2] = reinterpret_cast<uint64_t>(&thread_start);  // SAFETY: an address to return to
    top[-3] = 0;
    top[-4] = reinterpret_cast<uint64_t>(&thread);        // SAFETY: rbx, handed to first_return
    top[-5] = top[-6] = top[-7] = top[-8] = 0;
    thread.saved_stack = reinterpret_cast<uint64_t>(top - 8);  // SAFETY: a stack pointer
    save_floating(thread.floating);  // the maker's, which is running
    return {};
  }
  return fail(Errno::again);
}

void ImagePlatform::replace(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) {
  Thread* thread = find(tid);
  CHECK(thread == &current());
  thread->space = space;
  thread->registers = registers;
  load_floating(initial_floating());
  slot(space).tables.use();
}

platform::GuestRegisters& ImagePlatform::registers(int32_t tid) {
  Thread* thread = find(tid);
  CHECK(thread != nullptr);
  return thread->registers;
}

void ImagePlatform::stop(int32_t tid) {
  if (Thread* thread = find(tid)) thread->stopped = true;
}

// Round robin. Where all wait, time passes until the first deadline; without one nothing can ever happen again.
size_t ImagePlatform::next_ready() {
  for (;;) {
    platform::Nanoseconds earliest = platform::no_deadline;
    const platform::Nanoseconds time = now(platform::ClockBase::monotonic);
    for (size_t step = 1; step <= threads_max; ++step) {
      const size_t index = (current_ + step) % threads_max;
      Thread& thread = threads_[index];
      if (thread.state == Thread::State::waiting && thread.deadline <= time) thread.state = Thread::State::ready, thread.woken = Woken::timed_out;
      if (thread.state == Thread::State::ready) return index;
      if (thread.state == Thread::State::waiting && thread.deadline < earliest) earliest = thread.deadline;
    }
    if (earliest == platform::no_deadline) end_by_reason(snp::Reason::general, "every task waits for another");
    relax();
  }
}

void ImagePlatform::switch_to(size_t index) {
  Thread& before = current();
  Thread& after = threads_[index];
  if (before.state != Thread::State::free) save_floating(before.floating);
  current_ = index;
  load_floating(after.floating);
  slot(after.space).tables.use();
  set_kernel_stack(reinterpret_cast<uint64_t>(after.stack) + stack_frames * page_size);  // SAFETY: a stack pointer
  switch_stacks(&before.saved_stack, after.saved_stack);
}

void ImagePlatform::yield() {
  const size_t next = next_ready();
  if (next != current_) switch_to(next);
}

void ImagePlatform::run() {
  uint64_t boot_stack = 0;
  current_ = next_ready();
  Thread& first = current();
  load_floating(initial_floating());
  slot(first.space).tables.use();
  set_kernel_stack(reinterpret_cast<uint64_t>(first.stack) + stack_frames * page_size);  // SAFETY: a stack pointer
  switch_stacks(&boot_stack, first.saved_stack);
  __builtin_unreachable();
}

void ImagePlatform::leave() {
  // Its stack is in use until the switch; nobody can be started in between.
  current().state = Thread::State::free;
  switch_to(next_ready());
  __builtin_unreachable();
}

Woken ImagePlatform::wait(std::atomic<uint32_t>& word, uint32_t expected, platform::Nanoseconds deadline) {
  if (word.load(std::memory_order_acquire) != expected) return Woken::woken;
  if (deadline <= now(platform::ClockBase::monotonic)) return Woken::timed_out;
  Thread& me = current();
  me.state = Thread::State::waiting;
  me.word = &word;
  me.deadline = deadline;
  const size_t next = next_ready();
  if (next == current_) return me.woken;  // its own deadline came first
  switch_to(next);
  return me.woken;
}

void ImagePlatform::wake(std::atomic<uint32_t>& word, uint32_t count) {
  for (size_t step = 1; step <= threads_max && count > 0; ++step) {
    Thread& thread = threads_[(current_ + step) % threads_max];
    if (thread.state != Thread::State::waiting || thread.word != &word) continue;
    thread.state = Thread::State::ready;
    thread.woken = Woken::woken;
    --count;
  }
}

}  // namespace cupel::image
