// ImagePlatform's guest memory: spaces, and the kernel's way into them, which is by their tables and the direct map.
#include <algorithm>
#include <cstring>

#include "libos/base/check.hh"
#include "platforms/snp/image/image_platform.hh"
#include "platforms/snp/image/instructions.hh"

extern "C" uint64_t boot_root[512];

namespace cupel::image {

using platform::Access;
using platform::Space;

ImagePlatform::SpaceSlot& ImagePlatform::slot(Space space) {
  const auto index = static_cast<size_t>(space);
  CHECK(index < spaces_max);
  CHECK(spaces_[index].tables.exists());
  return spaces_[index];
}

Result<Space> ImagePlatform::new_space(platform::FaultHandler& handler) {
  for (size_t index = 0; index < spaces_max; ++index) {
    if (spaces_[index].tables.exists()) continue;
    if (!spaces_[index].tables.create(pool_, boot_root)) return fail(Errno::nomem);
    spaces_[index].handler = &handler;
    return static_cast<Space>(index);
  }
  return fail(Errno::nomem);
}

void ImagePlatform::drop_space(Space space) {
  SpaceSlot& gone = slot(space);
  // Nobody may stand on tables that are gone; the boot tables have the kernel's half as well.
  if (gone.tables.in_use()) write_cr3(reinterpret_cast<uint64_t>(boot_root) - image_base);  // SAFETY: an object of the image, by its physical address
  gone.tables.destroy(pool_);
  gone.handler = nullptr;
}

Result<> ImagePlatform::map(Space space, uint64_t page_address, std::byte* frame, Access access) {
  CHECK(page_address % page_size == 0);
  return slot(space).tables.install(pool_, page_address, frame, access) ? Result<>{} : fail(Errno::nomem);
}

void ImagePlatform::unmap(Space space, uint64_t page_address, uint64_t page_count) { slot(space).tables.remove(page_address, page_count); }

void ImagePlatform::protect(Space space, uint64_t page_address, uint64_t page_count, Access access) { slot(space).tables.protect(page_address, page_count, access); }

bool ImagePlatform::give_page(uint64_t page_address, Access wanted) {
  const Space space = current().space;
  return page_address < user_limit && slot(space).handler->page_fault(space, page_address, wanted).has_value();
}

// The byte behind a guest's address, its page installed first where it has to be. nullptr: the guest may not.
std::byte* ImagePlatform::touch(Space space, uint64_t address, Access wanted) {
  SpaceSlot& there = slot(space);
  if (std::byte* byte = there.tables.find(address, wanted)) return byte;
  if (address >= user_limit || !there.handler->page_fault(space, page_floor(address), wanted)) return nullptr;
  return there.tables.find(address, wanted);
}

size_t ImagePlatform::copy_in(Space space, uint64_t address, std::span<std::byte> out) {
  size_t done = 0;
  while (done < out.size()) {
    const size_t size = std::min<uint64_t>(out.size() - done, page_size - (address + done) % page_size);
    const std::byte* from = touch(space, address + done, Access::read);
    if (from == nullptr) break;
    std::memcpy(out.data() + done, from, size);
    done += size;
  }
  return done;
}

size_t ImagePlatform::copy_out(Space space, uint64_t address, std::span<const std::byte> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const size_t size = std::min<uint64_t>(bytes.size() - done, page_size - (address + done) % page_size);
    std::byte* to = touch(space, address + done, Access::write);
    if (to == nullptr) break;
    std::memcpy(to, bytes.data() + done, size);
    done += size;
  }
  return done;
}

Result<uint32_t> ImagePlatform::compare_exchange(Space space, uint64_t address, uint32_t expected, uint32_t desired) {
  if (address % sizeof(uint32_t) != 0) return fail(Errno::inval);
  std::byte* byte = touch(space, address, Access::read | Access::write);
  if (byte == nullptr) return fail(Errno::fault);
  auto* word = reinterpret_cast<uint32_t*>(byte);  // SAFETY: aligned, and within the page
  __atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return expected;
}

}  // namespace cupel::image
