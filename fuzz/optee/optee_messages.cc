// Messages of the normal world: what it registers, whom it calls with what, and what it changes meanwhile.
#include "fuzz/optee/optee_target.hh"

#include <fmt/format.h>

namespace cupel::fuzz::optee {
namespace {

namespace frames = mock_tee::frames;
using snp::ArgDesc, snp::StepDesc;

constexpr uint64_t cookies[] = {7, 7, 7, 8, 9, 0, 0x1001}, sizes[] = {0, 1, 8, 64, 100, 4095, 4096, 4097, 8192, 70'000, 2'200'000}, sessions[] = {1, 1, 2, 3, 4, 0}, places[] = {4096, 4096, 32 * 4096, 32 * 4096 + 64, 33 * 4096 + 4000, 52 * 4096, 48 * 4096, 4097};
constexpr uint64_t attributes[] = {0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 0x20a, 0x209, 0x101, 4, 8, 12, 0x1'0001, 0x205, 0x401};
constexpr uint64_t addresses[] = {8 * 4096, 8 * 4096 + 4000, 4 * 4096, 4 * 4096 + 16, 0, 1, 4096, 47 * 4096 + 4000, 48 * 4096, 52 * 4096, 60 * 4096, UINT64_MAX - 100, UINT64_MAX - 4095};
constexpr uint64_t shapes[] = {0, 0x69, 0xa9, 0x65, 0x66, 0xb, 0xa, 0x6, 3, 2, 0x95, 0xaa, 0x99};
enum Kind : uint8_t { register_shm, unregister_shm, open, invoke, close, cancel, param, send_what_is, at, pages, poke, registers, registered, kind_count };
constexpr StepDesc steps[] = {
    {"register", {ArgDesc{"cookie", 0, cookies}, {"start", 64}, {"size", 0, sizes}, {"offset", 4096}}, {}, 3},
    {"unregister", {ArgDesc{"cookie", 0, cookies}}},
    {"open", {ArgDesc{"ta", 10}, {"login", 0x1'0000'0000}}, {}, 4},
    {"invoke", {ArgDesc{"session", 0x1'0000'0000, sessions}, {"func", mock_tee::deeds}, {"shape", 0x100, shapes}, {"size", 0, sizes}}, {}, 6},
    {"close", {ArgDesc{"session", 0x1'0000'0000, sessions}}, {}, 2},
    {"cancel", {ArgDesc{"session", 0x1'0000'0000, sessions}}},
    {"param", {ArgDesc{"attr", 0, attributes}, {"a", 0, addresses}, {"b", 0, sizes}, {"c", 0, cookies}}, {}, 3},
    {"send", {ArgDesc{"cmd", 13}, {"func", 12}, {"session", 0x1'0000'0000, sessions}, {"count", 0x100}}, {}, 3},
    {"at", {ArgDesc{"address", 0, places}}},
    {"list", {ArgDesc{"at", 64}, {"entries", 1200}, {"start", 48}}},
    {"poke", {ArgDesc{"address", mock_tee::memory_size}, {"value", 0}}},
    {"call", {ArgDesc{"a0", 0}, {"a1", 0}, {"a2", 0}, {"a3", 0}}},
    {"send_registered", {ArgDesc{"cookie", 0, cookies}, {"offset", 0, sizes}, {"cmd", 7}, {"session", 0x1'0000'0000, sessions}}},
};
static_assert(std::size(steps) == kind_count);

class OpteeMessages final : public MessageTarget {
 public:
  OpteeMessages() : MessageTarget("optee_messages", {.steps = steps, .likely_acts = {}, .likely_words = {}, .likely_tales = {}}) {}

 private:
  void begin(uint64_t secret) override {
    MessageTarget::begin(secret);
    params_.clear();
  }

  // Two parameters of those kinds, in the memory that there is for them.
  static Params shaped(uint64_t shape, uint64_t size) {
    Params all;
    for (uint64_t index = 0; index < 2; ++index) {
      const uint64_t type = shape >> (4 * index) & 15, area = (frames::data + 4 * index) * 4096;
      if (type == 0 && index == 1) break;
      if (type < 4) all.push_back({type, 3 + index, size, 0});
      else if (type < 8) all.push_back({type, index * 64, size, 7});
      else all.push_back({type, area + 8, size, 0});
    }
    return all;
  }

  std::string perform(const snp::GuestStep& step) override {
    const auto& [first, second, third, fourth] = step.args;
    auto& world = machine_.world();
    const auto session = static_cast<uint32_t>(first);
    switch (step.kind) {
      case register_shm:
        list(frames::list * 4096, std::min<uint64_t>((fourth + third % 0x40'0000 + 4095) / 4096, 1022), second);
        return send(4, 0, 0, {{0x20a, frames::list * 4096 + fourth, third, first}});
      case unregister_shm: return send(5, 0, 0, {{5, 0, 0, first}});
      case open: return send(0, 0, 0, {{0x101, first, 0, 0}, {0x101, 0, 0, second}});
      case invoke: return send(1, static_cast<uint32_t>(second), session, shaped(third, fourth));
      case close: return send(2, 0, session, {});
      case cancel: return send(3, 0, session, {});
      case param:
        if (params_.size() < 127) params_.push_back(step.args);
        return "done";
      case send_what_is: return send_params(step);
      case at: at_ = first; return "done";
      case pages: list(first % (frames::guarded - 3) * 4096, second, third); return "done";
      case poke:
        if (world.normal_page(first / 4096)) world.memory.store(first / 8 * 8, second);
        return "done";
      case registers: return fmt::format("return {}", world.make({first, second, third, fourth})[0]);
      default: return send_registered(step);
    }
  }

  // What was put together so far; `count` is what the header says, 0 for as many as there are.
  std::string send_params(const snp::GuestStep& step) {
    const auto& [cmd, func, session, count] = step.args;
    Params all = std::exchange(params_, {});
    if (count != 0) all.resize(std::min<size_t>(count, 126));
    std::string result = send(static_cast<uint32_t>(cmd), static_cast<uint32_t>(func), static_cast<uint32_t>(session), all, cmd > 6 ? tee::Call::with_rpc_argument : tee::Call::with_argument);
    return result;
  }

  // A message without parameters within registered memory.
  std::string send_registered(const snp::GuestStep& step) {
    const auto& [cookie, offset, cmd, session] = step.args;
    auto& world = machine_.world();
    for (uint64_t page = frames::data; page < frames::data + 4; ++page) {
      const uint64_t place = page * 4096 + offset % 4064 / 8 * 8;
      world.memory.store(place, cmd), world.memory.store(place + 8, session), world.memory.store(place + 24, uint64_t{0});
    }
    return fmt::format("return {}", world.make({static_cast<uint64_t>(tee::Call::with_registered_argument), cookie >> 32, cookie & 0xffff'ffff, offset})[0]);
  }

  Params params_;
};

std::unique_ptr<Target> make() { return std::make_unique<OpteeMessages>(); }
constexpr TargetInfo info{"optee_messages", "OP-TEE messages of a hostile normal world", make};
const TargetRegistration registered_target(info);

}  // namespace
}  // namespace cupel::fuzz::optee
