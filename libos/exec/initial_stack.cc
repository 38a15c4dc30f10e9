#include "libos/exec/initial_stack.hh"

namespace cupel::libos {
namespace {

constexpr uint64_t word_size = 8;
constexpr std::string_view platform_name{"x86_64", 7};  // with its NUL

enum class Tag : uint64_t {
  null = 0, phdr = 3, phent = 4, phnum = 5, pagesz = 6, base = 7, flags = 8, entry = 9, uid = 11, euid = 12, gid = 13, egid = 14, platform = 15,
  hwcap = 16, clktck = 17, secure = 23, random = 25, hwcap2 = 26, execfn = 31, sysinfo_ehdr = 33,
};
struct Auxiliary {
  Tag tag;
  uint64_t value;
};

// Words written one behind the other, many at a time.
class WordWriter {
 public:
  WordWriter(const GuestMemory& memory, uint64_t address) : memory_(memory), address_(address) {}
  Result<> put(uint64_t word) {
    words_[count_++] = word;
    return count_ == words_.size() ? flush() : Result<>{};
  }
  Result<> flush() {
    TRY(memory_.write(address_, std::as_bytes(std::span(words_).first(count_))));
    address_ += count_ * word_size;
    count_ = 0;
    return {};
  }

 private:
  const GuestMemory& memory_;
  uint64_t address_;
  std::array<uint64_t, 64> words_;
  size_t count_ = 0;
};

// A pointer to each string from `address` on, with a null pointer behind argv's and envp's.
Result<> put_pointers(WordWriter& out, const Arguments& arguments, uint64_t address) {
  uint64_t index = 0;
  bool at_start = true;
  const auto end_vector = [&]() -> Result<> { return index == arguments.argument_count() ? out.put(0) : Result<>{}; };
  TRY(end_vector());
  TRY(arguments.each_piece([&](std::span<const std::byte> piece) -> Result<> {
    for (const std::byte byte : piece) {
      if (at_start) TRY(out.put(address));
      at_start = byte == std::byte{};
      ++address;
      if (!at_start) continue;
      ++index;
      TRY(end_vector());
    }
    return {};
  }));
  return out.put(0);
}

}  // namespace

Result<uint64_t> write_initial_stack(const GuestMemory& memory, const Config& config, const Arguments& arguments, const ProgramFacts& facts) {
  uint64_t top = config.stack_top - word_size;  // Linux leaves a null pointer at the very top
  const auto push = [&](std::span<const std::byte> bytes) -> Result<uint64_t> {
    top -= bytes.size();
    TRY(memory.write(top, bytes));
    return top;
  };
  const std::byte nul{};
  static_cast<void>(TRY(push({&nul, 1})));
  const uint64_t name_at = TRY(push(std::as_bytes(std::span(facts.file_name))));
  const uint64_t strings_at = top -= arguments.size();
  uint64_t at = strings_at;
  TRY(arguments.each_piece([&](std::span<const std::byte> piece) -> Result<> {
    TRY(memory.write(at, piece));
    at += piece.size();
    return {};
  }));
  const uint64_t platform_at = TRY(push(std::as_bytes(std::span(platform_name))));
  top &= ~uint64_t{15};
  const uint64_t random_at = TRY(push(facts.random));

  const LoadedFile& program = *facts.program;
  const Credentials& who = facts.credentials;
  const bool secure = who.uid != who.euid || who.gid != who.egid;
  const uint64_t table = program.program.table_address;
  const std::array vector{
      Auxiliary{Tag::hwcap, config.hardware_capabilities}, Auxiliary{Tag::pagesz, page_size}, Auxiliary{Tag::clktck, 100},
      Auxiliary{Tag::phdr, table == 0 ? 0 : table + program.bias}, Auxiliary{Tag::phent, program_header_size},
      Auxiliary{Tag::phnum, program.header.table_count}, Auxiliary{Tag::base, facts.interpreter_bias}, Auxiliary{Tag::flags, 0},
      Auxiliary{Tag::entry, program.entry()}, Auxiliary{Tag::uid, who.uid}, Auxiliary{Tag::euid, who.euid}, Auxiliary{Tag::gid, who.gid},
      Auxiliary{Tag::egid, who.egid}, Auxiliary{Tag::secure, secure ? 1u : 0u}, Auxiliary{Tag::random, random_at}, Auxiliary{Tag::hwcap2, 0},
      Auxiliary{Tag::execfn, name_at}, Auxiliary{Tag::platform, platform_at}, Auxiliary{Tag::sysinfo_ehdr, config.vdso_address}};
  const bool has_vdso = config.vdso_address != 0;
  const size_t vector_count = vector.size() - (has_vdso ? 0 : 1) + 1;
  const uint64_t words = 1 + arguments.argument_count() + 1 + arguments.variable_count() + 1 + 2 * vector_count;
  const uint64_t stack = (top - words * word_size) & ~uint64_t{15};

  WordWriter out(memory, stack);
  TRY(out.put(arguments.argument_count()));
  TRY(put_pointers(out, arguments, strings_at));
  for (const Auxiliary& one : vector) {
    if (one.tag == Tag::sysinfo_ehdr && !has_vdso) continue;
    TRY(out.put(static_cast<uint64_t>(one.tag)));
    TRY(out.put(one.value));
  }
  TRY(out.put(static_cast<uint64_t>(Tag::null)));
  TRY(out.put(0));
  TRY(out.flush());
  return stack;
}

}  // namespace cupel::libos
