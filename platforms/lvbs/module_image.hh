#pragma once
#include <array>

#include "platforms/lvbs/elf.hh"
#include "platforms/lvbs/range_list.hh"

// What a module must look like in memory: its sections at their places, relocated. VTL0 has done the same; what differs is
// refused.
namespace cupel::lvbs {

enum class Part : uint8_t { text, data, rodata, ro_after_init, init_text, init_data, init_rodata, elf, patches };
inline constexpr unsigned parts = 7;  // those that hold sections
inline constexpr bool is_compared(Part part) { return part == Part::text || part == Part::rodata || part == Part::init_text || part == Part::init_rodata; }

// Addresses of what the kernel exports.
class Symbols {
 public:
  virtual Result<uint64_t> address_of(std::string_view name) const = 0;

 protected:
  ~Symbols() = default;
};

class ModuleImage {
 public:
  // Where each part lies: its ranges, one behind the other.
  struct Place {
    uint64_t va = 0, size = 0, used = 0, image_at = 0;
  };
  explicit ModuleImage(std::span<uint8_t> image) : image_(image) {}

  // Takes a range of the part; EINVAL where it does not begin where the last ended.
  Result<> place(Part part, uint64_t va, uint64_t size);
  void begin() { places_ = {}; }
  const Place& of(Part part) const { return places_[static_cast<size_t>(part)]; }
  // Lays out all sections and computes the bytes of the parts that are compared. ENOEXEC where sections and ranges do not match.
  Result<> build(const elf::File& file, const Symbols& symbols);
  // The bytes of a part that is compared, from `offset` on.
  std::span<const uint8_t> expected(Part part, uint64_t offset, uint64_t size) const { return image_.subspan(of(part).image_at + offset, size); }

 private:
  Result<> lay_out(const elf::File& file);
  Result<> relocate(const elf::File& file, const Symbols& symbols);
  Result<> relocate_section(const elf::File& file, const elf::Section& table, const Symbols& symbols);
  Result<uint64_t> value_of(const elf::File& file, const elf::Section& table, uint64_t index, const Symbols& symbols) const;

  static constexpr uint8_t nowhere = 0xff;
  struct Placed {
    uint8_t part = nowhere;
    uint64_t offset = 0;
  };
  std::span<uint8_t> image_;
  std::array<Place, parts> places_{};
  std::array<Placed, elf::sections_max> placed_{};
};

}  // namespace cupel::lvbs
