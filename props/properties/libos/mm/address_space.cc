#include "libos/mm/address_space.hh"

#include <array>
#include <optional>

#include "props/properties/chooser.hh"
#include "props/properties/sandbox.hh"

namespace cupel::props {
namespace {

using namespace libos;
using platform::Access;

constexpr uint64_t first_page = 0x2000'0000 / page_size;
constexpr uint32_t pages_count = 12;

// What each page is: nothing, or private memory that may be accessed so, with one byte at its start.
struct PageModel {
  Access access;
  uint8_t byte;
};
using Model = std::array<std::optional<PageModel>, pages_count>;

constexpr std::array accesses{Access::none, Access::read, Access::read | Access::write};

void compare(const AddressSpace& space, Model& model) {
  uint64_t runs = 0;
  for (uint32_t page = 0; page < pages_count; ++page) {
    CLAIM(space.mapped(first_page + page, 1) == model[page].has_value());
    std::byte byte{};
    const bool readable = space.copy_in((first_page + page) * page_size, {&byte, 1}) == 1;
    CLAIM(readable == (model[page] && allows(model[page]->access, Access::read)));
    if (readable) CLAIM(byte == std::byte{model[page]->byte});
    const bool goes_on = page > 0 && model[page] && model[page - 1] && model[page]->access == model[page - 1]->access;
    runs += model[page] && !goes_on ? 1 : 0;
  }
  // Equal neighbours are one vma, and vmas are in order and apart.
  uint64_t count = 0, end = 0;
  for (const Vma& vma : space.vmas()) {
    CLAIM(vma.start < vma.end);
    CLAIM(vma.start >= end);
    end = vma.end;
    ++count;
  }
  CLAIM(count == runs);
}

template <Chooser C>
void mappings_split_and_merge_as_a_map_of_pages_does(C& choose) {
  Sandbox sandbox;
  AddressSpace& space = sandbox.task().space();
  Model model;
  while (choose.more()) {
    const uint32_t start = choose.below(pages_count), pages = 1 + choose.below(pages_count - start);
    const auto each = [&](auto act) {
      for (uint32_t page = start; page < start + pages; ++page) act(model[page]);
    };
    switch (choose.below(4)) {
      case 0: {
        const Access access = accesses[choose.below(accesses.size())];
        CLAIM(space.map({.start = first_page + start, .pages = pages, .access = access}).has_value());
        each([&](auto& page) { page = PageModel{access, 0}; });
        break;
      }
      case 1:
        CLAIM(space.unmap(first_page + start, pages).has_value());
        each([](auto& page) { page.reset(); });
        break;
      case 2: {
        // Up to the first hole.
        const Access access = accesses[choose.below(accesses.size())];
        bool hole = false;
        each([&](auto& page) {
          hole = hole || !page;
          if (!hole) page->access = access;
        });
        CLAIM(space.protect(first_page + start, pages, access) == (hole ? Result<>(fail(Errno::nomem)) : Result<>{}));
        break;
      }
      default: {
        const auto byte = static_cast<uint8_t>(1 + choose.below(255));
        const std::byte in{byte};
        const bool written = space.copy_out((first_page + start) * page_size, {&in, 1}) == 1;
        CLAIM(written == (model[start] && allows(model[start]->access, Access::write)));
        if (written) model[start]->byte = byte;
        break;
      }
    }
    compare(space, model);
    sandbox.machine().check();
  }
}

// Of three mappings of pages, whether the copy that fork makes is one: what either writes the other does not see.
template <Chooser C>
void a_forked_space_and_its_parent_do_not_see_each_others_stores(C& choose) {
  Sandbox sandbox;
  Ref<AddressSpace> parent(&sandbox.task().space());
  CLAIM(parent->map({.start = first_page, .pages = 4, .access = Access::read | Access::write}).has_value());
  std::array<std::array<uint8_t, 4>, 2> model{};
  const auto store = [&](AddressSpace& space, std::array<uint8_t, 4>& bytes) {
    const uint32_t page = choose.below(4);
    bytes[page] = static_cast<uint8_t>(choose.below(256));
    const std::byte in{bytes[page]};
    CLAIM(space.copy_out((first_page + page) * page_size, {&in, 1}) == 1);
  };
  for (uint32_t before = choose.below(4); before > 0; --before) store(*parent, model[0]);
  model[1] = model[0];
  Ref<AddressSpace> child = *parent->clone();
  while (choose.more()) {
    const uint32_t who = choose.below(2);
    store(who == 0 ? *parent : *child, model[who]);
    for (uint32_t page = 0; page < 4; ++page) {
      for (const uint32_t which : {0u, 1u}) {
        std::byte byte{};
        CLAIM((which == 0 ? *parent : *child).copy_in((first_page + page) * page_size, {&byte, 1}) == 1);
        CLAIM(byte == std::byte{model[which][page]});
      }
    }
  }
}

CUPEL_PROPERTY(AddressSpace, mappings_split_and_merge_as_a_map_of_pages_does)
CUPEL_PROPERTY(AddressSpace, a_forked_space_and_its_parent_do_not_see_each_others_stores)

}  // namespace
}  // namespace cupel::props
