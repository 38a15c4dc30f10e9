#include "platforms/lvbs/module_image.hh"

namespace cupel::lvbs {
namespace {

// The part that a section belongs to, as Linux sorts them; nothing where it takes no memory.
Result<Part> part_of(const elf::Section& section, std::string_view name) {
  const bool init = name.starts_with(".init"), write = (section.flags & elf::flag_write) != 0;
  if ((section.flags & elf::flag_execute) != 0) {
    if (write || section.type == elf::no_bits) return fail(Errno::noexec);
    return init ? Part::init_text : Part::text;
  }
  if (name == ".data..ro_after_init") return Part::ro_after_init;
  if (write || section.type == elf::no_bits) return init ? Part::init_data : Part::data;
  return init ? Part::init_rodata : Part::rodata;
}

}  // namespace

Result<> ModuleImage::place(Part part, uint64_t va, uint64_t size) {
  Place& place = places_[static_cast<size_t>(part)];
  if (place.size == 0) place.va = va;
  if (va != place.va + place.size) return fail(Errno::inval);
  place.size += size;
  return {};
}

Result<> ModuleImage::build(const elf::File& file, const Symbols& symbols) {
  uint64_t image_size = 0;
  for (unsigned index = 0; index < parts; ++index) {
    if (!is_compared(static_cast<Part>(index))) continue;
    if (places_[index].size > image_.size() - image_size) return fail(Errno::nomem);
    places_[index].image_at = image_size;
    image_size += places_[index].size;
  }
  // What no section fills is zero, in VTL0's memory as well.
  std::memset(image_.data(), 0, image_size);
  TRY(lay_out(file));
  return relocate(file, symbols);
}

Result<> ModuleImage::lay_out(const elf::File& file) {
  placed_ = {};
  for (unsigned index = 1; index < file.count(); ++index) {
    const elf::Section section = file.section(index);
    if ((section.flags & elf::flag_alloc) == 0) continue;
    const std::string_view name = TRY(file.name(section));
    // Two of one name: which of them is meant would be anybody's choice.
    for (unsigned other = 1; other < index; ++other) {
      const elf::Section before = file.section(other);
      if ((before.flags & elf::flag_alloc) != 0 && TRY(file.name(before)) == name) return fail(Errno::noexec);
    }
    const Part part = TRY(part_of(section, name));
    Place& place = places_[static_cast<size_t>(part)];
    const uint64_t alignment = section.alignment == 0 ? 1 : section.alignment;
    const uint64_t offset = (place.used + alignment - 1) & ~(alignment - 1);
    if (section.size > 0 && !within<uint64_t>(offset, section.size, place.size)) return fail(Errno::noexec);
    place.used = offset + section.size;
    placed_[index] = {static_cast<uint8_t>(part), offset};
    if (is_compared(part) && section.size > 0) std::memcpy(image_.data() + place.image_at + offset, file.content(section).data(), section.size);
  }
  // As many pages as the sections take, and no part that is none.
  for (const Place& place : places_) {
    if (((place.used + 4095) & ~uint64_t{4095}) != place.size) return fail(Errno::noexec);
  }
  return {};
}

Result<> ModuleImage::relocate(const elf::File& file, const Symbols& symbols) {
  for (unsigned index = 1; index < file.count(); ++index) {
    const elf::Section table = file.section(index);
    if (table.type != elf::relocations_section) continue;
    if (table.info == 0 || table.info >= file.count()) return fail(Errno::noexec);
    const uint8_t part = placed_[table.info].part;
    if (part == nowhere || !is_compared(static_cast<Part>(part))) continue;
    TRY(relocate_section(file, table, symbols));
  }
  return {};
}

Result<> ModuleImage::relocate_section(const elf::File& file, const elf::Section& table, const Symbols& symbols) {
  const elf::Section target = file.section(table.info);
  const Placed& placed = placed_[table.info];
  const Place& place = places_[placed.part];
  if (table.size % sizeof(elf::Relocation) != 0) return fail(Errno::noexec);
  for (uint64_t number = 0; number < table.size / sizeof(elf::Relocation); ++number) {
    const auto one = TRY(file.entry<elf::Relocation>(table, number));
    const uint64_t symbol = TRY(value_of(file, file.section(table.link), one.info >> 32, symbols));
    const uint64_t at = place.va + placed.offset + one.offset;
    const auto value = TRY(elf::relocate<uint64_t>(static_cast<uint32_t>(one.info), symbol, static_cast<uint64_t>(one.addend), at));
    if (!elf::in_file<uint64_t>(one.offset, value.size, target.size)) return fail(Errno::noexec);
    std::memcpy(image_.data() + place.image_at + placed.offset + one.offset, &value.word, value.size);
  }
  return {};
}

Result<uint64_t> ModuleImage::value_of(const elf::File& file, const elf::Section& table, uint64_t index, const Symbols& symbols) const {
  if (table.type != elf::symbols_section) return fail(Errno::noexec);
  const auto symbol = TRY(file.entry<elf::Symbol>(table, index));
  if (symbol.section == elf::undefined) return symbols.address_of(TRY(file.string(file.section(table.link), symbol.name)));
  if (symbol.section == elf::absolute) return symbol.value;
  if (symbol.section >= file.count() || placed_[symbol.section].part == nowhere) return fail(Errno::noexec);
  const Placed& placed = placed_[symbol.section];
  return places_[placed.part].va + placed.offset + symbol.value;
}

}  // namespace cupel::lvbs
