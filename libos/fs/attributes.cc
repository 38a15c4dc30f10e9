#include "libos/fs/attributes.hh"

#include <algorithm>
#include <cstring>
#include <new>

namespace cupel::libos {
namespace {

void discard(Arena& arena, Attributes::Attribute* attribute) {
  const size_t size = sizeof(Attributes::Attribute) + attribute->name_size + attribute->value_size;
  attribute->~Attribute();
  arena.free(attribute, size);
}

}  // namespace

const Attributes::Attribute* Attributes::find(std::string_view name) const {
  const auto found = std::ranges::find(all_, name, &Attribute::name);
  return found == all_.end() ? nullptr : &*found;
}

Result<> Attributes::set(Arena& arena, std::string_view name, std::span<const std::byte> value) {
  CHECK(name.size() <= name_size_max);
  CHECK(value.size() <= value_size_max);
  void* const block = TRY(arena.allocate(sizeof(Attribute) + name.size() + value.size()));
  auto* const attribute = new (block) Attribute;
  attribute->name_size = static_cast<uint16_t>(name.size());
  attribute->value_size = static_cast<uint32_t>(value.size());
  auto* const bytes = reinterpret_cast<std::byte*>(attribute + 1);  // SAFETY: allocated behind it
  std::memcpy(bytes, name.data(), name.size());
  if (!value.empty()) std::memcpy(bytes + name.size(), value.data(), value.size());
  remove(arena, name);
  const auto next = std::ranges::find_if(all_, [&](const Attribute& other) { return other.name() < name; });
  all_.insert(next, *attribute);
  return {};
}

bool Attributes::remove(Arena& arena, std::string_view name) {
  const auto found = std::ranges::find(all_, name, &Attribute::name);
  if (found == all_.end()) return false;
  all_.erase_and_dispose(found, [&](Attribute* gone) { discard(arena, gone); });
  return true;
}

void Attributes::clear(Arena& arena) {
  all_.clear_and_dispose([&](Attribute* gone) { discard(arena, gone); });
}

}  // namespace cupel::libos
