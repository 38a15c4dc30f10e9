// The shim on the mock, with the model beside it.
#include <fmt/format.h>

#include "fuzz/optee/optee_target.hh"

namespace cupel::fuzz::optee {

namespace message = tee::message;

MessageMachine::MessageMachine()
    : core_(std::make_unique<tee::Core<mock_tee::World>>(world_)), model_(mock_tee::applications, [](uint64_t ta) { return mock_tee::flags_of(static_cast<uint32_t>(ta)); }) {
  memory_ = {[this](uint64_t page) { return world_.normal_page(page); }, [this](uint64_t address) { return world_.memory.load<uint64_t>(address); }};
  world_.on_call = [this](const tee::Registers& registers) { return call(registers); };
  const auto entry_of = [](tee::Entry entry) { return static_cast<props::TeeModel::Entry>(entry); };
  world_.on_enter = [this, entry_of](const tee::TaCall& one) { judge(model_.entering(entry_of(one.entry), one.ta, one.instance, one.session), "an application is entered"); };
  world_.on_leave = [this, entry_of](const tee::TaCall& one, const tee::TaExit& exit) { judge(model_.left(entry_of(one.entry), one.instance, one.session, exit.panicked, exit.code), "an application has come back"); };
}

void MessageMachine::begin(uint64_t secret) {
  world_.begin(secret);
  core_->reset();
  model_.reset();
}

void MessageMachine::judge(const std::string& wrong, const std::string& got) {
  if (!wrong.empty()) world_.violate("model", wrong, got);
}

// Where the message lies that these registers name, if it is one that must be taken.
std::optional<uint64_t> MessageMachine::message_address(const tee::Registers& registers) const {
  if (registers[0] != static_cast<uint64_t>(tee::Call::with_argument) && registers[0] != static_cast<uint64_t>(tee::Call::with_rpc_argument)) return {};
  const uint64_t address = registers[1] << 32 | (registers[2] & 0xffff'ffff);
  if (!world_.memory.holds(address, 32) || !world_.normal_page(address / 4096)) return {};
  if (address % 4096 != 0 && (address % 8 != 0 || !world_.static_memory(address, 32))) return {};
  const uint64_t size = 32 + 32 * uint64_t{world_.memory.load<uint32_t>(address + message::count_at)} + (registers[0] == static_cast<uint64_t>(tee::Call::with_rpc_argument) ? 160 : 0);
  if (size > 4096 - address % 4096) return {};
  return address;
}

props::TeeMessage MessageMachine::message_at(uint64_t address) const {
  const auto word = [&](uint64_t at) { return world_.memory.load<uint32_t>(address + at); };
  props::TeeMessage made{word(message::cmd_at), word(message::func_at), word(message::session_at), word(message::count_at)};
  for (size_t index = 0; index < std::min<size_t>(made.count, made.params.size()); ++index) {
    for (size_t field = 0; field < 4; ++field) made.params[index][field] = world_.memory.load<uint64_t>(address + 32 + 32 * index + 8 * field);
  }
  return made;
}

props::TeeMessage MessageMachine::message_of(const mock_tee::Seen& seen) {
  const auto word = [&](uint64_t at) { return static_cast<uint32_t>(seen.header[at / 4]); };
  return {word(message::cmd_at), word(message::func_at), word(message::session_at), word(message::count_at), seen.params};
}

tee::Registers MessageMachine::call(const tee::Registers& registers) {
  const auto address = message_address(registers);
  const bool waits = core_->threads().used() == tee::threads_max;
  const uint32_t pokes = world_.pokes();
  const uint64_t entries = world_.entries();
  const bool nested = core_->threads().used() > 0;
  // Of a message that need not be taken the model says nothing, unless it is.
  const props::TeeMessage message = address ? message_at(*address) : props::TeeMessage{.cmd = UINT32_MAX};
  props::TeeVerdict verdict;
  verdict.known = false;
  if (!waits) verdict = model_.begin(message, memory_);
  const tee::Registers answer = core_->call(registers);
  const auto code = static_cast<tee::Return>(answer[0]);
  if (registers[0] == static_cast<uint64_t>(tee::Call::thread_count) && answer[1] != tee::threads_max) world_.violate("model", "a fast call is answered whatever else waits", "it was not");
  if (waits) {
    if (address && code != tee::Return::thread_limit) world_.violate("model", "a call for which there is no thread is turned away", "it was taken");
    return answer;
  }
  const bool sure = address && world_.pokes() == pokes && !(nested && pokes > 0);
  if (sure && code != tee::Return::ok) world_.violate("model", "a message in the normal world's memory is taken", fmt::format("return {}", answer[0]));
  verdict.known &= sure;
  if (verdict.known && verdict.enters && world_.entries() == entries) world_.violate("model", "the application is asked", fmt::format("result {:#x}", world_.seen().result.value_or(0)));
  const mock_tee::Seen& seen = world_.seen();
  // What was read counts, whatever lay there.
  judge(model_.finished(message_of(seen), seen.result.value_or(static_cast<uint32_t>(tee::Tee::generic)), seen.session, verdict), fmt::format("result {:#x}", seen.result.value_or(UINT32_MAX)));
  return answer;
}

void MessageMachine::finish() {
  if (core_->threads().used() != 0) world_.violate("references", "no thread is left behind", "one is");
  if (core_->shm().references() != 0 || core_->shm().count(tee::ShmKind::temporary) != 0 || core_->shm().count(tee::ShmKind::guarded) != 0) {
    world_.violate("references", "each reference to the normal world's memory is given back", fmt::format("{} are left", core_->shm().references()));
  }
  if (core_->scratch_used() != 0) world_.violate("references", "private copies are given back", "some are left");
  if (core_->shm().count(tee::ShmKind::registered) != model_.cookies()) world_.violate("model", fmt::format("{} memories are registered", model_.cookies()), fmt::format("{}", core_->shm().count(tee::ShmKind::registered)));
  if (core_->sessions().count() != model_.sessions()) world_.violate("model", fmt::format("{} sessions are open", model_.sessions()), fmt::format("{}", core_->sessions().count()));
  core_->check();
}

}  // namespace cupel::fuzz::optee
