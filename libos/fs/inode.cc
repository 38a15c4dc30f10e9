#include "libos/fs/inode.hh"

#include <cstring>

#include "libos/mm/address_space.hh"
#include "libos/task/credentials.hh"

namespace cupel::libos {

Stat Inode::stat() const {
  Stat out{};
  out.device = 1;
  out.inode = number;
  out.link_count = link_count;
  out.mode = mode, out.uid = uid, out.gid = gid;
  out.represented_device = represented_device;
  out.size = static_cast<int64_t>(size());
  out.block_size = page_size;
  out.block_count = static_cast<int64_t>(page_count() * (page_size / 512));
  out.accessed = accessed, out.modified = modified, out.changed = changed;
  return out;
}

Stat anonymous_stat(const Inode& inode) {
  constexpr uint64_t anonymous_device = 3;
  Stat stat = inode.stat();
  stat.device = anonymous_device;
  return stat;
}

Result<> Inode::allow(const Credentials& who, Permission wanted) const {
  const auto bits = static_cast<uint32_t>(wanted);
  if (who.euid == 0) {
    const bool executes = (bits & 1) != 0 && !is_directory();
    return !executes || (mode & 0111) != 0 ? Result<>{} : fail(Errno::acces);
  }
  const uint32_t granted = who.euid == uid ? mode >> 6 : who.egid == gid ? mode >> 3 : mode;
  return (bits & ~granted & 7) == 0 ? Result<>{} : fail(Errno::acces);
}

bool Inode::owned_by(const Credentials& who) const { return who.euid == 0 || who.euid == uid; }

void Inode::check() const { CHECK(owner_count() > 0); }

Result<Ref<Frame>> RegularFile::frame(uint64_t index) {
  if (index >= (size_ + page_size - 1) / page_size) return fail(Errno::fault);
  TRY(load(index));
  Frame* frame = TRY(pages_.find_or_make(index));
  return Ref<Frame>(frame);
}

Result<const std::byte*> RegularFile::look(uint64_t index) const {
  if (index >= (size_ + page_size - 1) / page_size) return fail(Errno::fault);
  if (const Frame* frame = pages_.find(index)) return frame->bytes();
  return index < (lower_.size + page_size - 1) / page_size ? fail(Errno::again) : Result<const std::byte*>(nullptr);
}

Result<const std::byte*> RegularFile::page(uint64_t index) {
  TRY(load(index));
  const Frame* frame = pages_.find(index);
  return frame == nullptr ? nullptr : frame->bytes();
}

Result<std::byte*> RegularFile::page_for_writing(uint64_t index) {
  TRY(load(index));
  Frame* frame = TRY(pages_.find_or_make(index));
  return frame->bytes();
}

void RegularFile::drop_mapped(uint64_t first_page) {
  for (MappingHook& hook : mappings) {
    auto& vma = static_cast<Vma&>(hook);
    vma.space->forget(vma, first_page);
  }
}

// Only within pages that exist: holes are zero already.
void RegularFile::zero(uint64_t offset, uint64_t end) {
  while (offset < end) {
    const uint64_t in_page = offset % page_size, size = std::min(end - offset, page_size - in_page);
    if (Frame* frame = pages_.find(offset / page_size)) std::memset(frame->bytes() + in_page, 0, size);
    offset += size;
  }
}

Result<> RegularFile::resize(uint64_t size) {
  if (size == 0) lower_ = {};
  TRY(load_all());
  // What was allocated behind the end goes as well, even if the size stays.
  if (size <= size_) {
    const uint64_t first_gone = (size + page_size - 1) / page_size;
    drop_mapped(first_gone);
    pages_.drop_range(first_gone, UINT64_MAX);
    if (size < size_ && size % page_size != 0) zero(size, first_gone * page_size);
  }
  size_ = size;
  return {};
}

Result<const PageStore*> RegularFile::pages() {
  TRY(load_all());
  return &pages_;
}

Result<> RegularFile::punch(uint64_t offset, uint64_t end) {
  TRY(load_all());
  const uint64_t first = (offset + page_size - 1) / page_size, last = end / page_size;
  if (first < last) {
    zero(offset, first * page_size);
    zero(last * page_size, end);
    for (MappingHook& hook : mappings) {
      auto& vma = static_cast<Vma&>(hook);
      vma.space->forget_borrowed(vma, first, last);
    }
    pages_.drop_range(first, last);
  } else {
    zero(offset, end);
  }
  return {};
}

Result<> RegularFile::preallocate(uint64_t first, uint64_t last) {
  TRY(load_all());
  PageStore fresh(arena());
  for (uint64_t index = first; index < last; ++index) {
    if (pages_.find(index) == nullptr) static_cast<void>(TRY(fresh.find_or_make(index)));
  }
  pages_.absorb(fresh);
  return {};
}

void RegularFile::check() const {
  Inode::check();
  CHECK(pages_.next_data((size_ + page_size - 1) / page_size, UINT64_MAX) == UINT64_MAX || page_count() > 0);
}

Result<Ref<Symlink>> Symlink::create(Arena& arena, uint64_t number, uint32_t uid, uint32_t gid, std::string_view target) {
  Ref<Symlink> link = TRY(make_counted<Symlink>(arena, number, uid, gid));
  link->text_ = static_cast<char*>(TRY(arena.allocate(target.size() + 1)));
  std::memcpy(link->text_, target.data(), target.size());
  link->size_ = target.size();
  return link;
}

Symlink::~Symlink() {
  if (text_ != nullptr) arena().free(text_, size_ + 1);
}

}  // namespace cupel::libos
