#include "fuzz/linux/executor.hh"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cstring>
#include <functional>

namespace cupel::fuzz {
namespace {

using interface::Outcome;

class Recorder : public Observer {
 public:
  void on_step(const StepReport& report) override {
    values.push_back(report.outcome.value);
    kinds.push_back(report.outcome.kind);
    if (also) also(report);
  }
  std::vector<int64_t> values;
  std::vector<Outcome::Kind> kinds;
  std::function<void(const StepReport&)> also;
};

class ExecutorTest : public testing::Test {
 protected:
  Step& add(std::string_view name) {
    const auto& calls = executor.interface().calls;
    for (uint16_t index = 0; index < calls.size(); ++index) {
      if (calls[index].name != name) continue;
      program.steps.push_back({.call = index});
      return program.steps.back();
    }
    throw std::logic_error("no such call");
  }
  Arg bytes(std::string_view text) {
    const auto offset = static_cast<uint32_t>(program.blob.size());
    for (const char letter : text) program.blob.push_back(static_cast<std::byte>(letter));
    return {.value = text.size(), .blob_offset = offset, .blob_size = static_cast<uint32_t>(text.size())};
  }
  Arg path(std::string_view text) { return bytes(std::string(text) + '\0'); }
  static Arg number(uint64_t value) { return {.value = value}; }
  static Arg result(uint16_t step, uint8_t slot = 0) { return {.form = Form::result, .ref = {step, slot}}; }
  static Arg room(uint32_t size) { return {.value = size, .blob_size = size}; }
  RunResult run(RunOptions options = {}) {
    recorder = {};
    return executor.run(program, options, &recorder);
  }

  Executor executor;
  Program program;
  Recorder recorder;
};

TEST_F(ExecutorTest, AProgramThatDoesNothingLeavesNothing) {
  const RunResult result = run();
  EXPECT_EQ(result.steps_made, 0u);
  EXPECT_TRUE(result.came_back_clean);
}

TEST_F(ExecutorTest, TheWorldHasThreeDescriptorsOfOneDescription) {
  add("write").args = {number(1), bytes("abc")};
  add("lseek").args = {number(2), number(0), number(1)};
  add("dup").args = {number(0)};
  run();
  EXPECT_EQ(recorder.values, (std::vector<int64_t>{3, 3, 3}));
}

TEST_F(ExecutorTest, AResultIsUsedByALaterStepAndItsBytesArrive) {
  add("pipe").args = {Arg{.blob_size = 8}};
  add("write").args = {result(0, 2), bytes("hello")};
  add("read").args = {result(0, 1), room(16)};
  run();
  EXPECT_EQ(recorder.values, (std::vector<int64_t>{0, 5, 5}));
}

TEST_F(ExecutorTest, ASlotShowsWhatTheCallWroteAndItsGuards) {
  add("write").args = {number(0), bytes("xyz")};
  add("pread64").args = {number(0), room(8), number(0)};
  recorder.also = nullptr;
  std::string seen;
  Recorder looking;
  looking.also = [&](const StepReport& report) {
    if (report.index != 1) return;
    const auto& slot = report.outcome.slots[0];
    const size_t offset = report.layout.registers[1] - slot.address;
    for (size_t index = 0; index < 4; ++index) seen += static_cast<char>(slot.after[offset + index]);
    EXPECT_EQ(slot.before[offset], guard_byte);
    EXPECT_EQ(slot.after[offset - 1], guard_byte);
  };
  executor.run(program, {}, &looking);
  EXPECT_EQ(seen.substr(0, 3), "xyz");
  EXPECT_EQ(static_cast<std::byte>(seen[3]), guard_byte);
}

TEST_F(ExecutorTest, EveryRunOfTheSameProgramIsTheSame) {
  add("openat").args = {number(static_cast<uint64_t>(-100)), path("/f"), number(0102), number(0644)};
  add("write").args = {result(0), bytes("data")};
  add("clock_gettime").args = {number(1), Arg{.blob_size = 16}};
  add("getrandom").args = {room(32), number(0)};
  add("munmap").args = {number(slots_base), number(slots_size)};
  const RunResult first = run();
  const auto values = recorder.values;
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(run().trace_hash, first.trace_hash);
    EXPECT_EQ(recorder.values, values);
  }
  EXPECT_EQ(values[0], 3) << "the file of the run before is gone";
  EXPECT_TRUE(first.came_back_clean);
}

TEST_F(ExecutorTest, APlannedAllocationFaultReachesItsCallAndNoOther) {
  program.faults.push_back({.step = 1, .kind = FaultKind::allocation, .nth = 1});
  for (int call = 0; call < 3; ++call) add("pipe").args = {Arg{.blob_size = 8}};
  std::vector<bool> refused;
  Recorder looking;
  looking.also = [&](const StepReport& report) { refused.push_back(report.mishaps.allocation); };
  const RunResult result = executor.run(program, {}, &looking);
  EXPECT_EQ(looking.values, (std::vector<int64_t>{0, -ENOMEM, 0}));
  EXPECT_EQ(refused, (std::vector<bool>{false, true, false}));
  EXPECT_TRUE(result.came_back_clean);
}

TEST_F(ExecutorTest, APlannedCopyFaultIsEfault) {
  program.faults.push_back({.step = 0, .kind = FaultKind::copy, .nth = 1});
  add("pipe").args = {Arg{.blob_size = 8}};
  run();
  EXPECT_EQ(recorder.values, (std::vector<int64_t>{-EFAULT}));
}

TEST_F(ExecutorTest, WhoReadsAnEmptyPipeIsBlockedAndUnwoundAtTheEnd) {
  add("pipe").args = {Arg{.blob_size = 8}};
  add("read").args = {result(0, 1), room(4)};
  add("getpid");
  const RunResult result = run();
  EXPECT_EQ(recorder.kinds, (std::vector{Outcome::Kind::returned, Outcome::Kind::blocked}));
  EXPECT_TRUE(result.came_back_clean);
}

TEST_F(ExecutorTest, AChildMakesItsOwnStepsAndWakesItsParent) {
  for (const Scheduling scheduling : {Scheduling::in_order, Scheduling::random, Scheduling::pct}) {
    for (program.seed = 0; program.seed < 20; ++program.seed) {
      program.steps.clear(), program.blob.clear();
      add("pipe").args = {Arg{.blob_size = 8}};
      add("fork");
      add("read").args = {result(0, 1), room(4)};
      Step& write = add("write");
      write.task = 1;
      write.args = {result(0, 2), bytes("wake")};
      program.scheduling = scheduling;
      std::vector<int64_t> reads;
      Recorder looking;
      looking.also = [&](const StepReport& report) {
        if (report.index == 2 && report.outcome.kind == Outcome::Kind::returned) reads.push_back(report.outcome.value);
      };
      const RunResult result = executor.run(program, {}, &looking);
      EXPECT_EQ(reads, (std::vector<int64_t>{4}));
      EXPECT_TRUE(result.came_back_clean);
      EXPECT_EQ(result.trace_hash, executor.run(program, {}, nullptr).trace_hash);
    }
  }
}

TEST_F(ExecutorTest, AnExitedTaskMakesNoMoreSteps) {
  add("exit_group").args = {number(3)};
  add("getpid");
  run();
  EXPECT_EQ(recorder.kinds, (std::vector{Outcome::Kind::ended}));
}

TEST_F(ExecutorTest, LeavingAsAGroupEndsTheOtherThreadsWhereverTheyAre) {
  constexpr uint64_t thread = 0x100 | 0x800 | 0x10000;  // CLONE_VM, CLONE_SIGHAND, CLONE_THREAD
  add("pipe").args = {Arg{.blob_size = 8}};
  for (int count = 0; count < 2; ++count) add("clone").args = {number(thread)};
  Step& read = add("read");
  read.task = 1;
  read.args = {result(0, 1), room(4)};
  add("exit_group").args = {number(3)};
  Step& late = add("getpid");
  late.task = 2;
  struct Counter : Recorder {
    explicit Counter(Executor& with) : executor(with) {}
    void at_rest() override {
      for (const libos::Task& task : executor.world().machine().tasks()) running += task.state() == libos::Task::State::running;
    }
    Executor& executor;
    int running = 0;
  } counter(executor);
  const RunResult result = executor.run(program, {}, &counter);
  EXPECT_EQ(counter.running, 0);
  EXPECT_TRUE(result.came_back_clean);
  EXPECT_EQ(counter.kinds.back(), Outcome::Kind::ended);
}

TEST_F(ExecutorTest, WhoSleepsRightlyIsNotForgotten) {
  add("pipe").args = {Arg{.blob_size = 8}};
  add("read").args = {result(0, 1), room(4)};
  struct Waker : Recorder {
    explicit Waker(Executor& with) : executor(with) {}
    void at_rest() override {
      EXPECT_EQ(executor.blocked().size(), 1u);
      forgotten = executor.wake_for_nothing().size();
    }
    Executor& executor;
    size_t forgotten = 99;
  } waker(executor);
  executor.run(program, {}, &waker);
  EXPECT_EQ(waker.forgotten, 0u);
}

}  // namespace
}  // namespace cupel::fuzz
