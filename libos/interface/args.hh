#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>

#include "libos/base/flags.hh"
#include "libos/base/result.hh"
#include "libos/interface/desc.hh"
#include "libos/interface/memory.hh"
#include "libos/interface/struct_desc.hh"

// The types a handler's parameters may have. Each says how many registers it takes (`regs`), how they are decoded
// (`decode`, which may refuse before the handler runs), what a generator should know (`describe`) and which errors it
// brings (`errnos`). A pointer is never dereferenced but through GuestMemory, once.
namespace cupel::interface {

using Registers = std::array<uint64_t, args_max>;

// An argument whose type alone says all: `kind`, and a register's value.
template <class Self, Kind kind_value, Resource resource_value = Resource::none>
struct Plain {
  static constexpr uint8_t regs = 1;
  static constexpr ArgDesc describe() { return {.name = kind_name_of(), .kind = kind_value, .resource = resource_value}; }
  static constexpr std::array<Errno, 0> errnos{};

 private:
  static constexpr std::string_view kind_name_of() {
    switch (kind_value) {
      case Kind::fd: return "fd";
      case Kind::dir_fd: return "dirfd";
      case Kind::mode: return "mode";
      case Kind::size: return "size";
      case Kind::offset: return "offset";
      case Kind::address: return "addr";
      case Kind::length: return "length";
      case Kind::task: return "tid";
      case Kind::signal: return "sig";
      case Kind::user: return "id";
      default: return "value";
    }
  }
};

// A descriptor number as the guest sent it; FdTable::slot_of is the one way to use it.
enum class RawFd : int32_t {};

template <Resource resource = Resource::any>
struct Fd : Plain<Fd<resource>, Kind::fd, resource> {
  RawFd raw;
  static constexpr std::array errnos{Errno::badf};
  static Result<Fd> decode(const uint64_t* r) { return Fd{{}, RawFd(static_cast<int32_t>(static_cast<uint32_t>(r[0])))}; }
};

// openat(2)'s first argument: AT_FDCWD or a directory's descriptor.
struct DirFd : Plain<DirFd, Kind::dir_fd, Resource::directory> {
  static constexpr int32_t cwd = -100;
  RawFd raw;
  static constexpr std::array errnos{Errno::badf, Errno::notdir};
  static Result<DirFd> decode(const uint64_t* r) { return DirFd{{}, RawFd(static_cast<int32_t>(static_cast<uint32_t>(r[0])))}; }
  bool is_cwd() const { return static_cast<int32_t>(raw) == cwd; }
};

// Plain numbers. `T` is the width the call really uses: higher register bits are ignored, as Linux ignores them.
template <class T, Kind kind_value, int64_t low_value, int64_t high_value>
struct Number : Plain<Number<T, kind_value, low_value, high_value>, kind_value> {
  using Base = Plain<Number<T, kind_value, low_value, high_value>, kind_value>;
  T value;
  static constexpr ArgDesc describe() {
    auto desc = Base::describe();
    desc.low = low_value, desc.high = high_value;
    return desc;
  }
  static Result<Number> decode(const uint64_t* r) { return Number{{}, static_cast<T>(r[0])}; }
};
using Int = Number<int32_t, Kind::integer, -1, 16>;
using Size = Number<uint64_t, Kind::size, 0, 1 << 20>;
using Offset = Number<int64_t, Kind::offset, -1, 1 << 20>;
using Mode = Number<uint32_t, Kind::mode, 0, 07777>;
using TaskId = Number<int32_t, Kind::task, -1, 64>;
using Signal = Number<int32_t, Kind::signal, 0, 65>;
using UserId = Number<uint32_t, Kind::user, 0, 65535>;
using Address = Number<uint64_t, Kind::address, 0, INT64_MAX>;
using Length = Number<uint64_t, Kind::length, 0, 1 << 20>;

// What happens to bits which have no meaning.
enum class Unknown : uint8_t {
  refused,  // EINVAL before the handler runs
  late,     // the handler asks with checked(), after checks that Linux makes first
  ignored,  // Linux ignores them here, and so do we
};

// A set of bits of the enumeration `E`, which names them by `names_of(E)`.
template <class E, Unknown unknown = Unknown::refused>
struct Flags {
  using Bits = std::underlying_type_t<E>;
  static constexpr uint8_t regs = 1;
  static constexpr auto values = names_of(E{});
  static constexpr Bits known = [] {
    uint64_t all = 0;
    for (const NamedValue& value : values) all |= value.value;
    return static_cast<Bits>(all);
  }();
  static constexpr ArgDesc describe() { return {.name = "flags", .kind = Kind::flags, .values = values, .usual = usual_sets<E>}; }
  static constexpr std::array<Errno, unknown == Unknown::ignored ? 0 : 1> errnos = [] {
    std::array<Errno, unknown == Unknown::ignored ? 0 : 1> all{};
    for (auto& error : all) error = Errno::inval;
    return all;
  }();

  Bits bits;
  static Result<Flags> decode(const uint64_t* r) {
    const auto bits = static_cast<Bits>(r[0]);
    if constexpr (unknown == Unknown::refused) return Flags{TRY(decode_flags(bits, known))};
    return Flags{bits};
  }
  Result<> checked() const {
    if (auto decoded = decode_flags(bits, known); !decoded) return fail(decoded.error());
    return {};
  }
  bool has(E flag) const { return (bits & static_cast<Bits>(flag)) == static_cast<Bits>(flag); }
};

// One of the enumeration's values. A value outside it is refused by get(), when the handler comes to it.
template <class E, Kind kind_value = Kind::choice>
struct Choice {
  static constexpr uint8_t regs = 1;
  static constexpr auto values = names_of(E{});
  static constexpr ArgDesc describe() { return {.name = "which", .kind = kind_value, .values = values}; }
  static constexpr std::array errnos{Errno::inval};

  uint64_t raw;
  static Result<Choice> decode(const uint64_t* r) { return Choice{static_cast<uint64_t>(static_cast<std::underlying_type_t<E>>(r[0]))}; }
  Result<E> get() const {
    for (const NamedValue& value : values) {
      if (static_cast<std::underlying_type_t<E>>(value.value) == static_cast<std::underlying_type_t<E>>(raw)) return static_cast<E>(raw);
    }
    return fail(Errno::inval);
  }
};

// A pointer to one `T` in guest memory.
template <class T, Kind kind_value, bool optional>
struct Pointer {
  static constexpr uint8_t regs = 1;
  static constexpr ArgDesc describe() {
    return {.name = struct_desc<T>.name, .kind = kind_value, .optional = optional, .element = &struct_desc<T>};
  }
  static constexpr std::array errnos{Errno::fault};

  uint64_t address;
  static Result<Pointer> decode(const uint64_t* r) { return Pointer{r[0]}; }
  bool is_null() const { return address == 0; }

  Result<T> read(const GuestMemory& memory) const
    requires(kind_value != Kind::out)
  {
    T value{};
    TRY(memory.read(address, std::as_writable_bytes(std::span(&value, 1))));
    return value;
  }
  Result<> write(const GuestMemory& memory, const T& value) const
    requires(kind_value != Kind::in)
  {
    return memory.write(address, std::as_bytes(std::span(&value, 1)));
  }
};
template <GuestAbi T>
using UserIn = Pointer<T, Kind::in, false>;
template <GuestAbi T>
using UserOut = Pointer<T, Kind::out, false>;
template <GuestAbi T>
using UserInOut = Pointer<T, Kind::in_out, false>;
template <GuestAbi T>
using OptionalIn = Pointer<T, Kind::in, true>;
template <GuestAbi T>
using OptionalInOut = Pointer<T, Kind::in_out, true>;
template <GuestAbi T>
using OptionalOut = Pointer<T, Kind::out, true>;

// A struct that may grow: the argument behind it is its size as the guest knows it.
template <GuestAbi T>
struct UserSized : UserIn<T> {
  static constexpr ArgDesc describe() {
    ArgDesc desc = UserIn<T>::describe();
    desc.sized = true;
    return desc;
  }
  static Result<UserSized> decode(const uint64_t* r) { return UserSized{{r[0]}}; }
};

// A futex word: compared with compare_exchange, never read twice.
struct FutexWord {
  static constexpr uint8_t regs = 1;
  static constexpr ArgDesc describe() { return {.name = "word", .kind = Kind::futex, .element = &struct_desc<uint32_t>}; }
  static constexpr std::array errnos{Errno::fault, Errno::inval};
  uint64_t address;
  static Result<FutexWord> decode(const uint64_t* r) { return FutexWord{r[0]}; }
};

// Two registers: an address and a count of bytes.
template <Kind kind_value>
struct Buffer {
  static constexpr uint8_t regs = 2;
  static constexpr ArgDesc describe() { return {.name = "buf", .kind = kind_value, .regs = 2}; }
  static constexpr std::array errnos{Errno::fault};
  uint64_t address;
  uint64_t size;
  static Result<Buffer> decode(const uint64_t* r) { return Buffer{r[0], r[1]}; }
};
using InBuffer = Buffer<Kind::in_buffer>;
using OutBuffer = Buffer<Kind::out_buffer>;

// Two registers: an array in guest memory and a count of its elements.
template <class T, Kind kind_value>
struct Array {
  static constexpr uint8_t regs = 2;
  static constexpr ArgDesc describe() { return {.name = struct_desc<T>.name, .kind = kind_value, .regs = 2, .element = &struct_desc<T>}; }
  static constexpr std::array errnos{Errno::fault, Errno::inval};
  uint64_t address;
  uint64_t count;
  static Result<Array> decode(const uint64_t* r) { return Array{r[0], r[1]}; }
};
struct IoVec {
  uint64_t base;
  uint64_t size;
};
using InVector = Array<IoVec, Kind::in_vector>;
using OutVector = Array<IoVec, Kind::out_vector>;
template <GuestAbi T>
using InArray = Array<T, Kind::in_array>;
template <GuestAbi T>
using InOutArray = Array<T, Kind::in_out_array>;

// A NUL-terminated string in guest memory, of at most `room - 1` characters.
template <Kind kind_value>
struct UserText {
  static constexpr uint8_t regs = 1;
  static constexpr ArgDesc describe() { return {.name = kind_value == Kind::path ? "path" : "text", .kind = kind_value}; }
  static constexpr std::array errnos{Errno::fault, Errno::nametoolong};
  uint64_t address;
  static Result<UserText> decode(const uint64_t* r) { return UserText{r[0]}; }
  // Reads it once into `room`; ENAMETOOLONG where no NUL comes in time. Returns its length.
  Result<size_t> read(const GuestMemory& memory, std::span<char> room) const;
};
using UserPath = UserText<Kind::path>;
using UserString = UserText<Kind::string>;

// What a handler which makes something answers.
template <Resource resource>
struct NewFd {
  int32_t number;
};
struct Mapped {
  uint64_t address;
};
struct Spawned {
  int32_t task;
};

}  // namespace cupel::interface
