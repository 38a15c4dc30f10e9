#include "props/model/tee_storage.hh"

#include <algorithm>

namespace cupel::props {
namespace {

constexpr uint32_t access_conflict = 0xffff'0003, bad_parameters = 0xffff'0006, not_found = 0xffff'0008, out_of_memory = 0xffff'000c, overflow = 0xffff'300f, no_space = 0xffff'3041;
constexpr uint32_t reads = 1, writes = 2, meta = 4, share_read = 0x10, share_write = 0x20, overwrite = 0x400, of_open = 0x37;
constexpr size_t content_max = 1024, objects_max = 6, handles_max = 8;

}  // namespace

TeeStorageModel::Handle* TeeStorageModel::find(uint32_t ta, uint32_t handle) {
  const auto found = handles_.find(handle);
  return found == handles_.end() || found->second.name.first != ta ? nullptr : &found->second;
}

// By the sheet's rule, a line each.
bool TeeStorageModel::conflicts(const Name& name, uint32_t flags) const {
  return std::ranges::any_of(handles_, [&](const auto& one) {
    const uint32_t old = one.second.flags;
    if (one.second.name != name) return false;
    if (((old | flags) & meta) != 0) return true;
    if ((old & share_read) != (flags & share_read) || (old & share_write) != (flags & share_write)) return true;
    if (((old | flags) & reads) != 0 && ((old & share_read) == 0 || (flags & share_read) == 0)) return true;
    return ((old | flags) & writes) != 0 && ((old & share_write) == 0 || (flags & share_write) == 0);
  });
}

uint32_t TeeStorageModel::open(const Name& name, uint32_t flags, std::optional<uint32_t> handle) {
  if ((flags & ~of_open) != 0) return bad_parameters;
  if (!objects_.contains(name)) return not_found;
  if (conflicts(name, flags)) return access_conflict;
  if (handles_.size() == handles_max) return out_of_memory;
  if (handle) handles_[*handle] = {name, flags, 0};
  return 0;
}

uint32_t TeeStorageModel::create(const Name& name, uint32_t flags, const Bytes& content, std::optional<uint32_t> handle) {
  if ((flags & ~(of_open | overwrite)) != 0) return bad_parameters;
  if (content.size() > content_max) return no_space;
  if (handles_.size() == handles_max) return out_of_memory;
  if (objects_.contains(name)) {
    if ((flags & overwrite) == 0 || std::ranges::any_of(handles_, [&](const auto& one) { return one.second.name == name; })) return access_conflict;
  } else if (objects_.size() == objects_max) {
    return no_space;
  }
  objects_[name] = content;
  if (handle) handles_[*handle] = {name, flags & of_open, 0};
  return 0;
}

uint32_t TeeStorageModel::close(uint32_t ta, uint32_t handle) {
  if (find(ta, handle) == nullptr) return bad_parameters;
  handles_.erase(handle);
  return 0;
}

uint32_t TeeStorageModel::read(uint32_t ta, uint32_t handle, size_t size, Bytes& expected) {
  Handle* one = find(ta, handle);
  if (one == nullptr) return bad_parameters;
  if ((one->flags & reads) == 0) return access_conflict;
  const Bytes& content = objects_[one->name];
  const size_t begin = std::min<size_t>(one->position, content.size()), end = std::min(content.size(), begin + size);
  expected.assign(content.begin() + static_cast<ptrdiff_t>(begin), content.begin() + static_cast<ptrdiff_t>(end));
  one->position += expected.size();
  return 0;
}

uint32_t TeeStorageModel::write(uint32_t ta, uint32_t handle, const Bytes& bytes) {
  Handle* one = find(ta, handle);
  if (one == nullptr) return bad_parameters;
  if ((one->flags & writes) == 0) return access_conflict;
  if (one->position + bytes.size() > UINT32_MAX) return overflow;
  if (one->position + bytes.size() > content_max) return no_space;
  if (bytes.empty()) return 0;
  Bytes& content = objects_[one->name];
  content.resize(std::max<size_t>(content.size(), one->position + bytes.size()));
  std::ranges::copy(bytes, content.begin() + static_cast<ptrdiff_t>(one->position));
  one->position += bytes.size();
  return 0;
}

uint32_t TeeStorageModel::truncate(uint32_t ta, uint32_t handle, uint64_t size) {
  Handle* one = find(ta, handle);
  if (one == nullptr) return bad_parameters;
  if ((one->flags & writes) == 0) return access_conflict;
  if (size > content_max) return no_space;
  objects_[one->name].resize(size);
  return 0;
}

uint32_t TeeStorageModel::seek(uint32_t ta, uint32_t handle, int32_t offset, uint32_t whence) {
  Handle* one = find(ta, handle);
  if (one == nullptr || whence > 2) return bad_parameters;
  const uint64_t base = whence == 0 ? 0 : whence == 1 ? one->position : objects_[one->name].size();
  const int64_t to = static_cast<int64_t>(base) + offset;
  if (to > UINT32_MAX) return bad_parameters;
  one->position = static_cast<uint64_t>(std::max<int64_t>(to, 0));
  return 0;
}

uint32_t TeeStorageModel::rename(uint32_t ta, uint32_t handle, const Name& to) {
  Handle* one = find(ta, handle);
  if (one == nullptr) return bad_parameters;
  if ((one->flags & meta) == 0) return access_conflict;
  if (to.first != ta) return bad_parameters;
  if (objects_.contains(to)) return access_conflict;
  auto node = objects_.extract(one->name);
  node.key() = to;
  objects_.insert(std::move(node));
  one->name = to;
  return 0;
}

uint32_t TeeStorageModel::remove(uint32_t ta, uint32_t handle) {
  Handle* one = find(ta, handle);
  if (one == nullptr) return bad_parameters;
  if ((one->flags & meta) == 0) return access_conflict;
  objects_.erase(one->name);
  handles_.erase(handle);
  return 0;
}

}  // namespace cupel::props
