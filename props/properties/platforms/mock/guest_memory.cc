#include <array>
#include <map>

#include "libos/base/page.hh"
#include "platforms/mock/simulated_memory.hh"
#include "props/properties/chooser.hh"

namespace cupel::props {
namespace {

using platform::Access;

struct NoPages final : platform::FaultHandler {
  Result<> page_fault(platform::Space, uint64_t, Access) override { return fail(Errno::fault); }
};

constexpr uint32_t pages_count = 6;
constexpr uint64_t base = 0x5000'0000;

// Copies go exactly as far as the pages allow, and change nothing else.
template <Chooser C>
void a_copy_goes_as_far_as_the_pages_allow(C& choose) {
  struct Page {
    Access access;
    uint32_t frame;
  };
  alignas(page_size) static std::array<std::array<std::byte, page_size>, pages_count> frames;
  for (auto& frame : frames) frame.fill(std::byte{0});
  mock::SimulatedMemory memory;
  NoPages handler;
  const platform::Space space = *memory.new_space(handler);
  std::map<uint64_t, Page> model;
  auto bytes = std::make_unique<std::array<std::array<std::byte, page_size>, pages_count>>(frames);
  uint8_t next = 1;
  while (choose.more()) {
    const uint32_t page = choose.below(pages_count);
    const uint64_t number = base / page_size + page;
    const auto access = static_cast<Access>(choose.below(4));
    const uint64_t address = base + choose.below(pages_count * page_size), size = 1 + choose.below(3 * page_size);
    const auto reach = [&](Access want) {
      uint64_t done = 0;
      while (done < size) {
        const auto found = model.find((address + done) / page_size);
        if (found == model.end() || !allows(found->second.access, want)) break;
        done = std::min(size, (((address + done) / page_size) + 1) * page_size - address);
      }
      return done;
    };
    const auto byte_at = [&](uint64_t at) -> std::byte& { return (*bytes)[model.at(at / page_size).frame][at % page_size]; };
    switch (choose.below(5)) {
      case 0:
        memory.pages(space).install(number, frames[page].data(), access);
        model[number] = {access, page};
        break;
      case 1:
        memory.pages(space).remove(number, 2);
        model.erase(number), model.erase(number + 1);
        break;
      case 2:
        memory.pages(space).protect(number, 2, access);
        for (const uint64_t each : {number, number + 1}) {
          if (const auto found = model.find(each); found != model.end()) found->second.access = access;
        }
        break;
      case 3: {
        const std::vector<std::byte> out(size, std::byte{next++});
        const uint64_t most = reach(Access::write);
        CLAIM(memory.write(space, address, out) == most);
        for (uint64_t at = 0; at < most; ++at) byte_at(address + at) = out[0];
        break;
      }
      default: {
        std::vector<std::byte> in(size, std::byte{0xee});
        const uint64_t most = reach(Access::read);
        CLAIM(memory.read(space, address, in) == most);
        for (uint64_t at = 0; at < size; ++at) CLAIM(in[at] == (at < most ? byte_at(address + at) : std::byte{0xee}));
        break;
      }
    }
    CLAIM(frames == *bytes);
    CLAIM(memory.pages(space).count() == model.size());
  }
}

CUPEL_PROPERTY(GuestMemory, a_copy_goes_as_far_as_the_pages_allow)

}  // namespace
}  // namespace cupel::props
