#include "fuzz/lvbs/fixtures.hh"

#include <array>
#include <cstring>

#include "fuzz/lvbs/test_key.hh"
#include "platforms/lvbs/elf.hh"
#include "platforms/lvbs/module_image.hh"
#include "platforms/lvbs/protection.hh"
#include "platforms/mock/chance.hh"

namespace cupel::fuzz::lvbs {
namespace {

using cupel::lvbs::Part, cupel::lvbs::PatchWrite;
namespace elf = cupel::lvbs::elf;
using Bytes = std::vector<uint8_t>;

constexpr uint64_t text_size = 0x1100, init_size = 0x100, rodata_size = 0x80, exit_size = 0x40, data_size = 0x40, kernel_size = 0x1200;
constexpr uint64_t printk_offset = 0x80;  // of the kernel's text

Bytes chance_bytes(size_t size, uint64_t seed) {
  Bytes all(size);
  for (uint8_t& one : all) one = static_cast<uint8_t>(mock::splitmix64(seed));
  return all;
}
template <class T>
void put(Bytes& bytes, uint64_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}
template <class T>
void append(Bytes& bytes, const T& value) {
  const auto* first = reinterpret_cast<const uint8_t*>(&value);  // SAFETY: the bytes of a plain structure
  bytes.insert(bytes.end(), first, first + sizeof value);
}

// One reference of a section to another place: where, of which kind, to which symbol, and what VTL0's loader makes of it.
struct Reference {
  uint64_t offset;
  elf::Kind kind;
  uint32_t symbol;
  int64_t addend;
};

enum SectionNumber : uint16_t { none, s_text, s_rela_text, s_rodata, s_rela_rodata, s_data, s_ro_after_init, s_init_text, s_rela_init, s_init_data, s_exit, s_symbols, s_strings, s_names, section_count };
enum SymbolNumber : uint32_t { y_none, y_text, y_rodata, y_printk, symbol_count };

class ModuleMaker {
 public:
  explicit ModuleMaker(uint64_t module) : module_(module), text_(chance_bytes(text_size, module + 1)), init_(chance_bytes(init_size, module + 11)), rodata_(chance_bytes(rodata_size, module + 21)), exit_(chance_bytes(exit_size, module + 31)) {
    // Jumps that may be patched: within a page, over the end of one, and in what goes when the module has begun.
    jump(text_, 0x20, 0x40), jump(text_, 0xffe, 0x60), jump(init_, 0x10, 0x30);
  }
  Bytes file() const;
  // What the loader of VTL0 has made of it.
  void load(Bytes& memory) const;

 private:
  static void jump(Bytes& code, uint64_t from, uint64_t to) {
    code[from] = 0xe9;
    put(code, from + 1, static_cast<int32_t>(to - from - 5));
  }
  uint64_t frame(uint64_t part) const { return module_frame(module_, part); }
  uint64_t va(uint64_t part) const { return module_va + (frame(part) << 12); }
  std::vector<Reference> of_text() const { return {{0x100, elf::Kind::plt32, y_printk, -4}, {0x110, elf::Kind::abs64, y_rodata, 8}, {0x120, elf::Kind::abs32s, y_text, 0x30}, {0x130, elf::Kind::pc32, y_rodata, -4}}; }
  std::vector<Reference> of_init() const { return {{0x40, elf::Kind::plt32, y_text, 0x40 - 4}}; }
  std::vector<Reference> of_rodata() const { return {{0x10, elf::Kind::abs64, y_text, 0x50}}; }
  void link(Bytes& memory, uint64_t part, const Bytes& content, const std::vector<Reference>& references) const;

  uint64_t module_;
  Bytes text_, init_, rodata_, exit_;
};

Bytes table_of(const std::vector<Reference>& references) {
  Bytes all;
  for (const Reference& one : references) append(all, elf::Relocation{one.offset, uint64_t{one.symbol} << 32 | static_cast<uint32_t>(one.kind), one.addend});
  return all;
}

Bytes ModuleMaker::file() const {
  constexpr const char* names[section_count] = {"", ".text", ".rela.text", ".rodata", ".rela.rodata", ".data", ".data..ro_after_init", ".init.text", ".rela.init.text", ".init.data", ".exit.text", ".symtab", ".strtab", ".shstrtab"};
  Bytes symbols, strings(1), name_bytes;
  const auto symbol = [&](uint32_t name, uint16_t section, uint64_t value) { append(symbols, elf::Symbol{name, 0x10, 0, section, value, 0}); };
  constexpr std::string_view printk("printk\0", 7);
  strings.insert(strings.end(), printk.begin(), printk.end());
  symbol(0, 0, 0), symbol(0, s_text, 0), symbol(0, s_rodata, 0), symbol(1, elf::undefined, 0);
  elf::Section heads[section_count] = {};
  Bytes made(64);
  const auto add = [&](uint16_t number, uint32_t type, uint64_t flags, const Bytes& content, uint32_t link = 0, uint32_t info = 0, uint64_t entry_size = 0) {
    while (made.size() % 16 != 0) made.push_back(0);
    heads[number] = {static_cast<uint32_t>(name_bytes.size()), type, flags, 0, made.size(), content.size(), link, info, 16, entry_size};
    for (const char* letter = names[number];; ++letter) {
      name_bytes.push_back(static_cast<uint8_t>(*letter));
      if (*letter == 0) break;
    }
    made.insert(made.end(), content.begin(), content.end());
  };
  name_bytes.push_back(0);
  constexpr uint64_t in_memory = elf::flag_alloc, code = elf::flag_alloc | elf::flag_execute, changing = elf::flag_alloc | elf::flag_write;
  add(s_text, 1, code, text_);
  add(s_rela_text, 4, 0, table_of(of_text()), s_symbols, s_text, 24);
  add(s_rodata, 1, in_memory, rodata_);
  add(s_rela_rodata, 4, 0, table_of(of_rodata()), s_symbols, s_rodata, 24);
  add(s_data, 1, changing, Bytes(data_size, 0x5a));
  add(s_ro_after_init, 1, changing, Bytes(data_size, 0x33));
  add(s_init_text, 1, code, init_);
  add(s_rela_init, 4, 0, table_of(of_init()), s_symbols, s_init_text, 24);
  add(s_init_data, 1, changing, Bytes(data_size, 0x77));
  add(s_exit, 1, code, exit_);
  add(s_symbols, 2, 0, symbols, s_strings, 1, 24);
  add(s_strings, 3, 0, strings);
  Bytes all_names = name_bytes;
  for (const char letter : std::string_view(".shstrtab\0", 10)) all_names.push_back(static_cast<uint8_t>(letter));
  add(s_names, 3, 0, all_names);
  const uint64_t heads_at = made.size();
  for (const elf::Section& head : heads) append(made, head);
  constexpr uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  std::memcpy(made.data(), ident, sizeof ident);
  put<uint16_t>(made, 16, 1), put<uint16_t>(made, 18, 62), put<uint32_t>(made, 20, 1), put(made, 40, heads_at), put<uint16_t>(made, 52, 64), put<uint16_t>(made, 58, 64);
  put<uint16_t>(made, 60, section_count), put<uint16_t>(made, 62, s_names);
  return made;
}

void ModuleMaker::link(Bytes& memory, uint64_t part, const Bytes& content, const std::vector<Reference>& references) const {
  Bytes linked = content;
  for (const Reference& one : references) {
    const uint64_t symbol = one.symbol == y_text ? va(module_text) : one.symbol == y_rodata ? va(module_rodata) : kernel_va + (frames::text << 12) + printk_offset;
    const uint64_t whole = symbol + static_cast<uint64_t>(one.addend), place = va(part) + one.offset;
    if (one.kind == elf::Kind::abs64) put(linked, one.offset, whole);
    else put(linked, one.offset, static_cast<uint32_t>(one.kind == elf::Kind::abs32s ? whole : whole - place));
  }
  std::memcpy(memory.data() + (frame(part) << 12), linked.data(), linked.size());
}

void ModuleMaker::load(Bytes& memory) const {
  link(memory, module_text, text_, of_text());
  link(memory, module_rodata, rodata_, of_rodata());
  link(memory, module_init_text, init_, of_init());
  std::memcpy(memory.data() + (frame(module_text) << 12) + text_size, exit_.data(), exit_.size());
}

// Something that no compiler makes: each a file of its own, signed all the same.
enum class Odd : uint8_t { relocation_behind_the_end, relocation_negative, unknown_relocation, unknown_symbol, one_name_twice, symbol_behind_the_end, names_without_end, headers_behind_the_end };
constexpr uint8_t odds = 8;

Bytes odd_file(Odd kind) {
  Bytes file = ModuleMaker(0).file();
  uint64_t heads_at = 0;
  std::memcpy(&heads_at, file.data() + 40, sizeof heads_at);
  const auto head = [&](uint64_t section) { return heads_at + section * sizeof(elf::Section); };
  const auto get = [&](uint64_t at) {
    uint64_t value = 0;
    std::memcpy(&value, file.data() + at, sizeof value);
    return value;
  };
  const uint64_t first_relocation = get(head(s_rela_text) + 24);
  switch (kind) {
    case Odd::relocation_behind_the_end: put<uint64_t>(file, first_relocation, text_size - 2); break;
    case Odd::relocation_negative: put<uint64_t>(file, first_relocation, UINT64_MAX - 1); break;
    case Odd::unknown_relocation: put<uint32_t>(file, first_relocation + 8, 99); break;
    case Odd::unknown_symbol: file[get(head(s_strings) + 24) + 2] = 'X'; break;
    case Odd::one_name_twice: std::memcpy(file.data() + head(s_exit), file.data() + head(s_text), 4); break;
    case Odd::symbol_behind_the_end: put<uint32_t>(file, first_relocation + 12, 0x10'0000); break;
    case Odd::names_without_end: put<uint64_t>(file, head(s_strings) + 32, 3); break;
    case Odd::headers_behind_the_end: put<uint64_t>(file, 40, file.size() - 64); break;
  }
  return file;
}

// A page of ranges, filled one by one.
class List {
 public:
  List(Bytes& memory, uint64_t frame) : memory_(memory), at_(frame << 12) {}
  void add(uint64_t va, uint64_t pa, uint64_t size, uint64_t attribute) {
    const uint64_t words[] = {va + pa, pa, pa + size, attribute};
    std::memcpy(memory_.data() + at_ + 24 + count_++ * 32, words, sizeof words);
    put(memory_, at_ + 16, count_);
  }
  void add_frames(uint64_t va, uint64_t frame, uint64_t count, uint64_t attribute) { add(va, frame << 12, count << 12, attribute); }
  void go_on(uint64_t frame) { put(memory_, at_ + 8, frame << 12); }
  uint64_t count() const { return count_; }

 private:
  Bytes& memory_;
  uint64_t at_, count_ = 0;
};

// Patch records with their head, at `frame`; their size.
uint64_t put_records(Bytes& memory, uint64_t frame, const std::vector<PatchSite>& sites, int module) {
  uint64_t at = (frame << 12) + 48, count = 0;
  for (const PatchSite& site : sites) {
    if (site.module != module) continue;
    put(memory, at, site.write.pa0), put(memory, at + 8, site.write.pa1), put(memory, at + 16, site.write.size);
    std::memcpy(memory.data() + at + 17, site.write.code.data(), site.write.code.size());
    at += PatchWrite::bytes, ++count;
  }
  put(memory, (frame << 12) + 32, count), put(memory, (frame << 12) + 40, count);
  return at - (frame << 12);
}

// The place in memory, with the bytes that stand there.
PatchSite site_at(const Bytes& memory, uint64_t pa, uint8_t size, int module, bool init = false) {
  PatchSite made{{pa, 0, size, {}}, module, init};
  if ((pa & 0xfff) + size > 4096) made.write.pa1 = (pa & ~uint64_t{0xfff}) + 4096;
  std::memcpy(made.write.code.data(), memory.data() + pa, size);
  return made;
}

void make_kernel(Fixtures& made, Bytes& memory) {
  const uint64_t text = frames::text << 12, rodata = frames::rodata << 12;
  const Bytes code = chance_bytes(frames::text_count << 12, 99);
  std::memcpy(memory.data() + text, code.data(), code.size());
  memory[text + 0x30] = memory[text + 0xffd] = 0xe9, memory[text + 0x50] = 0xeb, memory[text + 0x51] = 0x10;
  put<int32_t>(memory, text + 0x31, 0x100), put<int32_t>(memory, text + 0xffe, -0x200);
  made.sites.push_back(site_at(memory, text + 0x30, 5, -1));
  made.sites.push_back(site_at(memory, text + 0xffd, 5, -1));
  made.sites.push_back(site_at(memory, text + 0x50, 2, -1));
  // What the kernel exports: entries with a value and a name, relative to where they stand.
  constexpr std::string_view names[] = {"kfree", "printk", "vfree"};
  uint64_t name_at = 0x100;
  for (uint64_t index = 0; index < std::size(names); ++index) {
    const uint64_t at = index * 12, value = text + (index == 1 ? printk_offset : 0x200 + index * 16);
    put(memory, rodata + at, static_cast<int32_t>(value - rodata - at));
    put(memory, rodata + at + 4, static_cast<int32_t>(name_at - at - 4));
    std::memcpy(memory.data() + rodata + name_at, names[index].data(), names[index].size());
    name_at += names[index].size() + 1;
  }
  List protect(memory, frames::lists + list_protect);
  protect.add_frames(kernel_va, frames::text, frames::text_count, cupel::lvbs::protection::attr_read | cupel::lvbs::protection::attr_execute);
  protect.add_frames(kernel_va, frames::rodata, frames::rodata_count, cupel::lvbs::protection::attr_read);
  made.ranges_protect = protect.count();
  std::memcpy(memory.data() + (frames::blobs << 12), test_certificate, sizeof test_certificate);
  const uint64_t info[] = {kernel_va + rodata, kernel_va + rodata + 36, 0, 0};
  std::memcpy(memory.data() + ((frames::blobs + 1) << 12), info, sizeof info);
  List data(memory, frames::lists + list_data);
  data.add(kernel_va, frames::blobs << 12, sizeof test_certificate, 0);
  data.add(kernel_va, (frames::blobs + 1) << 12, sizeof info, 3);
  data.add_frames(kernel_va, frames::rodata, 1, 4);
  data.add(kernel_va, (frames::blobs + 2) << 12, put_records(memory, frames::blobs + 2, made.sites, -1), 5);
  data.add_frames(kernel_va, frames::blobs + 3, 1, 6);
  made.ranges_data = data.count();
}

void make_module(Fixtures& made, Bytes& memory, uint64_t module) {
  const ModuleMaker maker(module);
  maker.load(memory);
  const Bytes file = sign(maker.file());
  std::memcpy(memory.data() + (module_frame(module, module_file) << 12), file.data(), file.size());
  made.file_sizes.push_back(file.size());
  const int number = static_cast<int>(module);
  for (const uint64_t offset : {uint64_t{0x20}, uint64_t{0xffe}}) made.sites.push_back(site_at(memory, (module_frame(module, module_text) << 12) + offset, 5, number));
  made.sites.push_back(site_at(memory, (module_frame(module, module_init_text) << 12) + 0x10, 5, number, true));
  const uint64_t records = put_records(memory, module_frame(module, module_patches), made.sites, number);
  List list(memory, frames::lists + list_module + module);
  const auto add = [&](List& to, uint64_t part, uint64_t count, Part attribute) { to.add_frames(module_va, module_frame(module, part), count, static_cast<uint64_t>(attribute)); };
  add(list, module_text, 2, Part::text), add(list, module_rodata, 1, Part::rodata), add(list, module_data, 1, Part::data), add(list, module_ro_after_init, 1, Part::ro_after_init);
  // The last module's list takes two pages.
  const bool two_pages = module == frames::modules_count - 1;
  if (two_pages) list.go_on(frames::lists + list_rest);
  List rest(memory, frames::lists + list_rest);
  List& second = two_pages ? rest : list;
  add(second, module_init_text, 1, Part::init_text), add(second, module_init_data, 1, Part::init_data);
  second.add(module_va, module_frame(module, module_file) << 12, file.size(), static_cast<uint64_t>(Part::elf));
  second.add(module_va, module_frame(module, module_patches) << 12, records, static_cast<uint64_t>(Part::patches));
  made.ranges_module = list.count() + rest.count();
}

void make_next_kernel(Fixtures& made, Bytes& memory) {
  const Bytes code = chance_bytes(kernel_size, 7), file = sign(code);
  const uint64_t blob = frames::kexec, image = frames::kexec + 4, pages = frames::kexec + 5, target = frames::kexec + 8;
  std::memcpy(memory.data() + (blob << 12), file.data(), file.size());
  std::memcpy(memory.data() + (target << 12), code.data(), code.size());
  const uint64_t kimage[] = {0, 0, 0, target << 12, pages << 12, 0, 0, 0, 1, 0, kernel_size, target << 12, 0x2000};
  std::memcpy(memory.data() + (image << 12), kimage, sizeof kimage);
  List list(memory, frames::lists + list_kexec);
  list.add_frames(kernel_va, image, 1, 0), list.add_frames(kernel_va, blob, 2, 1), list.add_frames(kernel_va, pages, 1, 2);
  made.ranges_kexec = list.count();
}

}  // namespace

bool Fixtures::is_signed_text(uint64_t gfn, const uint64_t* page, bool patched) const {
  for (uint64_t module = 0; module < frames::modules_count; ++module) {
    if (gfn != module_frame(module, module_text) && gfn != module_frame(module, module_text) + 1 && gfn != module_frame(module, module_init_text)) continue;
    std::array<uint8_t, 4096> now, signed_page;
    std::memcpy(now.data(), page, now.size()), std::memcpy(signed_page.data(), &memory[gfn * 512], signed_page.size());
    for (const PatchSite& site : sites) {
      for (uint64_t byte = 0; patched && byte < site.write.size; ++byte) {
        const uint64_t place = site.write.pa0 + byte;
        if (place >> 12 == gfn) now[place & 0xfff] = signed_page[place & 0xfff];
      }
    }
    return now == signed_page;
  }
  return gfn >= frames::text && gfn < frames::text + frames::text_count;
}

bool Fixtures::is_next_kernel(uint64_t gfn, const uint64_t* page) const { return std::memcmp(page, &memory[gfn * 512], 4096) == 0; }

const Fixtures& fixtures() {
  static const Fixtures all = [] {
    Fixtures made;
    Bytes memory(frames::count << 12);
    make_kernel(made, memory);
    for (uint64_t module = 0; module < frames::modules_count; ++module) make_module(made, memory, module);
    make_next_kernel(made, memory);
    for (uint8_t kind = 0; kind < odds; ++kind) made.odd_files.push_back(sign(odd_file(static_cast<Odd>(kind))));
    made.memory.resize(memory.size() / 8);
    std::memcpy(made.memory.data(), memory.data(), memory.size());
    return made;
  }();
  return all;
}

}  // namespace cupel::fuzz::lvbs
