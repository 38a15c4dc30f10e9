// The input is an ELF file. What execve(2) makes of it must be what the file says, by a reader of its own.
#include <elf.h>
#include <fmt/format.h>
#include <sys/syscall.h>

#include <array>
#include <cstring>
#include <optional>

#include "fuzz/parsers/file_target.hh"
#include "fuzz/parsers/put_file.hh"
#include "libos/exec/exec.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

using namespace libos;

constexpr std::array<std::string_view, 4> oracle_names{"loaded", "started", "atomic", "leak"};
constexpr std::string_view path = "/program", first_argument = "program", variable = "NAME=value";

class ElfTarget final : public FileTarget {
 public:
  std::string_view name() const override { return "elf"; }
  std::span<const std::string_view> oracles() const override { return oracle_names; }

 private:
  std::string feed(Machine& machine, ByteView input) override {
    Task& task = machine.first_task();
    const auto file = put_file(machine, path, input);
    if (!file) return "the file has no room\n";
    const std::string said = prepare(machine, *file, input);
    start(task, said);
    return said;
  }

  // What execve(2) does until nothing can fail any more.
  std::string prepare(Machine& machine, const Ref<Inode>& file, ByteView input) {
    Task& task = machine.first_task();
    Arguments arguments(machine.arena(), machine.config().argument_size_max);
    if (!arguments.add_argument(first_argument) || !arguments.add_variable(variable)) return "the arguments have no room\n";
    const size_t before = machine.arena().allocated_size();
    auto program = prepare_program(task, file, path, arguments);
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

  // The call itself: its arguments lie in guest memory. It does what was prepared, and the new program finds them on its stack.
  void start(Task& task, std::string_view prepared) {
    constexpr uint64_t text_at = slots_base, vectors_at = slots_base + 256;
    std::array<char, 256> text{};
    std::array<uint64_t, 4> vectors{text_at + 64, 0, text_at + 128, 0};
    std::ranges::copy(path, text.begin());
    std::ranges::copy(first_argument, text.begin() + 64);
    std::ranges::copy(variable, text.begin() + 128);
    if (!task.memory().write(text_at, std::as_bytes(std::span(text))) || !task.memory().write(vectors_at, std::as_bytes(std::span(vectors)))) return;
    platform::GuestRegisters& registers = task.platform().registers(task.tid());
    const int64_t answer = linux_shim::enter(task, SYS_execve, {text_at, vectors_at, vectors_at + 16});
    const std::string said = answer < 0 ? fmt::format("refused: {}\n", errno_name(static_cast<Errno>(-answer))) : "";
    if (answer < 0 || prepared.starts_with("refused")) return expect(said == prepared, "started", "execve(2) answers what was prepared", said);
    if (const auto wrong = stack_mismatch(task, registers.rsp)) expect(false, "started", *wrong);
  }

  // How the psABI has a program find its arguments: their count, then pointers to each, a null, and the same of the variables.
  std::optional<std::string> stack_mismatch(const Task& task, uint64_t stack) {
    std::array<uint64_t, 5> words{};
    if (stack % 16 != 0) return "a stack is aligned to 16 bytes";
    if (!task.memory().read(stack, std::as_writable_bytes(std::span(words)))) return "a stack can be read";
    const auto [count, argument, end, value, last] = words;
    // A script's interpreter comes before what was asked for.
    if (count == 1 && (end != 0 || text_at(task, argument) != first_argument || text_at(task, value) != variable || last != 0)) return "a program finds its arguments";
    return count == 0 ? std::optional<std::string>("a program has an argument") : std::nullopt;
  }
  static std::string text_at(const Task& task, uint64_t address) {
    std::string text;
    char one = 0;
    while (text.size() < 64 && task.memory().read(address + text.size(), std::as_writable_bytes(std::span(&one, 1))) && one != 0) text += one;
    return text;
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
