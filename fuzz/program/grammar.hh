#pragma once
#include <optional>
#include <vector>

#include "fuzz/program/program.hh"

// What an interface's description means to programs, worked out once: which results there are and who takes them.
namespace cupel::fuzz {

// How an argument is held in a program.
enum class Shape : uint8_t {
  scalar,  // a number: Arg::value or a reference
  output,  // a struct the call only writes: nothing but where it is
  room,    // bytes the call only writes, and their count
  object,  // one struct
  text,    // bytes that should end with a NUL
  bytes,   // bytes and their count
  vector,  // an array of iovecs, the bytes they speak of, and the count of iovecs
  array,   // structs and their count
};
// Here, as wanted() is, because whoever makes or changes programs asks for every argument.
constexpr Shape shape_of(interface::Kind kind) {
  using interface::Kind;
  switch (kind) {
    case Kind::out: return Shape::output;
    case Kind::out_buffer: return Shape::room;
    case Kind::in:
    case Kind::in_out:
    case Kind::futex: return Shape::object;
    case Kind::path:
    case Kind::string: return Shape::text;
    case Kind::in_buffer: return Shape::bytes;
    case Kind::in_vector:
    case Kind::out_vector: return Shape::vector;
    case Kind::in_array:
    case Kind::in_out_array: return Shape::array;
    default: return Shape::scalar;
  }
}
constexpr bool is_counted(Shape shape) { return shape == Shape::room || shape >= Shape::bytes; }
// Whether the program holds bytes for it.
constexpr bool has_bytes(Shape shape) { return shape >= Shape::object; }
// Whether something lies there, for pointers.
constexpr bool has_object(Place place) { return place == Place::slot || place == Place::read_only || place == Place::edge; }

// A set of resources, by bit.
using ResourceSet = uint32_t;
constexpr ResourceSet set_of(interface::Resource resource) { return static_cast<ResourceSet>(1u << static_cast<unsigned>(resource)); }
// All that a descriptor may stand for.
inline constexpr ResourceSet descriptor_resources = [] {
  using enum interface::Resource;
  ResourceSet all = 0;
  for (interface::Resource resource : {any, file, directory, pipe_reader, pipe_writer, eventfd, epoll, timerfd}) all |= set_of(resource);
  return all;
}();
// What a consumer of `resource` can be given with some hope.
ResourceSet fitting(interface::Resource resource);
// The resource a scalar or a field of `kind` wants; none where it wants no earlier result.
constexpr interface::Resource wanted(interface::Kind kind, interface::Resource declared) {
  using interface::Kind, interface::Resource;
  switch (kind) {
    case Kind::fd: return declared == Resource::none ? Resource::any : declared;
    case Kind::dir_fd: return Resource::directory;
    case Kind::task: return Resource::task;
    case Kind::address: return Resource::mapping;
    default: return Resource::none;
  }
}
inline bool is_reference_field(const interface::FieldDesc& field) {
  return field.size == sizeof(int32_t) && wanted(field.kind, field.resource) != interface::Resource::none;
}

// What one call gives, by slot: its result, then the new_fd fields of the structs it fills in.
struct Results {
  std::array<interface::Resource, 1 + fields_max> resources{};
  uint8_t count = 1;
  ResourceSet all = 0;
};

class Grammar {
 public:
  // `interface` must outlive it.
  explicit Grammar(const interface::InterfaceDesc& interface);

  const interface::InterfaceDesc& interface() const { return interface_; }
  size_t call_count() const { return interface_.calls.size(); }
  const interface::CallDesc& call(uint16_t index) const { return interface_.calls[index]; }
  const Results& results(uint16_t index) const { return results_[index]; }
  // Arguments whose bytes may hold reference codes, by bit.
  uint8_t reference_args(uint16_t index) const { return reference_args_[index]; }

  // The call of that number. Numbers the interface does not have stand for some call, always the same.
  uint16_t index_of(uint16_t number) const;
  std::optional<uint16_t> find(std::string_view name) const;

  // The calls that give something in `wanted`.
  std::span<const uint16_t> producers(interface::Resource wanted) const { return producers_[static_cast<size_t>(wanted)]; }

 private:
  static constexpr size_t resource_count = static_cast<size_t>(interface::Resource::mapping) + 1;
  const interface::InterfaceDesc& interface_;
  std::vector<Results> results_;
  std::vector<uint8_t> reference_args_;
  std::vector<uint16_t> by_number_;
  std::array<std::vector<uint16_t>, resource_count> producers_;
};

}  // namespace cupel::fuzz
