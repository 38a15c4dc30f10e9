#include "libos/exec/load.hh"

#include <algorithm>
#include <cstring>

namespace cupel::libos {
namespace {

using platform::Access;

constexpr std::array<std::byte, page_size> zeros{};
constexpr uint64_t lowest_address = 65536;  // vm.mmap_min_addr

constexpr uint64_t page_number(uint64_t address) { return address >> page_shift; }
constexpr uint64_t page_end(uint64_t address) { return (address + page_size - 1) >> page_shift; }  // segments end below user_limit

Result<> map_segment(AddressSpace& space, const Ref<RegularFile>& file, const Segment& segment, uint64_t bias) {
  const uint64_t address = segment.address + bias, file_end = address + segment.file_size;
  const uint64_t first = page_number(address), last = page_end(address + segment.memory_size);
  const uint64_t bytes_end = segment.file_size == 0 ? first : page_end(file_end);
  if (first < page_number(lowest_address)) return fail(Errno::perm);
  if (space.overlaps(first, last - first)) return fail(Errno::nomem);
  if (bytes_end > first) {
    TRY(space.map({.start = first, .pages = bytes_end - first, .access = segment.access, .object = file, .object_start = page_number(segment.file_offset)}));
  }
  if (last > bytes_end) TRY(space.map({.start = bytes_end, .pages = last - bytes_end, .access = segment.access}));
  // What the file has behind the segment's bytes is not the segment's. A page that cannot be written keeps it, as in Linux.
  const uint64_t tail = (bytes_end << page_shift) - file_end;
  const bool has_tail = segment.file_size > 0 && segment.memory_size > segment.file_size && tail > 0;
  if (has_tail && allows(segment.access, Access::write)) TRY(space.write(file_end, std::span(zeros).first(tail)));
  return {};
}

// Room for the whole program, from which its alignment leaves enough.
Result<uint64_t> choose_bias(const AddressSpace& space, const ProgramHeaders& program) {
  const uint64_t within = program.alignment - 1;
  const uint64_t low = program.low() & ~within;
  const uint64_t size = TRY(page_ceil(program.end() - low)), slack = program.alignment - page_size;
  const uint64_t found = TRY(space.find_free(0, page_number(size + slack))) << page_shift;
  return ((found + slack) & ~within) - low;
}

}  // namespace

Result<size_t> read_file(RegularFile& file, uint64_t offset, std::span<std::byte> out) {
  size_t done = 0;
  while (done < out.size() && offset < file.size()) {
    const uint64_t in_page = offset % page_size;
    const size_t size = std::min({out.size() - done, file.size() - offset, page_size - in_page});
    const std::byte* page = TRY(file.page(offset / page_size));
    std::memcpy(out.data() + done, page == nullptr ? zeros.data() : page + in_page, size);
    done += size, offset += size;
  }
  return done;
}

Result<LoadedFile> inspect(RegularFile& file) {
  std::array<std::byte, program_headers_max * program_header_size> bytes;
  LoadedFile loaded{};
  loaded.header = TRY(parse_elf_header(std::span(bytes).first(TRY(read_file(file, 0, std::span(bytes).first(elf_header_size))))));
  const auto table = std::span(bytes).first(loaded.header.table_count * program_header_size);
  loaded.program = TRY(parse_program_headers(loaded.header, table.first(TRY(read_file(file, loaded.header.table_offset, table))), file.size()));
  return loaded;
}

Result<> map_segments(AddressSpace& space, const Ref<RegularFile>& file, LoadedFile& loaded) {
  loaded.bias = loaded.header.position_independent ? TRY(choose_bias(space, loaded.program)) : 0;
  for (const Segment& segment : loaded.program.segments()) TRY(map_segment(space, file, segment, loaded.bias));
  return {};
}

}  // namespace cupel::libos
