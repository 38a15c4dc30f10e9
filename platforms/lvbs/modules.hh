#pragma once
#include "platforms/lvbs/kernel_data.hh"

// Kernel modules: frozen, copied, verified, computed anew and compared; only then executable. What is executed is what was signed.
namespace cupel::lvbs {

inline constexpr unsigned modules_max = 8, module_ranges_max = 24;
inline constexpr uint64_t module_bytes_max = 0x8000, image_bytes_max = 0x10000, records_bytes_max = 0x400;

template <VtlHardware Hardware, Crypto Library>
class Modules {
 public:
  Modules(Core<Hardware>& core, Claims<Hardware>& claims, Vtl0Memory<Hardware>& memory, Patches<Hardware>& patches, Library& crypto, const Symbols& symbols)
      : core_(core), claims_(claims), memory_(memory), patches_(patches), crypto_(crypto), symbols_(symbols) {}

  // The module's token, which no other has or had.
  [[nodiscard]] Result<uint64_t> validate(std::span<const Range> ranges);
  [[nodiscard]] Result<> free_init(uint64_t token);
  [[nodiscard]] Result<> unload(uint64_t token);

 private:
  struct Piece {
    Part part = Part::text;
    Range range;
  };
  struct Module {
    uint64_t token = 0;  // 0: none
    bool has_init = false;
    unsigned count = 0;
    Piece pieces[module_ranges_max];
  };
  Module* find(uint64_t token) {
    if (token == 0) return nullptr;
    for (Module& one : modules_) {
      if (one.token == token) return &one;
    }
    return nullptr;
  }
  static Owner owner_of(size_t index) { return static_cast<Owner>(first_module + index); }
  Owner owner_of(const Module& module) const { return owner_of(static_cast<size_t>(&module - modules_)); }

  Result<> sort(std::span<const Range> ranges, Module& module);
  Result<> freeze(const Module& module);
  Result<> judge(const Module& module, std::span<const Range> ranges);
  Result<> compare(const Module& module);
  Result<> take_records(const Module& module, std::span<const Range> ranges);
  Result<> promote(const Module& module);

  static bool is_init(Part part) { return part == Part::init_text || part == Part::init_data || part == Part::init_rodata; }
  static uint64_t flags_of(Part part) {
    if (part == Part::text || part == Part::init_text) return protection::text;
    if (part == Part::rodata || part == Part::init_rodata) return protection::constant;
    return protection::data;
  }

  Core<Hardware>& core_;
  Claims<Hardware>& claims_;
  Vtl0Memory<Hardware>& memory_;
  Patches<Hardware>& patches_;
  Library& crypto_;
  const Symbols& symbols_;
  Module modules_[modules_max];
  uint64_t tokens_ = 0;
  uint8_t file_[module_bytes_max];
  uint8_t image_bytes_[image_bytes_max];
  uint8_t page_[4096];
  ModuleImage image_{image_bytes_};
};

template <VtlHardware Hardware, Crypto Library>
Result<> Modules<Hardware, Library>::sort(std::span<const Range> ranges, Module& module) {
  image_.begin();
  module.count = 0, module.has_init = false;
  unsigned files = 0;
  for (const Range& range : ranges) {
    if (range.attribute > static_cast<uint64_t>(Part::patches)) return fail(Errno::inval);
    const Part part = static_cast<Part>(range.attribute);
    if (part == Part::elf) ++files;
    if (part == Part::elf || part == Part::patches) continue;
    if (!range.aligned() || module.count == module_ranges_max) return fail(Errno::inval);
    TRY(image_.place(part, range.va, range.size()));
    module.pieces[module.count++] = {part, range};
    module.has_init |= is_init(part);
  }
  return files == 1 && module.count > 0 ? Result<>{} : fail(Errno::inval);
}

// Nobody but VTL0's readers from here on: what is copied below is what will run.
template <VtlHardware Hardware, Crypto Library>
Result<> Modules<Hardware, Library>::freeze(const Module& module) {
  claims_.begin();
  for (unsigned index = 0; index < module.count; ++index) {
    TRY(claims_.add(module.pieces[index].range, Kind::reserved, protection::constant, owner_of(module)));
  }
  return claims_.commit();
}

template <VtlHardware Hardware, Crypto Library>
Result<uint64_t> Modules<Hardware, Library>::validate(std::span<const Range> ranges) {
  Module* module = nullptr;
  for (Module& one : modules_) {
    if (one.token == 0) module = &one;
  }
  if (module == nullptr) return fail(Errno::nomem);
  TRY(sort(ranges, *module));
  TRY(freeze(*module));
  patches_.begin();
  Result<> judged = judge(*module, ranges);
  if (judged) judged = promote(*module);
  if (!judged) {
    claims_.undo(owner_of(*module));
    return fail(judged.error());
  }
  patches_.commit();
  module->token = ++tokens_;
  return module->token;
}

template <VtlHardware Hardware, Crypto Library>
Result<> Modules<Hardware, Library>::judge(const Module& module, std::span<const Range> ranges) {
  for (const Range& range : ranges) {
    if (static_cast<Part>(range.attribute) != Part::elf) continue;
    if (range.size() > module_bytes_max) return fail(Errno::nomem);
    TRY(memory_.copy(range.pa, {file_, range.size()}, SITE("module.file", "signature over the copy, then the ELF parser on the copy")));
    const ByteSpan data = TRY(signature::verified(crypto_, {file_, range.size()}));
    const elf::File file = TRY(elf::File::open(data));
    TRY(image_.build(file, symbols_));
  }
  TRY(compare(module));
  return take_records(module, ranges);
}

template <VtlHardware Hardware, Crypto Library>
Result<> Modules<Hardware, Library>::compare(const Module& module) {
  uint64_t done[parts] = {};
  for (unsigned index = 0; index < module.count; ++index) {
    const auto& [part, range] = module.pieces[index];
    if (!is_compared(part)) continue;
    uint64_t& offset = done[static_cast<size_t>(part)];
    for (uint64_t pa = range.pa; pa < range.epa; pa += 4096, offset += 4096) {
      TRY(memory_.copy(pa, page_, SITE("module.page", "equal to the bytes computed from the signed file")));
      if (std::memcmp(page_, image_.expected(part, offset, 4096).data(), 4096) != 0) return fail(Errno::keyrejected);
    }
  }
  return {};
}

template <VtlHardware Hardware, Crypto Library>
Result<> Modules<Hardware, Library>::take_records(const Module& module, std::span<const Range> ranges) {
  for (const Range& range : ranges) {
    if (static_cast<Part>(range.attribute) != Part::patches) continue;
    if (range.size() > records_bytes_max) return fail(Errno::nomem);
    const std::span<uint8_t> bytes(file_, range.size());
    TRY(memory_.copy(range.pa, bytes, SITE("module.patches", "each within the module's own text, to a target there")));
    TRY(add_records(patches_, bytes, owner_of(module), [&](uint64_t pa) -> Result<Range> {
      for (unsigned index = 0; index < module.count; ++index) {
        const auto& [part, text] = module.pieces[index];
        if (flags_of(part) == protection::text && pa >= text.pa && pa < text.epa) return text;
      }
      return fail(Errno::inval);
    }));
  }
  return {};
}

template <VtlHardware Hardware, Crypto Library>
Result<> Modules<Hardware, Library>::promote(const Module& module) {
  claims_.begin();
  for (unsigned index = 0; index < module.count; ++index) {
    const auto& [part, range] = module.pieces[index];
    TRY(claims_.change(range, Kind::owned, flags_of(part), owner_of(module)));
  }
  return claims_.commit();
}

template <VtlHardware Hardware, Crypto Library>
Result<> Modules<Hardware, Library>::free_init(uint64_t token) {
  Module* module = find(token);
  if (module == nullptr || !module->has_init) return fail(Errno::inval);
  claims_.begin();
  for (unsigned index = 0; index < module->count; ++index) {
    const auto& [part, range] = module->pieces[index];
    if (is_init(part)) TRY(claims_.give_back(range, owner_of(*module)));
    if (part == Part::ro_after_init) TRY(claims_.change(range, Kind::owned, protection::constant, owner_of(*module)));
  }
  TRY(claims_.commit());
  unsigned kept = 0;
  for (unsigned index = 0; index < module->count; ++index) {
    if (!is_init(module->pieces[index].part)) module->pieces[kept++] = module->pieces[index];
  }
  module->count = kept, module->has_init = false;
  patches_.drop_dead();
  return {};
}

template <VtlHardware Hardware, Crypto Library>
Result<> Modules<Hardware, Library>::unload(uint64_t token) {
  Module* module = find(token);
  if (module == nullptr) return fail(Errno::inval);
  claims_.begin();
  for (unsigned index = 0; index < module->count; ++index) TRY(claims_.give_back(module->pieces[index].range, owner_of(*module)));
  TRY(claims_.commit());
  module->token = 0;
  patches_.drop_dead();
  return {};
}

}  // namespace cupel::lvbs
