#include "libos/exec/elf.hh"

#include <bit>
#include <cstring>

#include "libos/base/page.hh"

namespace cupel::libos {
namespace {

using platform::Access;

constexpr uint16_t type_fixed = 2, type_dynamic = 3, machine_x86_64 = 62;
constexpr uint32_t load = 1, interpreter = 3, gnu_stack = 0x6474'e551;
constexpr uint32_t flag_execute = 1, flag_write = 2, flag_read = 4;
constexpr uint64_t path_max = 4096;
constexpr uint64_t alignment_max = 2 * 1024 * 1024;

template <class T>
T field(std::span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.subspan(offset, sizeof(T)).data(), sizeof(T));
  return value;
}

constexpr bool lies_in(uint64_t offset, uint64_t size, uint64_t limit) { return offset <= limit && size <= limit - offset; }

Access access_of(uint32_t flags) {
  // What x86-64 can write or execute it can read.
  Access access = (flags & (flag_read | flag_write | flag_execute)) == 0 ? Access::none : Access::read;
  if ((flags & flag_write) != 0) access = access | Access::write;
  if ((flags & flag_execute) != 0) access = access | Access::execute;
  return access;
}

Result<> add_segment(ProgramHeaders& out, std::span<const std::byte> header, uint64_t file_size) {
  const Segment segment{.address = field<uint64_t>(header, 16), .memory_size = field<uint64_t>(header, 40),
                        .file_offset = field<uint64_t>(header, 8), .file_size = field<uint64_t>(header, 32),
                        .access = access_of(field<uint32_t>(header, 4))};
  const uint64_t alignment = field<uint64_t>(header, 48);
  if (segment.file_size > segment.memory_size) return fail(Errno::noexec);
  if (segment.memory_size == 0) return {};
  if (!lies_in(segment.file_offset, segment.file_size, file_size)) return fail(Errno::noexec);
  if (!lies_in(segment.address, segment.memory_size, user_limit)) return fail(Errno::noexec);
  if (segment.address % page_size != segment.file_offset % page_size) return fail(Errno::noexec);
  if (out.segment_count == segments_max) return fail(Errno::noexec);
  // A page belongs to one segment: two would have to agree on its protection and bytes.
  if (out.segment_count > 0 && page_floor(segment.address) <= page_floor(out.end() - 1)) return fail(Errno::noexec);
  // An alignment that is none, or larger than any page, is not kept to; Linux passes over the first kind as well.
  if (std::has_single_bit(alignment) && alignment <= alignment_max && alignment > out.alignment) out.alignment = alignment;
  out.segment_array[out.segment_count++] = segment;
  return {};
}

void find_table(ProgramHeaders& out, const ElfHeader& header) {
  const uint64_t size = header.table_count * program_header_size;
  for (const Segment& segment : out.segments()) {
    if (header.table_offset < segment.file_offset) continue;
    const uint64_t inside = header.table_offset - segment.file_offset;
    if (lies_in(inside, size, segment.file_size)) out.table_address = segment.address + inside;
  }
}

}  // namespace

bool looks_like_elf(std::span<const std::byte> start) { return start.size() >= 4 && std::memcmp(start.data(), "\177ELF", 4) == 0; }

Result<ElfHeader> parse_elf_header(std::span<const std::byte> start) {
  if (start.size() < elf_header_size || !looks_like_elf(start)) return fail(Errno::noexec);
  constexpr uint8_t class_64 = 2, little_endian = 1;
  if (field<uint8_t>(start, 4) != class_64 || field<uint8_t>(start, 5) != little_endian) return fail(Errno::noexec);
  const auto type = field<uint16_t>(start, 16);
  if (type != type_fixed && type != type_dynamic) return fail(Errno::noexec);
  if (field<uint16_t>(start, 18) != machine_x86_64) return fail(Errno::noexec);
  const ElfHeader header{.position_independent = type == type_dynamic, .entry = field<uint64_t>(start, 24),
                         .table_offset = field<uint64_t>(start, 32), .table_count = field<uint16_t>(start, 56)};
  if (field<uint16_t>(start, 54) != program_header_size) return fail(Errno::noexec);
  if (header.table_count == 0 || header.table_count > program_headers_max) return fail(Errno::noexec);
  return header;
}

Result<ProgramHeaders> parse_program_headers(const ElfHeader& header, std::span<const std::byte> table, uint64_t file_size) {
  if (table.size() != header.table_count * program_header_size) return fail(Errno::noexec);
  ProgramHeaders out;
  out.alignment = page_size;
  for (size_t index = 0; index < header.table_count; ++index) {
    const auto one = table.subspan(index * program_header_size, program_header_size);
    const auto type = field<uint32_t>(one, 0);
    if (type == load) TRY(add_segment(out, one, file_size));
    if (type == gnu_stack) out.executable_stack = (field<uint32_t>(one, 4) & flag_execute) != 0;
    if (type == interpreter && out.interpreter_size == 0) {
      out.interpreter_offset = field<uint64_t>(one, 8);
      out.interpreter_size = field<uint64_t>(one, 32);
      // load_elf_binary() of Linux's fs/binfmt_elf.c: a path of at least one character.
      if (out.interpreter_size < 2 || out.interpreter_size > path_max) return fail(Errno::noexec);
      if (!lies_in(out.interpreter_offset, out.interpreter_size, file_size)) return fail(Errno::noexec);
    }
  }
  if (out.segment_count == 0) return fail(Errno::noexec);
  find_table(out, header);
  return out;
}

}  // namespace cupel::libos
