// The input is an ELF file. What execve(2) makes of it must be what the file says, by a reader of its own.
#include <elf.h>
#include <fmt/format.h>

#include <array>
#include <cstring>

#include "fuzz/parsers/file_target.hh"
#include "fuzz/parsers/put_file.hh"
#include "libos/exec/exec.hh"

namespace cupel::fuzz {
namespace {

using namespace libos;

constexpr std::array<std::string_view, 3> oracle_names{"loaded", "atomic", "leak"};

class ElfTarget final : public FileTarget {
 public:
  std::string_view name() const override { return "elf"; }
  std::span<const std::string_view> oracles() const override { return oracle_names; }

 private:
  std::string feed(Machine& machine, ByteView input) override {
    Task& task = machine.first_task();
    const auto file = put_file(machine, "/program", input);
    if (!file) return "the file has no room\n";
    Arguments arguments(machine.arena(), machine.config().argument_size_max);
    if (!arguments.add_argument("program")) return "the arguments have no room\n";
    const size_t before = machine.arena().allocated_size();
    auto program = prepare_program(task, *file, "/program", arguments);
    if (!program) {
      // Page tables of the file stay: it is a hole no more once it was read through a mapping.
      expect(machine.arena().allocated_size() == before, "atomic", "a file that is refused leaves nothing in the arena",
             fmt::format("{} bytes", machine.arena().allocated_size() - before));
      return fmt::format("refused: {}\n", errno_name(program.error()));
    }
    program->space->check();
    compare(*program, input);
    return fmt::format("entry {:#x}, stack {:#x}, {} mappings\n", program->entry, program->stack, program->space->vma_count());
  }

  // Every byte of every segment is in memory; behind it are zeros; and the program may do with it what the segment says.
  void compare(const NewProgram& program, ByteView input) {
    Elf64_Ehdr header;
    expect(input.size() >= sizeof(header), "loaded", "a file without a header is none");
    if (input.size() < sizeof(header)) return;
    std::memcpy(&header, input.data(), sizeof(header));
    const uint64_t bias = program.entry - header.e_entry;  // no other program is mapped: there is no interpreter to find
    for (size_t index = 0; index < header.e_phnum; ++index) {
      Elf64_Phdr segment;
      const uint64_t at = header.e_phoff + index * sizeof(segment);
      expect(at <= input.size() && sizeof(segment) <= input.size() - at, "loaded", "program headers lie in the file");
      if (at > input.size() || sizeof(segment) > input.size() - at) return;
      std::memcpy(&segment, input.data() + at, sizeof(segment));
      if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
      compare_segment(program, segment, bias, input);
    }
  }

  void compare_segment(const NewProgram& program, const Elf64_Phdr& segment, uint64_t bias, ByteView input) {
    const uint64_t address = segment.p_vaddr + bias;
    expect(segment.p_offset <= input.size() && segment.p_filesz <= input.size() - segment.p_offset, "loaded", "a segment's bytes lie in the file");
    std::byte there{};
    if ((segment.p_flags & (PF_R | PF_W | PF_X)) == 0) return;
    for (uint64_t at = 0; at < segment.p_filesz; at += at + 64 < segment.p_filesz && segment.p_filesz > 4096 ? 61 : 1) {
      expect(program.space->copy_in(address + at, {&there, 1}) == 1 && there == std::byte{input[segment.p_offset + at]}, "loaded", "a segment has the file's bytes",
             fmt::format("at {:#x}", address + at));
    }
    const bool writable = (segment.p_flags & PF_W) != 0;
    if (segment.p_memsz > segment.p_filesz && writable) {
      for (const uint64_t at : {segment.p_filesz, segment.p_filesz + (segment.p_memsz - segment.p_filesz) / 2, segment.p_memsz - 1}) {
        expect(program.space->copy_in(address + at, {&there, 1}) == 1 && there == std::byte{}, "loaded", "behind the file's bytes are zeros", fmt::format("at {:#x}", address + at));
      }
    }
    const bool wrote = program.space->copy_out(address, {&there, 1}) == 1;
    expect(wrote == writable, "loaded", writable ? "a segment that may be written can be" : "a segment that may not be written cannot be", fmt::format("at {:#x}", address));
  }

  Bytes sample(Random& random) override {
    Bytes file(random.between(0x200, 0x2800));
    for (uint8_t& byte : file) byte = static_cast<uint8_t>(random.next());
    const bool independent = random.one_in(2);
    const uint64_t base = independent ? 0 : 0x40'0000;
    const auto segments = static_cast<uint16_t>(random.between(1, 4));
    std::fill(file.begin(), file.begin() + 64 + 56 * segments, uint8_t{0});
    const std::array<uint8_t, 7> magic{0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::ranges::copy(magic, file.begin());
    put_number(file, 16, uint16_t{independent ? uint16_t{3} : uint16_t{2}}), put_number(file, 18, uint16_t{62}), put_number(file, 24, base + 0x100);
    put_number(file, 32, uint64_t{64}), put_number(file, 54, uint16_t{56}), put_number(file, 56, segments);
    uint64_t address = base;
    for (size_t index = 0; index < segments; ++index) {
      const size_t at = 64 + 56 * index;
      const uint64_t offset = index == 0 ? 0 : random.below(static_cast<uint32_t>(file.size()));
      const uint64_t size = random.below(static_cast<uint32_t>(file.size() - offset) + 1), memory = size + (random.one_in(2) ? random.below(0x3000) : 0);
      put_number(file, at, uint32_t{1}), put_number(file, at + 4, random.below(8)), put_number(file, at + 8, offset), put_number(file, at + 16, address + offset % 4096);
      put_number(file, at + 32, size), put_number(file, at + 40, memory), put_number(file, at + 48, uint64_t{0x1000} << random.below_low(10));
      address += (offset % 4096 + memory + 0x1fff) / 0x1000 * 0x1000;
    }
    return file;
  }
};

const TargetInfo info{"elf", "ELF files as execve(2) loads them", [] { return std::unique_ptr<Target>(std::make_unique<ElfTarget>()); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
