#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "libos/interface/invocation.hh"
#include "libos/machine/config.hh"
#include "props/model/moment.hh"

// An executable specification of what a Linux program can observe of its system calls: written from the man pages and
// from a real kernel's answers on tmpfs, sharing no code with libos. It watches calls one by one and says when an
// outcome is none of those allowed. Nothing about a program needs to be known beforehand.
namespace cupel::props {

// What of the world differs between a libos machine and a process on a real kernel.
struct Bounds {
  libos::Config config{};
  int32_t first_task = 1;        // id of the task and process that is there at the start
  int32_t parent_process = 0;    // its getppid(2)
  int32_t nice = 0;              // that the first task starts with
  uint32_t persona = 0;          // the same
  uint32_t ids_max = UINT32_MAX - 1;  // the largest user or group id chown(2) takes (what the user namespace maps)
  // On Linux, some calls that fail count as an access or a modification nevertheless; and on tmpfs a write whose first
  // byte cannot be read extends the file to its offset (seen on 6.18).
  bool failures_show = false;
  bool memory_is_known = false;  // what a call finds in guest memory is what calls have put there
  bool sleeps_last = true;  // a sleep takes its time; where a comparison shortens it, it does not
  // Guest memory that is mapped before the first call: [writable_base, read_only_base) can be read and written,
  // [read_only_base, unmapped_base) only read.
  uint64_t writable_base = 0x0f00'0000;
  uint64_t read_only_base = writable_base + 16 * page_size;
  uint64_t unmapped_base = read_only_base + page_size;
};

// What a plan may have in store for a call.
enum class Fault : uint8_t {
  allocation,  // an allocation fails: ENOMEM, or a shorter transfer
  copy,        // a copy to or from guest memory stops half-way: EFAULT, or a shorter transfer
  wait,        // a wait is interrupted: EINTR, or a shorter transfer
  refusal,     // the host's policy does not grant the call: EPERM or ENOSYS
};

struct Mismatch {
  std::string rule;      // the rule's name
  std::string expected;  // all that would have been allowed
  std::string got;
};

struct RuleInfo {
  uint16_t id;            // numbered from 1 in the order of the table, which is that of the call numbers
  uint16_t call;          // the system call's number
  std::string_view name;  // the call's name
  uint64_t hits;          // outcomes this rule has judged since the model was made
  uint64_t errors;        // of these, outcomes that were errors
};

// A regular file as the observer finds it.
class FileView {
 public:
  virtual uint64_t size() const = 0;
  virtual void read(uint64_t offset, std::span<std::byte> out) const = 0;  // within its size

 protected:
  ~FileView() = default;
};

// Not thread-safe; make one per thread. After a mismatch the state is meaningless until reset().
class Model {
 public:
  explicit Model(const Bounds& bounds = {});
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Back to one task with three descriptors on /console and nothing else. Cheap: it keeps its memory.
  void reset();

  // The next step's call meets this fault: the outcomes named above are allowed as well. A call which fails so has
  // changed nothing. May be said several times for one step.
  void expect_fault(Fault fault);

  // Other tasks had the processor during the next step's call: what it finds in memory may be what it was before or after
  // they stored there.
  void expect_others();

  // When the next step's call was made, and when it had this outcome. Without it nothing is said of what clocks may have shown.
  void expect_time(const Moment& moment);

  // Judges one outcome and takes over its effects. Outcomes come in the order in which they took effect. A call that
  // was `blocked` comes a second time when it has returned; and may come as `blocked` again at any time (at the end of
  // a program, say): a call that could go on by now is then a lost wakeup.
  std::optional<Mismatch> step(const interface::Invocation& invocation, const interface::Outcome& outcome);

  // Looks at all that a task's memory holds, between two calls. `touched`: the addresses of pages that are there for sure;
  // of others the model asks for those it remembers, and where `memory` has not got them, nothing is said.
  std::optional<Mismatch> look_at_memory(int32_t tid, const GuestMemory& memory, std::span<const uint64_t> touched);

  // The same for the file that a task's descriptor stands for.
  std::optional<Mismatch> look_at_file(int32_t tid, int32_t number, const FileView& file);

  // All rules with what they have judged; the model's own coverage.
  std::span<const RuleInfo> rules() const;
  // Outcomes for which there was no rule. After one that changed something, all later outcomes of the program pass.
  uint64_t unmodelled() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cupel::props
