#include "fuzz/host/canonical.hh"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "libos/base/errno.hh"

namespace cupel::host {
namespace {

using interface::ArgDesc;
using interface::Kind;

enum class Loose : uint8_t {
  any,              // of no meaning in the other world
  inode, device,    // stands for a thing
  device_halves,    // the same, major before minor
  blocks,           // the kernel may hold pages for a write that failed
  privileges,       // set-id bits: the root of a user namespace is not privileged enough to keep them through a write
  directory_size,   // each file system has its own idea of it
  ceiling,          // a limit that the sandbox was started under, or needs, may be lower
  owner,            // what belongs to nobody in the sandbox's namespace (an eventfd) has the overflow id there
};
// Fields of structs that calls fill in, by the struct's name.
struct LooseField {
  std::string_view element;
  uint16_t offset, size;
  Loose how;
};
constexpr std::array loose_fields{
    LooseField{"RawStat", offsetof(struct stat, st_dev), 8, Loose::device},
    LooseField{"RawStat", offsetof(struct stat, st_ino), 8, Loose::inode},
    LooseField{"RawStat", offsetof(struct stat, st_mode), 4, Loose::privileges},
    LooseField{"RawStat", offsetof(struct stat, st_blocks), 8, Loose::blocks},
    LooseField{"RawStat", offsetof(struct stat, st_uid), 4, Loose::owner},
    LooseField{"RawStat", offsetof(struct stat, st_gid), 4, Loose::owner},
    LooseField{"RawStat", offsetof(struct stat, st_size), 8, Loose::directory_size},
    LooseField{"RawStat", offsetof(struct stat, st_atim), 48, Loose::any},
    // struct statx: what it knows beyond the basic is each file system's to say.
    LooseField{"RawStatx", 0, 4, Loose::any},
    LooseField{"RawStatx", 8, 8, Loose::any},
    LooseField{"RawStatx", 20, 4, Loose::owner},
    LooseField{"RawStatx", 24, 4, Loose::owner},
    LooseField{"RawStatx", 28, 4, Loose::privileges},
    LooseField{"RawStatx", 32, 8, Loose::inode},
    LooseField{"RawStatx", 40, 8, Loose::directory_size},
    LooseField{"RawStatx", 48, 8, Loose::blocks},
    LooseField{"RawStatx", 56, 72, Loose::any},
    LooseField{"RawStatx", 136, 8, Loose::device_halves},
    LooseField{"RawStatx", 144, 112, Loose::any},
    LooseField{"RawLimit", 0, 8, Loose::ceiling},
    LooseField{"RawLimit", 8, 8, Loose::ceiling},
    // How much there is on it, its number and how it is mounted.
    LooseField{"RawStatfs", 16, 48, Loose::any},
    LooseField{"RawStatfs", 80, 8, Loose::any},
    LooseField{"RawCapabilities", 0, 24, Loose::any},
    LooseField{"RawProcessors", 0, 8, Loose::any},
    LooseField{"RawSysinfo", 0, 112, Loose::any},
    LooseField{"RawUsage", 0, 144, Loose::any},
    LooseField{"RawTicks", 0, 32, Loose::any},
    LooseField{"RawTimespec", 0, 16, Loose::any},
    LooseField{"Timeval", 0, 16, Loose::any},
    LooseField{"RawUtsname", 0, sizeof(utsname), Loose::any},
};

// A device number in the halves that statx(2) gives.
uint64_t device_of(uint64_t halves) { return gnu_dev_makedev(static_cast<uint32_t>(halves), static_cast<uint32_t>(halves >> 32)); }

// Where the mode is in the struct of that name.
uint16_t mode_offset(std::string_view element) {
  const auto is_mode = [&](const LooseField& field) { return field.element == element && field.how == Loose::privileges; };
  return std::ranges::find_if(loose_fields, is_mode)->offset;
}

bool has_name(uint32_t mode) { return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode); }

constexpr uint32_t set_ids = S_ISUID | S_ISGID;
constexpr uint32_t overflow_id = 65534;  // user_namespaces(7)

// Whether a field is what it is only because the kernel's side runs in a user namespace.
bool only_sandboxed(Loose how, uint32_t ours, uint32_t theirs) {
  if (how == Loose::owner) return ours == 0 && theirs == overflow_id;
  return how == Loose::privileges && (ours & theirs) == theirs && ((ours & ~theirs) & ~set_ids) == 0;
}

// A record of getdents64(2). Those of getdents(2) have the type in their last byte.
struct EntryHead {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
};
constexpr size_t entry_head_size = 19;
enum class TypeAt : uint8_t { head, end };

// The records of a listing with what each file system makes up itself: inode number and offset.
struct Listed {
  std::string_view name;
  uint8_t type;
  uint64_t inode;
};
std::vector<Listed> entries_of(std::span<const std::byte> bytes, TypeAt type_at) {
  std::vector<Listed> entries;
  while (bytes.size() > entry_head_size) {
    EntryHead head{};
    std::memcpy(&head, bytes.data(), entry_head_size);
    constexpr size_t padding_max = 7;
    if (head.size <= entry_head_size || head.size > bytes.size() + padding_max) break;
    head.size = static_cast<uint16_t>(std::min<size_t>(head.size, bytes.size()));
    // SAFETY: characters within the record, as just checked; the name ends at its NUL or with the record.
    const size_t name_at = type_at == TypeAt::head ? entry_head_size : entry_head_size - 1;
    const auto* name = reinterpret_cast<const char*>(bytes.data() + name_at);
    const uint8_t type = type_at == TypeAt::head ? head.type : static_cast<uint8_t>(bytes[head.size - 1u]);
    entries.push_back({{name, strnlen(name, head.size - entry_head_size)}, type, head.inode});
    bytes = bytes.subspan(head.size);
  }
  std::ranges::sort(entries, {}, &Listed::name);
  return entries;
}

}  // namespace

bool Renaming::matches(uint64_t ours, uint64_t theirs) {
  for (const auto& [our, their] : pairs_) {
    if (our == ours || their == theirs) return our == ours && their == theirs;
  }
  pairs_.emplace_back(ours, theirs);
  return true;
}

std::string value_text(int64_t value) {
  if (value >= 0 || value < -4095) return fmt::format("{}", value);
  return fmt::format("-1 {}", errno_name(static_cast<Errno>(-value)));
}

void hide_sandbox(const interface::Invocation& invocation, const interface::Slot& libos, std::span<std::byte> kernel) {
  for (const ArgDesc& arg : invocation.desc->args()) {
    if (arg.kind != Kind::out || arg.element == nullptr) continue;
    for (const LooseField& field : loose_fields) {
      if (field.element != arg.element->name) continue;
      const uint64_t offset = invocation.registers[arg.reg] + field.offset - libos.address;
      uint32_t ours = 0, theirs = 0;
      if (offset >= kernel.size() || field.size > kernel.size() - offset) continue;
      if (field.how == Loose::ceiling) {
        uint64_t our_limit = 0, their_limit = 0;
        std::memcpy(&our_limit, libos.after.data() + offset, sizeof(our_limit));
        std::memcpy(&their_limit, kernel.data() + offset, sizeof(their_limit));
        if (their_limit < our_limit) std::memcpy(kernel.data() + offset, &our_limit, sizeof(our_limit));
      }
      if (field.how != Loose::owner && field.how != Loose::privileges) continue;
      std::memcpy(&ours, libos.after.data() + offset, sizeof(ours));
      std::memcpy(&theirs, kernel.data() + offset, sizeof(theirs));
      if (only_sandboxed(field.how, ours, theirs)) std::memcpy(kernel.data() + offset, &ours, sizeof(ours));
    }
  }
}

void Comparison::reset() {
  inodes_.clear(), nameless_inodes_.clear(), devices_.clear();
  unpredictable_ = slots_differ_ = false;
}

std::optional<Difference> Comparison::compare(const RecordedCall& libos, const KernelCall& kernel) {
  // What time it is, and what the machine has.
  static constexpr std::array any_values{SYS_time, SYS_times, SYS_getpriority, SYS_sched_getaffinity, SYS_personality};
  const bool any_value = std::ranges::find(any_values, libos.desc->number) != any_values.end() && !libos.failed() && !kernel.failed();
  if (libos.value != kernel.value && !any_value) return Difference{false, value_text(libos.value), value_text(kernel.value)};
  const auto same = [&](size_t slot) { return std::ranges::equal(libos.slots[slot].after, kernel.after(slot)); };
  image_count_ = 0;
  for (size_t slot = 0; slot < libos.slots.size(); ++slot) {
    if (same(slot)) continue;
    if (image_count_ == images_.size()) images_.emplace_back();
    Image& image = images_[image_count_++];
    image.address = libos.slots[slot].address;
    image.lasting = slot > 0;
    image.ours = libos.slots[slot].after;
    image.theirs.assign(kernel.after(slot).begin(), kernel.after(slot).end());
    // Where something else lay there before (a shorter wait, an address that has random bytes), leaving it alone is the same.
    const auto before = kernel.before(slot);
    for (size_t at = 0; at < before.size(); ++at) {
      if (image.theirs[at] == before[at] && image.ours[at] == libos.slots[slot].before[at]) image.theirs[at] = image.ours[at];
    }
  }
  if (image_count_ == 0) return std::nullopt;
  slots_differ_ = true;
  if (libos.value == -EFAULT) {  // how much was written before the fault is nobody's promise
    for (const Image& image : std::span(images_).first(image_count_)) unpredictable_ |= image.lasting;
    return std::nullopt;
  }
  normalise(libos);
  for (const Image& image : std::span(images_).first(image_count_)) {
    const auto [ours, theirs] = std::ranges::mismatch(image.ours, image.theirs);
    if (ours == image.ours.end()) continue;
    unpredictable_ = unpredictable_ || image.lasting;  // whatever is said of the difference, later calls find it
    const auto offset = ours - image.ours.begin();
    return Difference{true, fmt::format("{}, and {:#04x} at {:#x}", value_text(libos.value), static_cast<uint8_t>(*ours), image.address + static_cast<uint64_t>(offset)),
                      fmt::format("{}, and {:#04x} at {:#x}", value_text(kernel.value), static_cast<uint8_t>(*theirs), image.address + static_cast<uint64_t>(offset))};
  }
  return std::nullopt;
}

void Comparison::normalise(const RecordedCall& libos) {
  const bool lists = libos.desc->number == SYS_getdents64 || libos.desc->number == SYS_getdents;
  if (lists && libos.value > 0) take_over_entries(libos.registers[1], static_cast<size_t>(libos.value), libos.desc->number == SYS_getdents);
  if (libos.desc->number == SYS_getrandom && libos.value > 0) take_over(libos.registers[0], static_cast<size_t>(libos.value));
  if (libos.desc->number == SYS_select || libos.desc->number == SYS_pselect6) take_over(libos.registers[4], sizeof(timespec));
  if (libos.desc->number == SYS_ppoll) take_over(libos.registers[2], sizeof(timespec));  // what was left of the time
  if (libos.desc->number == SYS_getcpu) {
    for (const uint64_t address : std::span(libos.registers).first(2)) take_over(address, sizeof(uint32_t));
  }
  if (libos.desc->number == SYS_time) take_over(libos.registers[0], sizeof(time_t));
  for (const ArgDesc& arg : libos.desc->args()) {
    if ((arg.kind != Kind::out && arg.kind != Kind::in_out) || arg.element == nullptr) continue;
    const uint64_t address = libos.registers[arg.reg];
    for (const LooseField& field : loose_fields) {
      if (field.element != arg.element->name) continue;
      uint32_t ours = 0, theirs = 0;
      int64_t our_blocks = 0, their_blocks = 0;
      uint64_t our_limit = 0, their_limit = 0;
      switch (field.how) {
        case Loose::any: take_over(address + field.offset, field.size); break;
        case Loose::inode:
          // What has no name is on another file system, which may give out the very same numbers.
          if (read(address + mode_offset(field.element), ours, theirs)) take_over_number(address + field.offset, has_name(ours) ? inodes_ : nameless_inodes_);
          break;
        case Loose::device: take_over_number(address + field.offset, devices_); break;
        case Loose::device_halves: take_over_number(address + field.offset, devices_, device_of); break;
        case Loose::owner:
        case Loose::privileges:
          if (read(address + field.offset, ours, theirs) && only_sandboxed(field.how, ours, theirs)) take_over(address + field.offset, field.size);
          break;
        case Loose::blocks:
          if (read(address + field.offset, our_blocks, their_blocks) && their_blocks > our_blocks) take_over(address + field.offset, field.size);
          break;
        case Loose::ceiling:
          if (read(address + field.offset, our_limit, their_limit) && their_limit < our_limit) take_over(address + field.offset, field.size);
          break;
        case Loose::directory_size:
          if (read(address + mode_offset(field.element), ours, theirs) && S_ISDIR(ours)) take_over(address + field.offset, field.size);
          break;
      }
    }
  }
}

void Comparison::take_over(uint64_t address, size_t size) {
  for (Image& image : std::span(images_).first(image_count_)) {
    const uint64_t low = std::max(address, image.address), high = std::min(address + size, image.address + image.ours.size());
    unpredictable_ |= image.lasting && low < high;
    for (uint64_t at = low; at < high; ++at) image.theirs[at - image.address] = image.ours[at - image.address];
  }
}

template <class T>
bool Comparison::read(uint64_t address, T& ours, T& theirs) const {
  for (const Image& image : std::span(images_).first(image_count_)) {
    if (address < image.address || address - image.address > image.ours.size() || sizeof(T) > image.ours.size() - (address - image.address)) continue;
    std::memcpy(&ours, image.ours.data() + (address - image.address), sizeof(T));
    std::memcpy(&theirs, image.theirs.data() + (address - image.address), sizeof(T));
    return true;
  }
  return false;
}

void Comparison::take_over_number(uint64_t address, Renaming& numbers, uint64_t (*number)(uint64_t)) {
  uint64_t ours = 0, theirs = 0;
  if (read(address, ours, theirs) && numbers.matches(number(ours), number(theirs))) take_over(address, sizeof(ours));
}

// The order of a directory's entries is nobody's promise: where both hold the same ones, they agree.
void Comparison::take_over_entries(uint64_t address, size_t size, bool old_records) {
  const TypeAt type_at = old_records ? TypeAt::end : TypeAt::head;
  for (const Image& image : std::span(images_).first(image_count_)) {
    if (address < image.address || address - image.address > image.ours.size()) continue;
    size = std::min(size, image.ours.size() - (address - image.address));  // the last padding may lie where nothing can be written
    const auto ours = entries_of(image.ours.subspan(address - image.address, size), type_at);
    const auto theirs = entries_of(std::span(image.theirs).subspan(address - image.address, size), type_at);
    const bool same = std::ranges::equal(ours, theirs, [&](const Listed& a, const Listed& b) {
      return a.name == b.name && a.type == b.type && inodes_.matches(a.inode, b.inode);
    });
    if (same) take_over(address, size);
    return;
  }
}

}  // namespace cupel::host
