// getdents, getdents64, getcwd, chdir, fchdir, umask.
#include <dirent.h>

#include <algorithm>

#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

// What stands for "." and ".." among the serials of entries.
constexpr uint32_t dot_serial = UINT32_MAX;
constexpr uint32_t dot_dot_serial = UINT32_MAX - 1;
constexpr size_t record_head = 19;  // inode number, cookie, record size, type

struct Record {
  uint64_t number;
  uint64_t cookie;
  uint16_t size;
  uint8_t type;
  std::string_view name;
};

enum class TypeAt : uint8_t { head, end };  // of getdents64(2), of getdents(2)

// The record at the beginning of `bytes`, if there is a well-formed one.
std::optional<Record> parse(std::span<const std::byte> bytes, TypeAt type_at) {
  Record record;
  if (bytes.size() < record_head) return std::nullopt;
  std::memcpy(&record.number, bytes.data(), 8);
  std::memcpy(&record.cookie, bytes.data() + 8, 8);
  std::memcpy(&record.size, bytes.data() + 16, 2);
  if (record.size > bytes.size() || record.size % 8 != 0 || record.size < record_head) return std::nullopt;
  std::memcpy(&record.type, bytes.data() + (type_at == TypeAt::head ? 18 : record.size - 1), 1);
  const auto text = bytes.subspan(type_at == TypeAt::head ? record_head : record_head - 1, record.size - record_head);
  const auto end = std::ranges::find(text, std::byte{0});
  if (end == text.end()) return std::nullopt;
  const auto length = static_cast<size_t>(end - text.begin());
  if (record.size != ((record_head + length + 1 + 7) & ~size_t{7})) return std::nullopt;
  // SAFETY: text is read as the characters it is.
  record.name = {reinterpret_cast<const char*>(text.data()), length};
  return record;
}

uint8_t type_of(FileType type) {
  return type == FileType::directory ? DT_DIR : type == FileType::symlink ? DT_LNK : DT_REG;
}

struct Entry {
  InodeId inode;
  uint32_t serial;
};

std::optional<Entry> entry_named(const World& world, InodeId directory, std::string_view name) {
  if (name == ".") return Entry{directory, dot_serial};
  if (name == "..") return Entry{world.inodes[directory].parent, dot_dot_serial};
  const DirectoryEntry* entry = world.inodes[directory].find(name);
  if (entry == nullptr) return std::nullopt;
  return Entry{entry->inode, entry->serial};
}

bool contains(const std::vector<uint32_t>& serials, uint32_t serial) { return std::ranges::find(serials, serial) != serials.end(); }
bool is_listed(const OpenFile& file, uint32_t serial) { return contains(file.listed, serial); }

// Whether one more getdents64(2) may say that there is nothing left.
bool may_be_at_end(const World& world, const OpenFile& file) {
  if (file.listing_unsure) return true;
  if (!is_listed(file, dot_serial) || !is_listed(file, dot_dot_serial)) return false;
  return std::ranges::all_of(world.inodes[file.inode].entries, [&](const DirectoryEntry& entry) {
    return entry.serial >= file.rewound_at || is_listed(file, entry.serial);
  });
}

std::string inspect_records(const World& world, FileId id, std::span<const std::byte> bytes, TypeAt type_at) {
  const OpenFile& file = world.files[id];
  std::vector<uint32_t> seen;
  while (!bytes.empty()) {
    const auto record = parse(bytes, type_at);
    if (!record) return "a malformed record";
    const auto entry = entry_named(world, file.inode, record->name);
    if (!entry) return "a name which is not there";
    const Inode& inode = world.inodes[entry->inode];
    if (record->type != type_of(inode.type)) return "a wrong type";
    if (inode.number.known && record->number != inode.number.value) return "a wrong inode number";
    if (contains(seen, entry->serial)) return "a name twice";
    if (!file.listing_unsure && is_listed(file, entry->serial)) return "a name that was given before";
    seen.push_back(entry->serial);
    bytes = bytes.subspan(record->size);
  }
  return "";
}

void take_records(World& world, FileId id, std::span<const std::byte> bytes, TypeAt type_at) {
  OpenFile& file = world.files[id];
  if (bytes.empty()) file.listing_unsure = true;  // nobody looked
  while (!bytes.empty()) {
    const auto record = *parse(bytes, type_at);
    const Entry entry = *entry_named(world, file.inode, record.name);
    world.inodes[entry.inode].number.learn(record.number);
    file.listed.push_back(entry.serial);
    file.offset.learn(record.cookie);
    bytes = bytes.subspan(record.size);
  }
}

Result<> list(const Call& call, Allowed& allowed, TypeAt type_at) {
  const FileId id = TRY(call.file(0));
  const uint64_t buffer = call.address(1);
  const auto size = static_cast<uint32_t>(std::max(call.arg<int32_t>(2), 0));  // counted with a sign
  const OpenFile& file = call.at(id);
  if (call.at(file.inode).type != FileType::directory) return fail(Errno::notdir);
  if (call.at(file.inode).removed) return fail(Errno::noent);
  const bool end = may_be_at_end(call.world, file);
  const auto touch = [id](World& world) { world.inodes[world.files[id].inode].touch(access_time, world.moment); };
  // Nothing was listed; but from a cookie which lseek(2) made up the position may have moved on to the next entry's.
  const auto look = [id, touch](World& world, const Actual&) {
    if (world.files[id].listing_unsure) world.files[id].offset.forget();
    touch(world);
  };
  if (end) {
    allowed.returns(0);
    allowed.then(look);
  }
  // To have looked is an access, whatever came of it.
  // There may be more even then: entries made since the beginning are given or not.
  const size_t room = call.writable(buffer, size);
  if (room < size) {
    allowed.fails_with_effect(Errno::fault);
    allowed.writes_anything(buffer, room);
    allowed.then(look);
  }
  constexpr size_t record_min = 21, record_max = 280;
  if (size < record_max) {
    allowed.fails_with_effect(Errno::inval);  // the next name does not fit
    allowed.then(look);
  }
  if (room < record_min) return {};
  // The padding of the last record need not be writable.
  constexpr size_t record_align = 8;
  allowed.returns(record_min, static_cast<int64_t>(std::min<size_t>(size, (room + record_align - 1) / record_align * record_align)));
  // Bytes behind the last record, and the padding in it, stay or go.
  allowed.writes_anything(buffer, room);
  allowed.inspect([id, buffer, type_at](const World& world, const Actual& actual) {
    return inspect_records(world, id, actual.bytes(buffer, static_cast<size_t>(actual.value)), type_at);
  });
  allowed.then([id, buffer, touch, type_at](World& world, const Actual& actual) {
    world.files[id].offset.forget();
    take_records(world, id, actual.bytes(buffer, static_cast<size_t>(actual.value)), type_at);
    touch(world);
  });
  return {};
}

}  // namespace

namespace rules {

Result<> getdents(const Call& call, Allowed& allowed) { return list(call, allowed, TypeAt::end); }
Result<> getdents64(const Call& call, Allowed& allowed) { return list(call, allowed, TypeAt::head); }

Result<> getcwd(const Call& call, Allowed& allowed) {
  const InodeId cwd = call.world.contexts[call.task.fs].cwd;
  const uint64_t buffer = call.address(0);
  if (call.at(cwd).removed) return fail(Errno::noent);
  std::string path;
  for (InodeId at = cwd; at != call.world.root; at = call.at(at).parent) {
    const auto& siblings = call.at(call.at(at).parent).entries;
    path.insert(0, "/" + std::ranges::find(siblings, at, &DirectoryEntry::inode)->name);
  }
  if (path.empty()) path = "/";
  const size_t size = path.size() + 1;
  if (size > Scratch::path_max) return fail(Errno::nametoolong);
  if (size > call.arg<uint64_t>(1)) return fail(Errno::range);
  TRY(call.can_store(allowed, buffer, size));
  allowed.returns(static_cast<int64_t>(size));
  allowed.writes(buffer, std::as_bytes(std::span(path.c_str(), size)));
  return {};
}

Result<> chdir(const Call& call, Allowed& allowed) {
  const InodeId inode = TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes));
  if (call.at(inode).type != FileType::directory) return fail(Errno::notdir);
  allowed.returns(0);
  allowed.then([inode, fs = call.task.fs](World& world, const Actual&) { world.contexts[fs].cwd = inode; });
  return {};
}

Result<> fchdir(const Call& call, Allowed& allowed) {
  const InodeId inode = call.at(TRY(call.file(0, true))).inode;
  if (call.at(inode).type != FileType::directory) return fail(Errno::notdir);
  allowed.returns(0);
  allowed.then([inode, fs = call.task.fs](World& world, const Actual&) { world.contexts[fs].cwd = inode; });
  return {};
}

Result<> umask(const Call& call, Allowed& allowed) {
  allowed.returns(call.world.contexts[call.task.fs].umask);
  allowed.then([mask = call.arg<uint32_t>(0) & 0777, fs = call.task.fs](World& world, const Actual&) { world.contexts[fs].umask = mask; });
  return {};
}

}  // namespace rules
}  // namespace cupel::props
