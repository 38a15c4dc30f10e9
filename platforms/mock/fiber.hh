#pragma once
#include <cstddef>
#include <span>

namespace cupel::mock {

// A thread of execution which runs only while somebody resumes it. It has a stack of its own with a guard page below
// it, and is used again and again: what a sanitizer keeps for a stack is expensive to make.
class Fiber {
 public:
  static constexpr size_t stack_size = 256 * 1024;  // bytes

  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Gives it work, which the next resume() begins. Only when it has none.
  void give(void (*work)(void*), void* context);
  // Runs it until it suspends itself or its work is done. From outside of any fiber.
  void resume();
  // Back to whoever resumed it. From within.
  void suspend();
  bool busy() const { return work_ != nullptr; }
  // Drops its work in the middle: what is on its stack is gone without a destructor. From outside of any fiber.
  void forget();

 private:
  static void main(Fiber* fiber);
  void enter_stack(void* fake_stack);
  void lay_out();

  std::span<std::byte> memory_;  // guard page, then the stack
  void* inside_ = nullptr;       // stack pointer while suspended
  void* outside_ = nullptr;      // stack pointer of the resumer
  void (*work_)(void*) = nullptr;
  void* context_ = nullptr;
  // AddressSanitizer's and ThreadSanitizer's view of the two stacks.
  [[maybe_unused]] void* fake_inside_ = nullptr;
  [[maybe_unused]] const void* outside_bottom_ = nullptr;
  [[maybe_unused]] size_t outside_size_ = 0;
  [[maybe_unused]] void* tsan_inside_ = nullptr;
  [[maybe_unused]] void* tsan_outside_ = nullptr;
};

}  // namespace cupel::mock
