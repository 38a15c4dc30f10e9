#include "libos/mm/address_space.hh"

#include <algorithm>
#include <cstring>
#include <utility>

#include "libos/machine/machine.hh"

namespace cupel::libos {

using platform::Access;

Result<Ref<AddressSpace>> AddressSpace::create(Machine& machine) {
  Ref<AddressSpace> made = TRY(make_counted<AddressSpace>(machine.arena(), machine, platform::Space{}));
  made->space_ = TRY(machine.platform().new_space(*made));
  made->has_space_ = true;
  made->break_ = machine.config().break_base;
  return made;
}

AddressSpace::~AddressSpace() {
  pages_.clear_and_dispose([this](Page* page) { arena().destroy(page); });
  vmas_.clear_and_dispose([this](Vma* vma) { arena().destroy(vma); });
  if (has_space_) machine_.platform().drop_space(space_);
}

Result<Ref<AddressSpace>> AddressSpace::clone() {
  Ref<AddressSpace> copy = TRY(create(machine_));
  copy->break_ = break_;
  copy->barriers = barriers;
  for (const Vma& vma : vmas_) {
    Vma* twin = TRY(copy->make_vma(vma, vma.start, vma.end));
    twin->locking = Locking::none;  // a child's memory is not locked
    copy->insert(*twin);
  }
  for (Page& page : pages_) {
    const Vma& vma = *covering(page.number);
    Page* twin = TRY(arena().make<Page>());
    twin->number = page.number;
    twin->frame = page.frame;
    twin->copy_on_write = !vma.shared;
    copy->pages_.insert(*twin);  // installed in the copy's space when it is first touched
  }
  // Nothing can fail from here: only now do our own pages become copy-on-write.
  for (Page& page : pages_) {
    if (covering(page.number)->shared || page.copy_on_write) continue;
    page.copy_on_write = true;
    machine_.platform().unmap(space_, page.number << page_shift, 1);
  }
  return copy;
}

AddressSpace::Vmas::iterator AddressSpace::first_after(uint64_t page) {
  auto vma = vmas_.upper_bound(page);
  if (vma != vmas_.begin()) {
    auto before = std::prev(vma);
    if (before->end > page) return before;
  }
  return vma;
}

AddressSpace::Vmas::iterator AddressSpace::covering(uint64_t page) {
  auto vma = first_after(page);
  return vma != vmas_.end() && vma->start <= page ? vma : vmas_.end();
}

AddressSpace::Vmas::const_iterator AddressSpace::covering(uint64_t page) const {
  auto vma = vmas_.upper_bound(page);
  if (vma == vmas_.begin()) return vmas_.end();
  --vma;
  return vma->end > page ? vma : vmas_.end();
}

Result<> AddressSpace::page_fault(platform::Space space, uint64_t page_address, Access wanted) {
  CHECK(space == space_);
  const uint64_t number = page_address >> page_shift;
  auto vma = covering(number);
  if (vma == vmas_.end() || !allows(vma->access, wanted)) return fail(Errno::fault);
  const bool write = allows(wanted, Access::write);
  auto page = pages_.find(number);
  if (page == pages_.end()) return first_touch(*vma, number, write);
  if (page->copy_on_write && write) return copy_page(*vma, *page);
  const Access access = page->copy_on_write ? static_cast<Access>(static_cast<uint8_t>(vma->access) & ~static_cast<uint8_t>(Access::write)) : vma->access;
  return machine_.platform().map(space_, page_address, page->frame->bytes(), access);
}

Result<> AddressSpace::first_touch(const Vma& vma, uint64_t number, bool write) {
  Ref<Frame> frame;
  const bool borrowed = vma.object != nullptr;
  if (borrowed) frame = TRY(vma.object->frame(object_page(vma, number)));
  if (!borrowed) frame = TRY(Frame::create(arena()));
  Page* page = TRY(arena().make<Page>());
  page->number = number;
  page->frame = std::move(frame);
  page->copy_on_write = borrowed && !vma.shared;
  pages_.insert(*page);
  if (page->copy_on_write && write) return copy_page(vma, *page);
  const Access access = page->copy_on_write ? static_cast<Access>(static_cast<uint8_t>(vma.access) & ~static_cast<uint8_t>(Access::write)) : vma.access;
  return machine_.platform().map(space_, number << page_shift, page->frame->bytes(), access);
}

Result<> AddressSpace::copy_page(const Vma& vma, Page& page) {
  if (page.frame->owner_count() > 1) {
    Ref<Frame> copy = TRY(Frame::create(arena()));
    std::memcpy(copy->bytes(), page.frame->bytes(), page_size);
    page.frame = std::move(copy);
  }
  page.copy_on_write = false;
  return machine_.platform().map(space_, page.number << page_shift, page.frame->bytes(), vma.access);
}

AddressSpace::Identity AddressSpace::identity_of(uint64_t address) const {
  const uint64_t number = address >> page_shift;
  auto vma = covering(number);
  if (vma == vmas_.end() || !vma->shared) return {static_cast<uint64_t>(space_) + 1, address};
  constexpr uint64_t is_object = uint64_t{1} << 63;
  // SAFETY: an offset in the arena, where the object lies.
  const auto offset = static_cast<uint64_t>(reinterpret_cast<const std::byte*>(vma->object.get()) - reinterpret_cast<const std::byte*>(&arena()));
  return {is_object | offset, object_page(*vma, number) << page_shift | address % page_size};
}

Result<> AddressSpace::can_identify(uint64_t address) const {
  const uint64_t number = address >> page_shift;
  auto vma = covering(number);
  if (vma == vmas_.end() || !allows(vma->access, Access::read)) return fail(Errno::fault);
  if (!vma->object) return allows(vma->access, Access::write) ? Result<>{} : fail(Errno::fault);
  if (pages_.find(number) == pages_.end()) static_cast<void>(TRY(vma->object->frame(object_page(*vma, number))));
  return {};
}

bool AddressSpace::is_constant_text(uint64_t address) const {
  auto vma = covering(address >> page_shift);
  return vma != vmas_.end() && !vma->shared && vma->object && allows(vma->access, Access::execute) && !allows(vma->access, Access::write);
}

Result<> AddressSpace::patch(uint64_t address, std::span<const std::byte> bytes) {
  const uint64_t number = address >> page_shift, in_page = address % page_size;
  CHECK(in_page + bytes.size() <= page_size);
  auto vma = covering(number);
  if (vma == vmas_.end() || vma->shared) return fail(Errno::acces);
  auto page = pages_.find(number);
  if (page == pages_.end()) {
    TRY(first_touch(*vma, number, false));
    page = pages_.find(number);
  }
  // A page of its own, put in the old one's place at once: a processor that runs it never sees half of the change.
  Ref<Frame> fresh = TRY(Frame::create(arena()));
  std::memcpy(fresh->bytes(), page->frame->bytes(), page_size);
  std::memcpy(fresh->bytes() + in_page, bytes.data(), bytes.size());
  const Ref<Frame> old = std::exchange(page->frame, std::move(fresh));
  page->copy_on_write = false;
  return machine_.platform().map(space_, number << page_shift, page->frame->bytes(), vma->access);
}

bool AddressSpace::mapped(uint64_t start, uint64_t pages) const {
  for (uint64_t page = start; page < start + pages;) {
    auto vma = covering(page);
    if (vma == vmas_.end()) return false;
    page = vma->end;
  }
  return true;
}

Result<> AddressSpace::resident(uint64_t start, uint64_t pages, std::byte* out) const {
  if (!mapped(start, pages)) return fail(Errno::nomem);
  for (uint64_t index = 0; index < pages; ++index) out[index] = std::byte{pages_.find(start + index) != pages_.end()};
  return {};
}

size_t AddressSpace::look(uint64_t address, std::span<std::byte> out) const {
  size_t done = 0;
  while (done < out.size()) {
    const uint64_t number = (address + done) >> page_shift, in_page = (address + done) % page_size;
    auto vma = covering(number);
    if (vma == vmas_.end()) break;
    const size_t size = std::min<size_t>(out.size() - done, page_size - in_page);
    auto page = pages_.find(number);
    Result<const std::byte*> bytes = page != pages_.end() ? page->frame->bytes() : nullptr;
    if (page == pages_.end() && vma->object) bytes = vma->object->look(object_page(*vma, number));
    if (!bytes) break;
    if (*bytes == nullptr) std::memset(out.data() + done, 0, size);
    else std::memcpy(out.data() + done, *bytes + in_page, size);
    done += size;
  }
  return done;
}

size_t AddressSpace::copy_in(uint64_t address, std::span<std::byte> out) const { return machine_.platform().copy_in(space_, address, out); }
size_t AddressSpace::copy_out(uint64_t address, std::span<const std::byte> bytes) const {
  return machine_.platform().copy_out(space_, address, bytes);
}
Result<uint32_t> AddressSpace::compare_exchange(uint64_t address, uint32_t expected, uint32_t desired) const {
  return machine_.platform().compare_exchange(space_, address, expected, desired);
}

void AddressSpace::check() const {
  uint64_t last = 0;
  for (const Vma& vma : vmas_) {
    CHECK(vma.space == this);
    CHECK(vma.start >= last);
    CHECK(vma.end > vma.start);
    CHECK(vma.end <= user_limit >> page_shift);
    last = vma.end;
  }
  for (const Page& page : pages_) CHECK(covering(page.number) != vmas_.end());
}

AddressSpace::Extent AddressSpace::extent(uint64_t start, uint64_t pages) const {
  Extent all;
  for (const Vma& vma : vmas_) {
    const uint64_t size = vma.end - vma.start;
    all.pages += size;
    if (!vma.shared && allows(vma.access, Access::write)) all.data_pages += size;
    const uint64_t from = std::max(vma.start, start), to = std::min(vma.end, start + pages);
    if (from < to) all.replaced += to - from;
  }
  return all;
}

}  // namespace cupel::libos
