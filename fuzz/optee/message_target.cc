// How the message targets build what the normal world sends.
#include <fmt/format.h>

#include "fuzz/optee/optee_target.hh"

namespace cupel::fuzz::optee {

namespace message = tee::message;
namespace frames = mock_tee::frames;

void MessageTarget::begin(uint64_t secret) {
  machine_.begin(secret);
  at_ = frames::message * 4096;
}

std::string MessageTarget::send(uint32_t cmd, uint32_t func, uint32_t session, const Params& params, tee::Call how) {
  auto& world = machine_.world();
  const uint64_t at = at_;
  if (at % 8 == 0 && world.memory.holds(at, 32 + 32 * params.size()) && world.normal_page(at / 4096)) {
    for (uint64_t offset = 0; offset < 32; offset += 8) world.memory.store(at + offset, uint64_t{0});
    for (const auto& [place, value] : {std::pair{message::cmd_at, cmd}, {message::func_at, func}, {message::session_at, session}, {message::count_at, static_cast<uint32_t>(params.size())}}) world.memory.store(at + place, value);
    for (size_t index = 0; index < params.size(); ++index) {
      for (size_t field = 0; field < 4; ++field) world.memory.store(at + message::size_of<uint64_t>(index) + 8 * field, params[index][field]);
    }
  }
  const auto answer = world.make({static_cast<uint64_t>(how), at >> 32, at & 0xffff'ffff});
  if (answer[0] != 0) return fmt::format("return {}", answer[0]);
  return fmt::format("{:#x}", world.memory.load<uint32_t>(at % (mock_tee::memory_size - 32) / 4 * 4 + message::ret_at));
}

// A page list at `at`, or several, of pages from `start` on.
void MessageTarget::list(uint64_t at, uint64_t entries, uint64_t start) {
  auto& memory = machine_.world().memory;
  for (uint64_t entry = 0; entry < entries; ++entry) {
    if (entry > 0 && entry % message::entries_of_list_page == 0) memory.store(at + message::entries_of_list_page * 8, at + 4096), at += 4096;
    memory.store(at + entry % message::entries_of_list_page * 8, (start + entry) % frames::guarded * 4096);
  }
}

}  // namespace cupel::fuzz::optee
