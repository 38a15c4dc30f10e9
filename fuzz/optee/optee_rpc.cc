// Requests to a hostile normal world: whatever it answers, and whatever other processors call meanwhile.
#include "fuzz/optee/optee_target.hh"

namespace cupel::fuzz::optee {
namespace {

namespace frames = mock_tee::frames;
using snp::ArgDesc, snp::StepDesc;

constexpr uint64_t sizes[] = {1, 8, 16, 32, 64, 100, 4096, 5000}, sessions[] = {1, 1, 1, 2, 3, 4}, applications[] = {0, 1, 2, 2, 3, 4};
constexpr ArgDesc session{"session", 0x1'0000'0000, sessions}, size{"size", 60'000, sizes}, how{"how", 2};
enum Kind : uint8_t { open, read, time, wait, panic, close, kind_count };
constexpr StepDesc steps[] = {{"open", {ArgDesc{"ta", mock_tee::applications, applications}, how}, {}, 3}, {"read", {session, size, how}, {}, 4}, {"time", {session, how}, {}, 2}, {"wait", {session, how}, {}, 3}, {"panic", {session}}, {"close", {session, how}}};
static_assert(std::size(steps) == kind_count);

class OpteeRpc final : public MessageTarget {
 public:
  OpteeRpc() : MessageTarget("optee_rpc", {.steps = steps, .likely_acts = {}, .likely_words = {}, .likely_tales = {}, .opening = uint8_t{open}}) {}

 private:
  std::string perform(const snp::GuestStep& step) override {
    const auto& [first, second, third, fourth] = step.args;
    const auto ask = [&](uint32_t cmd, mock_tee::Deed deed, const Params& params, uint64_t with) {
      return send(cmd, static_cast<uint32_t>(deed), static_cast<uint32_t>(first), params, with != 0 ? tee::Call::with_rpc_argument : tee::Call::with_argument);
    };
    switch (step.kind) {
      case open: return ask(0, {}, {{0x101, first, 0, 0}, {0x101, 0, 0, 0}}, second);
      case read: return ask(1, mock_tee::Deed::read, {{0xa, frames::data * 4096, second, 0}}, third);
      case time: return ask(1, mock_tee::Deed::time, {{2, 0, 0, 0}}, second);
      case wait: return ask(1, mock_tee::Deed::wait, {}, second);
      case panic: return ask(1, mock_tee::Deed::panic, {}, 0);
      default: return ask(2, {}, {}, second);
    }
  }
};

std::unique_ptr<Target> make() { return std::make_unique<OpteeRpc>(); }
constexpr TargetInfo info{"optee_rpc", "OP-TEE requests to a hostile normal world", make};
const TargetRegistration registered_target(info);

}  // namespace
}  // namespace cupel::fuzz::optee
