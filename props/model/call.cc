#include "props/model/call.hh"

#include <sys/resource.h>

#include <algorithm>

#include "libos/base/check.hh"
#include "props/model/contents.hh"

namespace cupel::props {
namespace {

constexpr uint64_t transfer_max = 0x7fff'f000;  // bytes one call moves at most

}  // namespace

Result<FileId> Call::file(size_t index, bool path_too) const {
  const size_t place = index == 0 ? 0 : 1;
  if (resumed() && task.held[place] != FileId::none) return task.held[place];
  const FileId id = table().at(arg<int32_t>(index));
  if (id == FileId::none || (!path_too && at(id).is_path())) return fail(Errno::badf);
  scratch_.files[place] = id;
  return id;
}

uint64_t Call::descriptors_max() const { return std::min<uint64_t>(world.bounds.config.descriptors_max, soft_limit(RLIMIT_NOFILE)); }

int64_t Call::file_size_max() const {
  return static_cast<int64_t>(std::min<uint64_t>({world.bounds.config.file_size_max, soft_limit(RLIMIT_FSIZE), INT64_MAX}));
}

Result<> Call::room_for_pages(uint64_t begin, uint64_t size, bool writable_data) const {
  const uint64_t all_max = soft_limit(RLIMIT_AS) >> page_shift, data_max = soft_limit(RLIMIT_DATA) >> page_shift;
  uint64_t all = size, data = size;  // bytes, when the new ones are there
  for (const Region& region : space().regions) {
    const uint64_t stays = region.end - region.begin;
    const uint64_t from = std::max(begin, region.begin), to = std::min(begin + size, region.end);
    all += stays, all -= from < to ? to - from : 0;
    data -= from < to ? to - from : 0;
    if (!region.shared && (region.protection & prot_write) != 0) data += stays;
  }
  if (all >> page_shift > all_max) return fail(Errno::nomem);
  if (writable_data && data >> page_shift > data_max) return fail(Errno::nomem);
  return {};
}

Result<> Call::room_for_descriptors(uint32_t count, uint32_t from) const {
  uint32_t number = from;
  for (; count > 0; --count, ++number) {
    number = table().lowest_free(number);
    if (number >= descriptors_max()) return fail(Errno::mfile);
  }
  return {};
}

size_t Call::reach(uint64_t address, size_t size, uint8_t protection) const {
  if (size > user_limit - std::min(address, user_limit)) size = user_limit - std::min(address, user_limit);
  // Every kind of access makes a page readable on x86-64.
  const uint8_t enough = protection == prot_read ? prot_read | prot_write | prot_exec : protection;
  uint64_t end = address;
  for (auto region = space().after(address); region != space().regions.end() && region->begin <= end; ++region) {
    if ((region->protection & enough) == 0 || end >= address + size) break;
    end = region->end;
    if (region->file == InodeId::none) continue;
    // Pages wholly behind the end of the file cannot be touched.
    const uint64_t last = (static_cast<uint64_t>(at(region->file).size) + page_size - 1) & ~(page_size - 1);
    const uint64_t reached = region->begin + (last > region->file_offset ? last - region->file_offset : 0);
    if (reached < end) {
      end = std::max(reached, address);
      break;
    }
  }
  return std::min<uint64_t>(end - address, size);
}

Result<> Call::unknown_is_zero(uint64_t address, uint64_t size, uint64_t known) const {
  if (size > page_size) return fail(Errno::too_big);
  std::array<std::byte, page_size> rest;
  const auto unknown = std::span(rest).first(size - known);
  const size_t got = load(address, unknown);
  if (std::ranges::any_of(unknown.first(got), [](std::byte one) { return one != std::byte{0}; })) return fail(Errno::too_big);
  return got < unknown.size() ? fail(Errno::fault) : Result<>{};
}

size_t Call::load(uint64_t address, std::span<std::byte> out) const {
  const size_t size = readable(address, out.size());
  const size_t copied = size == 0 ? 0 : invocation_.memory->copy_in(address, out.first(size));
  std::ranges::fill(out.subspan(copied, size - copied), std::byte{0});
  if (scratch_.judges_memory && !resumed()) judge_loaded(address, out.first(copied));
  return size;
}

Result<> Call::read_once(uint64_t address, std::span<std::byte> out) const {
  const auto& known = resumed() ? task.remembered : scratch_.remembered;
  const auto found = std::ranges::find_if(known, [&](const Remembered& one) { return one.address == address && one.size == out.size(); });
  if (found != known.end()) {
    std::ranges::copy(std::span(found->bytes).first(out.size()), out.begin());
    return {};
  }
  if (load(address, out) != out.size()) return fail(Errno::fault);
  CHECK(out.size() <= sizeof(Remembered::bytes));
  Remembered& made = scratch_.remembered.emplace_back(Remembered{address, out.size(), {}});
  std::ranges::copy(out, made.bytes.begin());
  return {};
}

// A file's own pages are left to those who read the file: the call may be about to change it.
void Call::judge_loaded(uint64_t address, std::span<const std::byte> bytes) const {
  if (is_slots(world, address)) return;
  for (size_t done = 0; done < bytes.size() && scratch_.memory_must.empty();) {
    const uint64_t at = address + done;
    const auto part = bytes.subspan(done, std::min<size_t>(bytes.size() - done, page_size - at % page_size));
    const Region* region = space().at(at);
    const bool is_private = region != nullptr && !region->shared && space().pages.has(at >> page_shift);
    if (region != nullptr && (region->file == InodeId::none || is_private)) {
      if (const auto must = contradiction(world, task.space, at, part)) {
        scratch_.memory_must = *must;
        scratch_.memory_has = describe_memory(at, part);
      }
    }
    done += part.size();
  }
}

Result<> Call::can_store(Allowed& allowed, uint64_t address, size_t size) const {
  const size_t room = writable(address, size);
  if (room == size) return {};
  if (room > 0) allowed.may_scribble(address, room);
  return fail(Errno::fault);
}

Result<std::string_view> Call::path(size_t index, bool empty_too) const {
  CHECK(scratch_.paths_count < scratch_.paths.size());
  std::span<char> room = scratch_.paths[scratch_.paths_count++];
  const uint64_t base = address(index);
  for (size_t done = 0; done < room.size();) {
    // Short steps: nearly all names end in the first.
    const size_t step = std::min(room.size() - done, done == 0 ? size_t{128} : room.size());
    const size_t got = load(base + done, std::as_writable_bytes(room.subspan(done, step)));
    const std::string_view text(room.data(), done + got);
    const size_t end = text.find('\0', done);
    if (end == 0 && !empty_too) return fail(Errno::noent);
    if (end != text.npos) return text.substr(0, end);
    if (got < step) return fail(Errno::fault);
    done += step;
  }
  return fail(Errno::nametoolong);
}

Result<std::span<const Piece>> Call::buffer(size_t index) const {
  const Piece piece{address(index), arg<uint64_t>(index + 1)};
  if (piece.size > user_limit || piece.address > user_limit - piece.size) return fail(Errno::fault);
  scratch_.pieces.assign(1, {piece.address, std::min(piece.size, transfer_max)});
  return scratch_.pieces;
}

Result<std::span<const Piece>> Call::vector(size_t index) const {
  constexpr uint64_t pieces_max = 1024;
  const auto count = arg<uint32_t>(index + 1);  // as wide as the kernel counts
  if (count > pieces_max) return fail(Errno::inval);
  scratch_.pieces.resize(count);
  const size_t readable_count = load(address(index), std::as_writable_bytes(std::span(scratch_.pieces))) / sizeof(Piece);
  for (size_t at = 0; at < count; ++at) {
    if (at == readable_count) return fail(Errno::fault);
    if (scratch_.pieces[at].size > INT64_MAX) return fail(Errno::inval);
  }
  uint64_t total = 0;
  if (count == 1) scratch_.pieces[0].size = std::min(scratch_.pieces[0].size, transfer_max);
  for (Piece& piece : scratch_.pieces) {
    if (piece.size > user_limit || piece.address > user_limit - piece.size) return fail(Errno::fault);
    piece.size = std::min(piece.size, transfer_max - total);
    total += piece.size;
  }
  return scratch_.pieces;
}

size_t Call::reach(std::span<const Piece> pieces, size_t limit, uint8_t protection) const {
  size_t total = 0;
  for (const Piece& piece : pieces) {
    const size_t wanted = std::min<uint64_t>(piece.size, limit - total);
    const size_t reached = reach(piece.address, wanted, protection);
    total += reached;
    if (reached < wanted) break;
  }
  return total;
}

bool Call::maps(std::span<const Piece> pieces, InodeId file) const {
  return std::ranges::any_of(space().regions, [&](const Region& region) {
    return region.file == file && std::ranges::any_of(pieces, [&](const Piece& piece) {
      return piece.address < region.end && piece.address + piece.size > region.begin;
    });
  });
}

std::span<const std::byte> Call::load(std::span<const Piece> pieces, size_t size) const {
  scratch_.bytes.resize(size);
  size_t done = 0;
  for (const Piece& piece : pieces) {
    const size_t step = std::min<uint64_t>(piece.size, size - done);
    done += load(piece.address, std::span(scratch_.bytes).subspan(done, step));
  }
  return scratch_.bytes;
}

}  // namespace cupel::props
