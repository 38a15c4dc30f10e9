#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "libos/base/errno.hh"

// What a shim's table says of its calls, as plain data: all that the fuzzer, the properties, the printer and
// `cupel describe` know of a shim. Derived from handler signatures (derive.hh), never written by hand.
namespace cupel::interface {

// What an argument (or a field of a struct in guest memory) means.
enum class Kind : uint8_t {
  integer,     // any number in [low, high]
  fd,          // a descriptor in use, of `resource` kind
  dir_fd,      // a directory descriptor or AT_FDCWD
  new_fd,      // a descriptor number the call gives out (results, or fields the call fills in)
  flags,       // a set of `values`
  choice,      // one of `values`
  mode,        // file permission bits
  size,        // a byte count
  count,       // a number of things
  offset,      // a signed file offset
  address,     // an address in the guest's space, of a mapping
  length,      // bytes of a mapping
  in,          // pointer to a struct the call reads
  out,         // pointer to a struct the call writes
  in_out,      // pointer to a struct the call reads and writes
  in_buffer,   // pointer and byte count, read
  out_buffer,  // pointer and byte count, written
  in_vector,   // iovec array and count, read from
  out_vector,  // iovec array and count, written to
  in_array,    // array of structs and count, read
  in_out_array,  // array of structs and count, read and written
  path,        // NUL-terminated file name
  string,      // NUL-terminated text
  task,        // a task or process id
  signal,      // a signal number
  user,        // a user or group id
  clock,       // one of `values`
  futex,       // pointer to a 32-bit futex word
  limit,       // a bound on what a process may use
};
std::string_view kind_name(Kind kind);

// Which things a descriptor stands for; a consumer of `any` takes all.
enum class Resource : uint8_t { none, any, file, directory, pipe_reader, pipe_writer, eventfd, epoll, timerfd, task, mapping };
std::string_view resource_name(Resource resource);

struct NamedValue {
  std::string_view name;
  uint64_t value;
};

struct FieldDesc {
  Kind kind;
  Resource resource;
  uint16_t offset;
  uint8_t size;  // bytes
  bool is_signed;
  std::span<const NamedValue> values;
  std::span<const uint64_t> usual{};  // as ArgDesc has it
};

struct StructDesc {
  std::string_view name;
  uint16_t size;
  std::span<const FieldDesc> fields;
};

struct ArgDesc {
  std::string_view name;
  Kind kind;
  Resource resource = Resource::none;
  uint8_t reg = 0;     // first register
  uint8_t regs = 1;    // how many: 2 for pointer and count
  bool optional = false;  // a null pointer is a meaning of its own
  bool sized = false;     // the next register says how many bytes of the struct there are, which may be more than we know
  int64_t low = 0, high = 0;
  std::span<const NamedValue> values{};
  const StructDesc* element = nullptr;  // of in, out, in_out and the arrays
  std::span<const uint64_t> usual{};    // of flags: the sets that programs mostly ask for; empty: none of the flags
};

inline constexpr size_t args_max = 6;

struct CallDesc {
  uint16_t number;
  std::string_view name;
  uint8_t arg_count = 0;
  std::array<ArgDesc, args_max> arg_array{};
  Kind result = Kind::integer;
  Resource produces = Resource::none;
  std::span<const Errno> errnos{};
  std::string_view partial{};   // what of the real interface is refused, and so not compared
  bool blocks = false;          // may wait for another task

  constexpr std::span<const ArgDesc> args() const { return {arg_array.data(), arg_count}; }
};

struct Missing {
  uint16_t number;
  std::string_view name;
  std::string_view reason;
};

struct InterfaceDesc {
  std::string_view name;
  std::span<const CallDesc> calls;
  std::span<const Missing> missing;
};

}  // namespace cupel::interface
