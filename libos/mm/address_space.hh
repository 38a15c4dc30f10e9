#pragma once
#include <boost/intrusive/set.hpp>
#include <cstdint>

#include "libos/interface/memory.hh"
#include "libos/mm/mappable.hh"
#include "libos/platform/platform.hh"

namespace cupel::libos {

class Machine;

// mlock(2): whether pages are made to stay, and when they are to come.
enum class Locking : uint8_t { none, at_once, on_fault };

// One mapped run of pages with the same properties. All numbers are page numbers.
struct Vma : MappingHook, boost::intrusive::set_base_hook<> {
  AddressSpace* space = nullptr;
  uint64_t start = 0, end = 0;
  platform::Access access = platform::Access::none;
  bool shared = false;
  bool may_write = true;        // of a shared file mapping: the file was opened for writing
  Locking locking = Locking::none;
  Ref<Mappable> object;         // nullptr: private anonymous memory
  uint64_t object_start = 0;    // the object's page behind `start`
};

// The object's page that stands behind page `number` of a vma over it.
inline uint64_t object_page(const Vma& vma, uint64_t number) { return vma.object_start + (number - vma.start); }

// A process's memory: its vmas, and the pages it has touched. Pages appear when first touched; private ones are copied
// when first written after a fork.
class AddressSpace : public Counted, public GuestMemory, private platform::FaultHandler {
 public:
  static Result<Ref<AddressSpace>> create(Machine& machine);
  AddressSpace(Machine& machine, platform::Space space) : machine_(machine), space_(space) {}
  ~AddressSpace() override;
  // fork(2): the same memory, copied on write.
  Result<Ref<AddressSpace>> clone();

  struct Mapping {
    uint64_t start, pages;
    platform::Access access;
    bool shared = false;
    bool may_write = true;
    Locking locking = Locking::none;
    Ref<Mappable> object{};
    uint64_t object_start = 0;
  };
  // Maps over whatever was there. ENOMEM: too many vmas, or the arena is full; then nothing has changed.
  Result<> map(const Mapping& mapping);
  // Free pages for mmap(2) without a fixed address: at `hint` where that is free, else the highest gap.
  Result<uint64_t> find_free(uint64_t hint, uint64_t pages) const;
  bool overlaps(uint64_t start, uint64_t pages) const;
  Result<> unmap(uint64_t start, uint64_t pages);
  // mprotect(2): ENOMEM at a hole, EACCES at a file that may not be written; what lies before it has changed by then.
  Result<> protect(uint64_t start, uint64_t pages, platform::Access access);
  // madvise(MADV_DONTNEED): the next touch finds fresh pages. EINVAL at what is locked; ENOMEM at a hole, after the rest was done.
  Result<> discard(uint64_t start, uint64_t pages);
  // One byte a page: whether it is there. ENOMEM at a hole.
  Result<> resident(uint64_t start, uint64_t pages, std::byte* out) const;
  bool mapped(uint64_t start, uint64_t pages) const;
  // mlock(2) and munlock(2), without making pages come. ENOMEM at a hole, after what lies before it was done; or because memory is
  // short, after nothing was.
  Result<> lock(uint64_t start, uint64_t pages, Locking locking);
  void lock_all(Locking locking);
  // Makes the pages come that are locked at once. EFAULT at one that cannot be read, ENOMEM; those before it have come.
  Result<> populate(uint64_t start, uint64_t pages);
  uint64_t locked_pages(uint64_t start = 0, uint64_t pages = user_limit >> page_shift) const;
  // Takes away pages of `vma` at and after the object's page `first`: the object was truncated.
  void forget(const Vma& vma, uint64_t first);
  // The same from `first` up to `last`, but for pages that were copied when written: the object has got a hole.
  void forget_borrowed(const Vma& vma, uint64_t first, uint64_t last);
  Result<uint64_t> set_break(uint64_t address);  // brk(2): the break as it is afterwards

  // Whether that address is text which its program cannot change: private, of a file, not writable.
  bool is_constant_text(uint64_t address) const;
  // Changes bytes of one page of private memory, whatever the program may do with it; others see the old page or the new one.
  Result<> patch(uint64_t address, std::span<const std::byte> bytes);

  // What a futex word is known by: its place in the object where memory is shared, else the space and address.
  struct Identity {
    uint64_t number, offset;
  };
  Identity identity_of(uint64_t address) const;
  // Whether a futex there may be known by its page: EFAULT where none can be read, and where it is the process's own and
  // can never change. Looks at the mapping and what is behind it, not at the word.
  Result<> can_identify(uint64_t address) const;

  uint32_t barriers = 0;  // membarrier(2): what this memory is registered for

  platform::Space id() const { return space_; }
  uint64_t vma_count() const { return vmas_.size(); }
  const auto& vmas() const { return vmas_; }
  uint64_t brk() const { return break_; }
  Locking future = Locking::none;  // of what is mapped from now on: mlockall(MCL_FUTURE)
  // How much is mapped, and how much of [start, start + pages) that is; in pages.
  struct Extent {
    uint64_t pages = 0, data_pages = 0;  // data: private and writable
    uint64_t replaced = 0;
  };
  Extent extent(uint64_t start, uint64_t pages) const;
  void check() const;

  // What loads would find, as far as there are mappings, whatever their protection; for those who look on, and change nothing.
  size_t look(uint64_t address, std::span<std::byte> out) const;
  size_t copy_in(uint64_t address, std::span<std::byte> out) const override;
  size_t copy_out(uint64_t address, std::span<const std::byte> bytes) const override;
  Result<uint32_t> compare_exchange(uint64_t address, uint32_t expected, uint32_t desired) const override;

 private:
  friend class cupel::Arena;
  struct Page : boost::intrusive::set_base_hook<> {
    uint64_t number = 0;
    Ref<Frame> frame;
    bool copy_on_write = false;
  };
  struct PageNumber {
    using type = uint64_t;
    uint64_t operator()(const Page& page) const { return page.number; }
  };
  struct VmaStart {
    using type = uint64_t;
    uint64_t operator()(const Vma& vma) const { return vma.start; }
  };
  using Vmas = boost::intrusive::set<Vma, boost::intrusive::key_of_value<VmaStart>>;
  using Pages = boost::intrusive::set<Page, boost::intrusive::key_of_value<PageNumber>>;

  Result<> page_fault(platform::Space space, uint64_t page_address, platform::Access wanted) override;
  Result<> first_touch(const Vma& vma, uint64_t page, bool write);
  Result<> copy_page(const Vma& vma, Page& page);
  Vmas::iterator covering(uint64_t page);
  Vmas::const_iterator covering(uint64_t page) const;
  Vmas::iterator first_after(uint64_t page);  // the first vma which ends after `page`
  Result<Vma*> make_vma(const Vma& like, uint64_t start, uint64_t end);
  void insert(Vma& vma);
  void erase(Vma& vma);
  Result<> split_at(uint64_t page);
  Result<> populate_page(const Vma& vma, uint64_t number);
  Result<> protect_pages(uint64_t start, uint64_t end, platform::Access access);
  void merge_around(uint64_t start, uint64_t end);
  void drop_pages(uint64_t start, uint64_t end);

  Machine& machine_;
  platform::Space space_;
  bool has_space_ = false;
  Vmas vmas_;
  Pages pages_;
  uint64_t break_ = 0;
};

}  // namespace cupel::libos
