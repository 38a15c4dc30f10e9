#pragma once
#include <atomic>
#include <cstdint>
#include <span>

#include "libos/base/result.hh"
#include "libos/interface/memory.hh"
#include "libos/platform/host_streams.hh"
#include "libos/platform/host_tree.hh"
#include "libos/platform/registers.hh"

// South: everything libos asks of what is underneath it. Small enough to recite; the conformance list of
// docs/add-a-platform.md holds each platform to it.
namespace cupel::platform {

using Nanoseconds = int64_t;
inline constexpr Nanoseconds no_deadline = INT64_MAX;

enum class Access : uint8_t { none = 0, read = 1, write = 2, execute = 4 };
constexpr Access operator|(Access a, Access b) { return static_cast<Access>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b)); }
constexpr bool allows(Access have, Access want) {
  return (static_cast<uint8_t>(have) & static_cast<uint8_t>(want)) == static_cast<uint8_t>(want);
}

enum class ClockBase : uint8_t { realtime, monotonic };

// Why a wait came back. `woken` may be spurious: the caller looks at its word again.
enum class Woken : uint8_t { woken, timed_out, interrupted };

// A guest address space as the platform knows it.
enum class Space : uint32_t {};

// Asked by the platform when the guest, or a copy on its behalf, touches a page that is not installed.
class FaultHandler {
 public:
  // Installs the page with Platform::map and returns, or fails with EFAULT. Called with the machine lock held by the
  // copying task.
  virtual Result<> page_fault(Space space, uint64_t page_address, Access wanted) = 0;

 protected:
  ~FaultHandler() = default;
};

class Platform {
 public:
  // --- guest memory. Frames are 4096 bytes of the machine's arena. ---
  virtual Result<Space> new_space(FaultHandler& handler) = 0;
  virtual void drop_space(Space space) = 0;
  // Installs `frame` at `page_address`, replacing what was there. ENOMEM where the platform's tables are full.
  virtual Result<> map(Space space, uint64_t page_address, std::byte* frame, Access access) = 0;
  virtual void unmap(Space space, uint64_t page_address, uint64_t page_count) = 0;
  virtual void protect(Space space, uint64_t page_address, uint64_t page_count, Access access) = 0;
  // Copies stop at the first fault and return how far they came.
  virtual size_t copy_in(Space space, uint64_t address, std::span<std::byte> out) = 0;
  virtual size_t copy_out(Space space, uint64_t address, std::span<const std::byte> bytes) = 0;
  virtual Result<uint32_t> compare_exchange(Space space, uint64_t address, uint32_t expected, uint32_t desired) = 0;

  // --- waiting: the one way to block ---
  // Returns at once if *word != expected. `deadline` is monotonic, absolute. Never called with the machine lock held.
  virtual Woken wait(std::atomic<uint32_t>& word, uint32_t expected, Nanoseconds deadline) = 0;
  virtual void wake(std::atomic<uint32_t>& word, uint32_t count) = 0;

  // --- time and chance ---
  virtual Nanoseconds now(ClockBase clock) = 0;
  // Machine::ring_alarms() is to be called then, or soon after; the last word counts.
  virtual void alarm_at(Nanoseconds) {}
  virtual void random(std::span<std::byte> out) = 0;  // cannot fail: a platform without entropy terminates instead

  // --- execution of tasks ---
  // Starts running the guest code of task `tid` in `space` from these registers; what they do not name (vectors, x87) is
  // as the calling task has it. EAGAIN where the platform can run no more.
  virtual Result<> start(int32_t tid, Space space, const GuestRegisters& registers) = 0;
  // exec(2): the calling task `tid` goes on in `space`, as a fresh program with these registers.
  virtual void replace(int32_t tid, Space space, const GuestRegisters& registers) = 0;
  // What the guest code of a task that is in a call goes on with; may be changed. Valid until the next operation of the
  // platform. What the call returns is put into rax afterwards.
  virtual GuestRegisters& registers(int32_t tid) = 0;
  // Guest code of that task, should it run now, comes back to libos soon, as if it had made a call. Nothing on a platform whose
  // guest code comes back by itself.
  virtual void interrupt(int32_t) {}
  // The vector registers of the calling task's guest code, as XSAVE lays them out; their size, 0 where there is no guest code. And
  // back: what is no such image, or is missing from it, becomes as at a program's start.
  static constexpr size_t vectors_size_max = 4096;
  virtual size_t save_vectors(std::span<std::byte, vectors_size_max>) { return 0; }
  virtual void restore_vectors(std::span<std::byte, vectors_size_max>) {}
  virtual void stop(int32_t tid) = 0;   // the task has ended; does not return to its guest code

  // --- outside ---
  virtual bool granted(uint32_t call_number) = 0;  // policy of the host: may this machine use that call?
  // The files it lends the machine to read; nullptr: none.
  virtual HostTree* tree() { return nullptr; }
  virtual HostStreams* streams() { return nullptr; }
  virtual void console(std::span<const std::byte> bytes) = 0;
  [[noreturn]] virtual void terminate(uint32_t reason) = 0;

 protected:
  ~Platform() = default;
};

}  // namespace cupel::platform
