#pragma once
#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <span>
#include <string>

// A child process which can do no harm: it runs alone in fresh user, mount, pid, network, ipc and uts namespaces, as
// their root, on an empty tmpfs, with the few capabilities that the semantics of files need (capabilities(7)), a list of
// system calls (seccomp(2)) and resource limits. Works for ordinary users where the kernel lets them make user
// namespaces (user_namespaces(7)).
namespace cupel::host {

struct Confinement {
  std::span<const uint16_t> calls{};      // what seccomp lets through, by call number; all but futex(2) and leaving is EPERM
  uint32_t descriptors_max = 1024;       // RLIMIT_NOFILE
  uint64_t memory_max = uint64_t{1} << 30;  // bytes of address space beyond what the child starts with
  uint64_t file_size_max = INT64_MAX;    // RLIMIT_FSIZE
  uint64_t processes_max = 64;           // RLIMIT_NPROC
  uint64_t locked_max = 128 << 10;       // RLIMIT_MEMLOCK
  uint64_t signals_max = 1024;           // RLIMIT_SIGPENDING
  uint64_t storage_max = uint64_t{1} << 30;  // bytes its file system may hold
};

// What runs inside. It is a copy of a process whose other threads are gone: it may not allocate. Nor can a sanitizer help
// it that makes calls of its own: UBSan's vptr check is to be off in it.
class Inhabitant {
 public:
  // Before capabilities and most calls are taken away, in the new root. False, with errno set, where it cannot go on.
  virtual bool prepare() { return true; }
  virtual void run() = 0;

 protected:
  ~Inhabitant() = default;
};

struct Handshake;

class Sandbox {
 public:
  // Runs `body` in a new sandbox; the child exits when it returns. It shares MAP_SHARED memory with its parent and nothing
  // else, holds no descriptor, and dies with the calling thread. The error says which step was refused, and what to do
  // about it.
  static std::expected<Sandbox, std::string> start(const Confinement& confinement, Inhabitant& body);

  Sandbox(Sandbox&& other) noexcept : pid_(other.pid_), ids_max_(other.ids_max_) { other.pid_ = -1; }
  Sandbox& operator=(Sandbox&& other) noexcept;
  ~Sandbox() { kill(); }

  pid_t pid() const { return pid_; }
  // User and group ids from 0 to this one exist inside; an ordinary user's sandbox has 0 alone.
  uint32_t ids_max() const { return ids_max_; }
  bool alive();
  void signal(int number);
  void kill();

 private:
  static std::expected<Sandbox, std::string> welcome(Sandbox sandbox, Handshake& handshake);
  Sandbox(pid_t pid, uint32_t ids_max) : pid_(pid), ids_max_(ids_max) {}

  pid_t pid_ = -1;
  uint32_t ids_max_ = 0;
};

}  // namespace cupel::host
