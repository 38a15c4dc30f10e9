#pragma once
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <span>
#include <string_view>

#include "libos/base/arena.hh"

namespace cupel::libos {

// A file's extended attributes (xattr(7)), by name. There are few, so that a sorted list does.
class Attributes {
 public:
  static constexpr size_t name_size_max = 255;        // XATTR_NAME_MAX, without the NUL
  static constexpr uint64_t value_size_max = 65536;   // XATTR_SIZE_MAX

  // One of them; its name and value lie behind it.
  struct Attribute : boost::intrusive::list_base_hook<> {
    uint16_t name_size = 0;
    uint32_t value_size = 0;
    std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_size}; }  // SAFETY: allocated behind it
    std::span<const std::byte> value() const { return {reinterpret_cast<const std::byte*>(this + 1) + name_size, value_size}; }  // SAFETY: as above
  };

  Attributes() = default;
  Attributes(const Attributes&) = delete;

  const Attribute* find(std::string_view name) const;
  // Replaces what it was, where it was there. ENOMEM leaves that as it is.
  Result<> set(Arena& arena, std::string_view name, std::span<const std::byte> value);
  // False where there is none of that name.
  bool remove(Arena& arena, std::string_view name);
  void clear(Arena& arena);
  const auto& all() const { return all_; }

 private:
  boost::intrusive::list<Attribute, boost::intrusive::constant_time_size<false>> all_;  // by name, the last first, as Linux lists them
};

}  // namespace cupel::libos
