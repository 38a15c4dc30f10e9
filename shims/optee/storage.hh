#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <span>

#include "libos/base/check.hh"
#include "shims/optee/storage_rules.hh"

// Objects of applications, kept by a supplicant that may change, lose, replay and mix whatever it holds. Each object is a sealed file
// of a number of its own; a sealed directory says which file, and which sealing of it, is an object's content; an anchor in secure
// memory says which directory is the one. Replacing the anchor is the one moment at which anything changes: what was written before it
// is in files that nobody names yet.
namespace cupel::optee::storage {

inline constexpr size_t id_max = 64, content_max = 1024, objects_max = 6, handles_max = 8, tag_size = 16;
inline constexpr uint32_t directory_file = 0;  // and 1: the directories of even and odd counters

struct Anchor {
  uint64_t counter = 0;  // 0: nothing has ever been stored
  std::array<uint8_t, tag_size> tag{};
};

template <class V>
concept Vault = requires(V& vault, uint32_t file, std::span<uint8_t> to, std::span<const uint8_t> from, uint64_t nonce, const Anchor& anchor) {
  // Secure: an anchor that is replaced as a whole or not at all, numbers that never come twice, and a cipher.
  { vault.anchor() } -> std::same_as<Anchor>;
  vault.set_anchor(anchor);
  { vault.fresh() } -> std::same_as<uint64_t>;
  { vault.seal(nonce, from, from, to, to) } -> std::same_as<bool>;
  { vault.open(nonce, from, from, from, to) } -> std::same_as<bool>;
  // The supplicant's.
  { vault.read(file, to) } -> std::same_as<TeeResult<uint64_t>>;
  { vault.write(file, from) } -> std::same_as<TeeResult<>>;
  vault.remove(file);
};

// Which object of whom.
struct Name {
  uint32_t ta = 0, size = 0;
  std::array<uint8_t, id_max> id{};
  friend bool operator==(const Name&, const Name&) = default;
};
struct Row {
  Name name;
  uint32_t used = 0, file = 0, size = 0, pad = 0;
  uint64_t nonce = 0;
  std::array<uint8_t, tag_size> tag{};
};
using Directory = std::array<Row, objects_max>;
static_assert(std::has_unique_object_representations_v<Directory>);

template <Vault V>
class Storage {
 public:
  explicit Storage(V& vault) : vault_(vault) {}

  // After each start.
  TeeResult<> mount();
  TeeResult<uint32_t> open(const Name& name, uint32_t flags);
  TeeResult<uint32_t> create(const Name& name, uint32_t flags, std::span<const uint8_t> content);
  TeeResult<> close(uint32_t ta, uint32_t handle);
  TeeResult<uint64_t> read(uint32_t ta, uint32_t handle, std::span<uint8_t> to);
  TeeResult<> write(uint32_t ta, uint32_t handle, std::span<const uint8_t> from);
  TeeResult<> truncate(uint32_t ta, uint32_t handle, uint64_t size);
  TeeResult<> seek(uint32_t ta, uint32_t handle, uint32_t offset, uint32_t whence);
  TeeResult<> rename(uint32_t ta, uint32_t handle, const Name& to);
  TeeResult<> remove(uint32_t ta, uint32_t handle);

  size_t objects() const {
    return static_cast<size_t>(std::ranges::count_if(directory_, [](const Row& row) { return row.used != 0; }));
  }
  void check() const;

 private:
  using Content = std::array<uint8_t, content_max>;
  struct Handle {
    uint32_t row = 0, flags = 0, generation = 0;
    uint64_t position = 0;
    bool open = false;
  };
  struct Sealed {
    uint64_t nonce = 0;
    std::array<uint8_t, tag_size> tag{};
  };

  Row* find(const Name& name);
  TeeResult<Handle*> handle_of(uint32_t ta, uint32_t handle, uint64_t right);
  TeeResult<uint32_t> new_handle(uint32_t row, uint32_t flags);
  TeeResult<> commit(const Directory& next);
  TeeResult<> load(const Row& row, Content& content);
  TeeResult<> replace(uint32_t row, std::span<const uint8_t> content);
  uint32_t unused_file() const;
  static std::span<const uint8_t> bytes_of(const Directory& directory) {
    return {reinterpret_cast<const uint8_t*>(directory.data()), sizeof directory};  // SAFETY: no padding, asserted above
  }
  // What is sealed is bound to what it is: another object's, or an older one's, does not open.
  static std::array<uint8_t, 12> binding(uint32_t kind, uint64_t number) {
    std::array<uint8_t, 12> bytes;
    std::memcpy(bytes.data(), &kind, 4), std::memcpy(bytes.data() + 4, &number, 8);
    return bytes;
  }

  V& vault_;
  bool mounted_ = false;
  uint64_t counter_ = 0;
  uint32_t generation_ = 0;
  Directory directory_{};
  std::array<Handle, handles_max> handles_{};
};

// --- Directory ---

template <Vault V>
TeeResult<> Storage<V>::mount() {
  handles_ = {}, directory_ = {}, mounted_ = false;
  const Anchor anchor = vault_.anchor();
  counter_ = anchor.counter;
  if (counter_ == 0) {
    mounted_ = true;
    return {};
  }
  std::array<uint8_t, 8 + sizeof(Directory)> stored{};
  const auto got = vault_.read(directory_file + static_cast<uint32_t>(counter_ % 2), stored);
  if (!got || *got != stored.size()) return refuse(Tee::storage_corrupt);
  uint64_t nonce;
  std::memcpy(&nonce, stored.data(), 8);
  // By the anchor's tag, whatever tag may lie beside: the directory of that sealing, and no older one.
  Directory next;
  const auto plain = std::span(reinterpret_cast<uint8_t*>(next.data()), sizeof next);  // SAFETY: no padding, asserted above
  if (!vault_.open(nonce, binding(1, counter_), std::span(stored).subspan(8), anchor.tag, plain)) return refuse(Tee::storage_corrupt);
  directory_ = next;
  mounted_ = true;
  return {};
}

template <Vault V>
TeeResult<> Storage<V>::commit(const Directory& next) {
  std::array<uint8_t, 8 + sizeof(Directory)> stored;
  Anchor anchor{counter_ + 1, {}};
  const uint64_t nonce = vault_.fresh();
  std::memcpy(stored.data(), &nonce, 8);
  if (!vault_.seal(nonce, binding(1, anchor.counter), bytes_of(next), std::span(stored).subspan(8), anchor.tag)) return refuse(Tee::generic);
  TRY(vault_.write(directory_file + static_cast<uint32_t>(anchor.counter % 2), stored));
  vault_.set_anchor(anchor);
  counter_ = anchor.counter;
  directory_ = next;
  return {};
}

template <Vault V>
uint32_t Storage<V>::unused_file() const {
  for (uint32_t file = 2;; ++file) {
    if (std::ranges::none_of(directory_, [file](const Row& row) { return row.used != 0 && row.file == file; })) return file;
  }
}

template <Vault V>
TeeResult<> Storage<V>::load(const Row& row, Content& content) {
  Content sealed;
  const auto got = vault_.read(row.file, sealed);
  if (!got) return refuse(got.error() == Tee::out_of_memory ? Tee::out_of_memory : Tee::storage_corrupt);
  if (*got != row.size) return refuse(Tee::storage_corrupt);
  if (!vault_.open(row.nonce, binding(2, row.file), std::span(sealed).first(row.size), row.tag, std::span(content).first(row.size))) return refuse(Tee::storage_corrupt);
  return {};
}

// The object's content becomes that, or stays.
template <Vault V>
TeeResult<> Storage<V>::replace(uint32_t index, std::span<const uint8_t> content) {
  Directory next = directory_;
  Row& row = next[index];
  const uint32_t old = row.used != 0 ? row.file : 0;
  row.used = 1, row.file = unused_file(), row.size = static_cast<uint32_t>(content.size()), row.nonce = vault_.fresh();
  Content sealed;
  if (!vault_.seal(row.nonce, binding(2, row.file), content, std::span(sealed).first(content.size()), row.tag)) return refuse(Tee::generic);
  TRY(vault_.write(row.file, std::span(sealed).first(content.size())));
  TRY(commit(next));
  if (old != 0) vault_.remove(old);
  return {};
}

// --- Handles ---

template <Vault V>
Row* Storage<V>::find(const Name& name) {
  for (Row& row : directory_) {
    if (row.used != 0 && row.name == name) return &row;
  }
  return nullptr;
}

template <Vault V>
TeeResult<typename Storage<V>::Handle*> Storage<V>::handle_of(uint32_t ta, uint32_t handle, uint64_t right) {
  if (!mounted_) return refuse(Tee::storage_not_available);
  const uint32_t index = handle % 256;
  if (index >= handles_max) return refuse(Tee::bad_parameters);
  Handle& one = handles_[index];
  if (!one.open || one.generation != handle / 256) return refuse(Tee::bad_parameters);
  if (directory_[one.row].name.ta != ta) return refuse(Tee::bad_parameters);
  if ((one.flags & right) != right) return refuse(Tee::access_conflict);
  return &one;
}

template <Vault V>
TeeResult<uint32_t> Storage<V>::new_handle(uint32_t row, uint32_t flags) {
  for (const Handle& one : handles_) {
    if (one.open && one.row == row && !may_share<uint64_t>(one.flags, flags)) return refuse(Tee::access_conflict);
  }
  for (uint32_t index = 0; index < handles_max; ++index) {
    if (handles_[index].open) continue;
    generation_ = generation_ % 0xff'ffff + 1;
    handles_[index] = {row, flags, generation_, 0, true};
    return generation_ * 256 + index;
  }
  return refuse(Tee::out_of_memory);
}

template <Vault V>
TeeResult<uint32_t> Storage<V>::open(const Name& name, uint32_t flags) {
  if ((flags & ~flags_of_open) != 0 || name.size > id_max) return refuse(Tee::bad_parameters);
  if (!mounted_) return refuse(Tee::storage_not_available);
  const Row* row = find(name);
  if (row == nullptr) return refuse(Tee::item_not_found);
  return new_handle(static_cast<uint32_t>(row - directory_.data()), flags);
}

template <Vault V>
TeeResult<uint32_t> Storage<V>::create(const Name& name, uint32_t flags, std::span<const uint8_t> content) {
  if ((flags & ~(flags_of_open | overwrite)) != 0 || name.size > id_max) return refuse(Tee::bad_parameters);
  if (!mounted_) return refuse(Tee::storage_not_available);
  if (content.size() > content_max) return refuse(Tee::storage_no_space);
  if (std::ranges::all_of(handles_, &Handle::open)) return refuse(Tee::out_of_memory);
  const Row* there = find(name);
  uint32_t index = 0;
  if (there != nullptr) {
    index = static_cast<uint32_t>(there - directory_.data());
    if ((flags & overwrite) == 0) return refuse(Tee::access_conflict);
    // Whoever has it open would find another object under its handle.
    if (std::ranges::any_of(handles_, [index](const Handle& one) { return one.open && one.row == index; })) return refuse(Tee::access_conflict);
  } else {
    while (index < objects_max && directory_[index].used != 0) ++index;
    if (index == objects_max) return refuse(Tee::storage_no_space);
  }
  Directory before = directory_;
  directory_[index].name = name;
  if (const auto done = replace(index, content); !done) {
    directory_ = before;
    return refuse(done.error());
  }
  return new_handle(index, flags & static_cast<uint32_t>(flags_of_open));
}

template <Vault V>
TeeResult<> Storage<V>::close(uint32_t ta, uint32_t handle) {
  *TRY(handle_of(ta, handle, 0)) = {};
  return {};
}

template <Vault V>
TeeResult<uint64_t> Storage<V>::read(uint32_t ta, uint32_t handle, std::span<uint8_t> to) {
  Handle& one = *TRY(handle_of(ta, handle, may_read));
  const Row& row = directory_[one.row];
  Content content;
  TRY(load(row, content));
  const uint64_t size = readable<uint64_t>(one.position, to.size(), row.size);
  std::ranges::copy(std::span(content).subspan(size == 0 ? 0 : one.position, size), to.begin());
  one.position += size;
  return size;
}

template <Vault V>
TeeResult<> Storage<V>::write(uint32_t ta, uint32_t handle, std::span<const uint8_t> from) {
  Handle& one = *TRY(handle_of(ta, handle, may_write));
  const uint64_t end = TRY(end_of<uint64_t>(one.position, from.size(), content_max));
  if (from.empty()) return {};
  Content content{};  // zeros between the old end and the first new byte
  const Row& row = directory_[one.row];
  TRY(load(row, content));
  std::ranges::copy(from, content.begin() + static_cast<ptrdiff_t>(one.position));
  TRY(replace(one.row, std::span(content).first(std::max<uint64_t>(end, row.size))));
  one.position = end;
  return {};
}

template <Vault V>
TeeResult<> Storage<V>::truncate(uint32_t ta, uint32_t handle, uint64_t size) {
  Handle& one = *TRY(handle_of(ta, handle, may_write));
  if (size > content_max) return refuse(Tee::storage_no_space);
  Content content{};
  const Row& row = directory_[one.row];
  TRY(load(row, content));
  return replace(one.row, std::span(content).first(size));
}

template <Vault V>
TeeResult<> Storage<V>::seek(uint32_t ta, uint32_t handle, uint32_t offset, uint32_t whence) {
  Handle& one = *TRY(handle_of(ta, handle, 0));
  if (whence > 2) return refuse(Tee::bad_parameters);
  const uint64_t base = whence == 0 ? 0 : whence == 1 ? one.position : directory_[one.row].size;
  one.position = TRY(storage::seek<uint64_t>(base, offset));
  return {};
}

template <Vault V>
TeeResult<> Storage<V>::rename(uint32_t ta, uint32_t handle, const Name& to) {
  Handle& one = *TRY(handle_of(ta, handle, may_write_meta));
  if (to.size > id_max || to.ta != ta) return refuse(Tee::bad_parameters);
  if (find(to) != nullptr) return refuse(Tee::access_conflict);
  Directory next = directory_;
  next[one.row].name = to;
  return commit(next);
}

template <Vault V>
TeeResult<> Storage<V>::remove(uint32_t ta, uint32_t handle) {
  Handle& one = *TRY(handle_of(ta, handle, may_write_meta));
  Directory next = directory_;
  const uint32_t file = next[one.row].file;
  next[one.row] = {};
  TRY(commit(next));
  one = {};
  vault_.remove(file);
  return {};
}

template <Vault V>
void Storage<V>::check() const {
  for (size_t first = 0; first < objects_max; ++first) {
    const Row& row = directory_[first];
    if (row.used == 0) continue;
    CHECK(row.size <= content_max);
    CHECK(row.file >= 2);
    for (size_t second = 0; second < first; ++second) CHECK(directory_[second].used == 0 || (directory_[second].file != row.file && directory_[second].name != row.name));
  }
  for (const Handle& one : handles_) CHECK(!one.open || directory_[one.row].used != 0);
}

}  // namespace cupel::optee::storage
