#include "props/model/contents.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "libos/base/page.hh"

namespace cupel::props {
namespace {

using Page = std::array<std::byte, page_size>;

enum class Knowledge : uint8_t {
  absent,  // there is no mapping, or the file behind it ends before: nobody can have touched it
  unsure,
  known,
};

Knowledge foretell_stored(const FileBytes& pages, uint64_t number, Page& out) {
  if (pages.is_doubtful(number)) return Knowledge::unsure;
  pages.read(number << page_shift, out);
  return Knowledge::known;
}

// The page's bytes, where they are known.
Knowledge foretell(const World& world, SpaceId id, uint64_t page, Page& out) {
  const AddressSpace& space = world.spaces[id];
  const Region* region = space.at(page);
  if (region == nullptr) return Knowledge::absent;
  const uint64_t offset = region->file_offset + (page - region->begin);
  if (!region->shared && space.pages.has(page >> page_shift)) return foretell_stored(space.pages, page >> page_shift, out);
  if (region->file != InodeId::none) {
    const Inode& inode = world.inodes[region->file];
    if (offset >= static_cast<uint64_t>(inode.size)) return Knowledge::absent;
    if (inode.bytes_unsure) return Knowledge::unsure;
    inode.bytes.read(offset, out);
    return Knowledge::known;
  }
  out.fill(std::byte{0});
  if (!region->shared) return Knowledge::known;
  const ObjectId object = world.object_of(region->object);
  return object == ObjectId::none ? Knowledge::known : foretell_stored(world.objects[object].bytes, offset >> page_shift, out);
}

// Those that were stored into and can be read, as addresses.
void remembered_pages(const World& world, SpaceId id, std::vector<uint64_t>& out) {
  const AddressSpace& space = world.spaces[id];
  for (const Region& region : space.regions) {
    if (region.protection == 0 || is_slots(world, region.begin)) continue;
    if (!region.shared) {
      space.pages.each(region.begin >> page_shift, region.end >> page_shift, [&](uint64_t number) { out.push_back(number << page_shift); });
      continue;
    }
    const ObjectId object = region.file == InodeId::none ? world.object_of(region.object) : ObjectId::none;
    if (object == ObjectId::none) continue;
    const uint64_t first = region.file_offset >> page_shift;
    world.objects[object].bytes.each(first, first + ((region.end - region.begin) >> page_shift),
                                     [&](uint64_t number) { out.push_back(region.begin + ((number - first) << page_shift)); });
  }
}

}  // namespace

bool is_slots(const World& world, uint64_t address) { return address >= world.bounds.writable_base && address < world.bounds.unmapped_base; }

std::string describe_memory(uint64_t address, std::span<const std::byte> bytes) {
  constexpr size_t shown_max = 16;
  std::string text = fmt::format("at {:#x}", address);
  for (const std::byte one : bytes.first(std::min(bytes.size(), shown_max))) fmt::format_to(std::back_inserter(text), " {:02x}", static_cast<unsigned>(one));
  return text;
}

std::optional<std::string> contradiction(const World& world, SpaceId space, uint64_t address, std::span<const std::byte> seen) {
  Page page;
  const uint64_t in_page = address % page_size;
  if (foretell(world, space, address - in_page, page) != Knowledge::known) return std::nullopt;
  const auto must = std::span(page).subspan(in_page, seen.size());
  if (std::ranges::equal(must, seen)) return std::nullopt;
  return describe_memory(address, must);
}

std::optional<Mismatch> judge_file(const World& world, InodeId id, const FileView& file) {
  constexpr uint64_t pages_max = 64;
  if (id == InodeId::none || world.inodes[id].type != FileType::regular) return std::nullopt;
  const Inode& inode = world.inodes[id];
  if (inode.bytes_unsure) return std::nullopt;
  const auto size = static_cast<uint64_t>(inode.size);
  if (file.size() != size) return Mismatch{"file", fmt::format("{} bytes", size), fmt::format("{} bytes", file.size())};
  Page must, seen;
  for (uint64_t at = 0; at < std::min(size, pages_max * page_size); at += page_size) {
    const size_t there = std::min<uint64_t>(page_size, size - at);
    const auto expected = std::span(must).first(there), found = std::span(seen).first(there);
    inode.bytes.read(at, expected);
    file.read(at, found);
    if (std::ranges::equal(expected, found)) continue;
    const auto wrong = static_cast<size_t>(std::ranges::mismatch(expected, found).in1 - expected.begin());
    return Mismatch{"file", describe_memory(at + wrong, expected.subspan(wrong)), describe_memory(at + wrong, found.subspan(wrong))};
  }
  return std::nullopt;
}

std::optional<Mismatch> judge_memory(const World& world, SpaceId space, const GuestMemory& memory, std::span<const uint64_t> touched) {
  std::vector<uint64_t> remembered;
  remembered_pages(world, space, remembered);
  const auto judge = [&](uint64_t page, bool is_there) -> std::optional<Mismatch> {
    if (is_slots(world, page)) return std::nullopt;
    Page must, seen;
    const Knowledge knowledge = foretell(world, space, page, must);
    if (knowledge == Knowledge::absent && is_there) return Mismatch{"memory", fmt::format("no page at {:#x}", page), "a page"};
    if (knowledge != Knowledge::known || memory.copy_in(page, seen) < seen.size() || must == seen) return std::nullopt;
    const auto at = static_cast<size_t>(std::ranges::mismatch(must, seen).in1 - must.begin());
    return Mismatch{"memory", describe_memory(page + at, std::span(must).subspan(at)), describe_memory(page + at, std::span(seen).subspan(at))};
  };
  for (const uint64_t page : touched) {
    if (auto mismatch = judge(page, true)) return mismatch;
  }
  for (const uint64_t page : remembered) {
    if (auto mismatch = judge(page, false)) return mismatch;
  }
  return std::nullopt;
}

}  // namespace cupel::props
