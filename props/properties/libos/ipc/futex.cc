#include "libos/ipc/futex.hh"

#include <deque>

#include "libos/mm/shared_memory.hh"
#include "props/properties/chooser.hh"
#include "props/properties/sandbox.hh"

namespace cupel::props {
namespace {

using namespace libos;

constexpr uint64_t word_base = 0x2000'0000;

// Sleepers by word, oldest first: a wake takes the oldest whose mask fits, a requeue moves those it does not wake, and
// nobody else comes back.
template <Chooser C>
void sleepers_are_woken_oldest_first(C& choose) {
  struct Sleeper {
    int32_t tid;
    uint64_t word;
    uint32_t mask;
  };
  libos::Config config;
  config.tasks_max = 40;
  Sandbox sandbox(config);
  Machine& machine = sandbox.machine();
  Task& waker = sandbox.task();
  CLAIM(waker.space().map({.start = word_base / page_size, .pages = 1, .access = platform::Access::read | platform::Access::write}).has_value());
  FutexTable& futexes = machine.futexes();
  std::deque<Sleeper> model;
  std::vector<int32_t> came_back;
  const auto pick_word = [&] { return word_base + 4 * choose.below(3); };
  while (choose.more()) {
    came_back.clear();
    std::vector<int32_t> expected;
    const uint32_t action = choose.below(3);
    if (action == 0 && machine.task_count() < 30) {
      Task* task = *machine.spawn(waker, {.thread = true, .share_fds = true, .share_fs = true, .share_space = true});
      const Sleeper sleeper{task->tid(), pick_word(), 1 + choose.below(3)};
      sandbox.guest[sleeper.tid] = [&, task, sleeper] {
        machine.lock().acquire(sandbox.platform);
        const auto woken = futexes.wait(*task, {sleeper.word}, 0, sleeper.mask, platform::no_deadline);
        if (woken) came_back.push_back(sleeper.tid);
        machine.lock().release(sandbox.platform);
      };
      CLAIM(sandbox.platform.start(task->tid(), waker.space().id()).has_value());
      model.push_back(sleeper);
    } else {
      const uint64_t from = pick_word(), to = pick_word();
      const uint32_t count = choose.below(3), moves = choose.below(3), mask = action == 1 ? 1 + choose.below(3) : ~0u;
      std::deque<Sleeper> left;
      for (const Sleeper& sleeper : model) {
        if (sleeper.word == from && (sleeper.mask & mask) != 0 && expected.size() < count) expected.push_back(sleeper.tid);
        else left.push_back(sleeper);
      }
      model = left;
      if (action == 1) {
        CLAIM(futexes.wake(waker, {from}, count, mask) == expected.size());
      } else {
        uint32_t moved = 0;
        for (Sleeper& sleeper : model) {
          if (sleeper.word == from && moved < moves) sleeper.word = to, ++moved;
        }
        const auto done = futexes.requeue(waker, {from}, count, {to}, moves);
        CLAIM(done.woken == expected.size());
        CLAIM(done.moved == moved);
      }
    }
    sandbox.platform.run();
    CLAIM(came_back == expected);
  }
  for (const Sleeper& sleeper : model) machine.find_task(sleeper.tid)->kill(0);
  sandbox.platform.run();
}

CUPEL_PROPERTY(Futex, sleepers_are_woken_oldest_first)

// Found by linux_concurrent, whose looking at guest memory then hid it: a shared word is known by its frame, and a process
// that has not touched the page has none yet.
TEST(Futex, ASharedWordIsTheSameInAProcessThatHasNotTouchedItsPage) {
  Sandbox sandbox;
  Machine& machine = sandbox.machine();
  Task& waker = sandbox.task();
  auto memory = *make_counted<SharedMemory>(sandbox.arena(), sandbox.arena());
  const auto access = platform::Access::read | platform::Access::write;
  ASSERT_TRUE(waker.space().map({.start = word_base / page_size, .pages = 1, .access = access, .shared = true, .object = memory}));
  Task* sleeper = *machine.spawn(waker, {});
  bool woken = false;
  sandbox.guest[sleeper->tid()] = [&] {
    machine.lock().acquire(sandbox.platform);
    woken = machine.futexes().wait(*sleeper, {word_base}, 0, 1, platform::no_deadline).has_value();
    machine.lock().release(sandbox.platform);
  };
  ASSERT_TRUE(sandbox.platform.start(sleeper->tid(), sleeper->space().id()));
  sandbox.platform.run();
  ASSERT_TRUE(waker.space().can_identify(word_base));
  EXPECT_EQ(machine.futexes().wake(waker, {word_base}, 1, 1), 1u);
  sandbox.platform.run();
  EXPECT_TRUE(woken);
}

}  // namespace
}  // namespace cupel::props
