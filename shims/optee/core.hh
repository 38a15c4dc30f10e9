#pragma once
#include <algorithm>

#include "libos/base/check.hh"
#include "shims/optee/params.hh"
#include "shims/optee/rpc.hh"
#include "shims/optee/sessions.hh"

// What the normal world calls: fast calls, which only tell, and messages. Any registers and any memory are an answer, never a stop.
namespace cupel::optee {

enum class Call : uint32_t {
  with_argument = 0x3200'0004,
  with_rpc_argument = 0x3200'0012,
  with_registered_argument = 0x3200'0013,
  calls_uid = 0xbf00'ff01,
  revision = 0xbf00'ff03,
  os_uuid = 0xb200'0000,
  os_revision = 0xb200'0001,
  capabilities = 0xb200'0009,
  thread_count = 0xb200'000f,
};
enum class Return : uint32_t { ok = 0, thread_limit = 1, busy = 2, resume = 3, bad_address = 4, bad_command = 5, unknown = 0xffff'ffff };
inline constexpr uint64_t capability_dynamic = 1 << 2, capability_null = 1 << 4, capability_rpc_argument = 1 << 6;

template <NormalWorld World>
class Core {
 public:
  explicit Core(World& world) : world_(world), params_(world, shm_, scratch_) {}
  // As a machine starts.
  void reset() { shm_ = {}, sessions_ = {}, threads_ = {}, scratch_.release(0); }

  Registers call(const Registers& registers);

  const ShmTable& shm() const { return shm_; }
  const Sessions& sessions() const { return sessions_; }
  const Threads& threads() const { return threads_; }
  size_t scratch_used() const { return scratch_.mark(); }
  void check() const {
    shm_.check();
    sessions_.check();
    if (threads_.used() == 0) CHECK(shm_.references() == 0 && scratch_.mark() == 0);
  }

 private:
  struct Answer {
    Tee code = Tee::success;
    Origin origin = Origin::tee;
    uint32_t session = 0;
  };
  struct Caller;  // the way of an application's requests

  Registers tell(const Registers& registers) const;
  Return take_call(const Registers& registers);
  Return run(uint64_t address, uint64_t room, uint32_t thread, bool with_rpc);
  Answer perform(const Message& message, Rpc<World>& rpc);
  Answer open(const Message& message, Rpc<World>& rpc);
  Answer invoke(const Message& message, Rpc<World>& rpc);
  Answer close(const Message& message, Rpc<World>& rpc);
  TeeResult<> register_shm(const Message& message);
  TeeResult<> unregister_shm(const Message& message);
  TaExit enter(Entry entry, uint32_t instance, uint32_t session, uint32_t command, TaParams* params, Rpc<World>& rpc);
  void end_unused(uint32_t instance, Rpc<World>& rpc);
  static Answer refused(Tee code) { return {code, Origin::tee, 0}; }

  World& world_;
  ShmTable shm_;
  Sessions sessions_;
  Threads threads_;
  Scratch scratch_;
  Params<World> params_;
};

template <NormalWorld World>
struct Core<World>::Caller final : TaServices {
  Caller(Sessions& sessions, Rpc<World>& rpc, uint32_t session) : sessions_(sessions), rpc_(rpc), session_(session) {}
  TeeResult<bool> cancelled() override { return sessions_.cancelled(session_); }
  TeeResult<bool> mask_cancellation(bool masked) override { return sessions_.mask(session_, masked); }
  TeeResult<> wait(uint32_t milliseconds) override {
    if (TRY(cancelled())) return refuse(Tee::cancel);
    TRY(rpc_.wait(milliseconds));
    if (TRY(cancelled())) return refuse(Tee::cancel);
    return {};
  }
  TeeResult<uint64_t> read_file(uint32_t file, uint64_t offset, std::span<uint8_t> to) override { return rpc_.read_file(file, offset, to); }
  TeeResult<TeeTime> time() override { return rpc_.time(); }

 private:
  Sessions& sessions_;
  Rpc<World>& rpc_;
  uint32_t session_;
};

// --- Calls ---

template <NormalWorld World>
Registers Core<World>::tell(const Registers& registers) const {
  switch (static_cast<Call>(registers[0])) {
    case Call::calls_uid: return {0x384f'b3e0, 0xe7f8'11e3, 0xaf63'0002, 0xa5d5'c51b};
    case Call::revision: return {2, 0};
    case Call::os_uuid: return {0x4861'78e0, 0xe7f8'11e3, 0xbc5e'0002, 0xa5d5'c51b};
    case Call::os_revision: return {4, 0, 0};
    case Call::capabilities: return {0, capability_dynamic | capability_null | capability_rpc_argument, 0, message::rpc_params_max};
    case Call::thread_count: return {0, threads_max};
    default: return {static_cast<uint64_t>(Return::unknown)};
  }
}

template <NormalWorld World>
Registers Core<World>::call(const Registers& registers) {
  const auto function = static_cast<Call>(registers[0]);
  if (registers[0] > UINT32_MAX) return {static_cast<uint64_t>(Return::unknown)};
  switch (function) {
    case Call::with_argument:
    case Call::with_rpc_argument:
    case Call::with_registered_argument: return {static_cast<uint64_t>(take_call(registers))};
    default: return tell(registers);
  }
}

template <NormalWorld World>
Return Core<World>::take_call(const Registers& registers) {
  const auto thread = threads_.take(registers[7]);
  if (!thread) return Return::thread_limit;
  const uint64_t name = registers[1] << 32 | (registers[2] & 0xffff'ffff);
  Return result = Return::bad_address;
  if (static_cast<Call>(registers[0]) == Call::with_registered_argument) {
    // The message lies in registered memory, which nobody takes back while we use it.
    const auto index = shm_.get(name);
    const uint64_t offset = registers[3];
    const uint64_t in_page = index ? (shm_.at(*index).offset + offset % message::page_size) % message::page_size : 0;
    if (index && in_page % 8 == 0 && message::window_inside<uint64_t>(offset, message::header_size, shm_.at(*index).size)) {
      const uint64_t room = std::min(message::page_size - in_page, shm_.at(*index).size - offset);
      if (room >= message::header_size) result = run(shm_.at(*index).address(offset), room, *thread, false);
    }
    if (index) shm_.put(*index);
  } else {
    const bool in_static = name % 8 == 0 && world_.static_memory(name, message::header_size);
    const uint64_t room = message::page_size - name % message::page_size;
    const bool good = (in_static || name % message::page_size == 0) && room >= message::header_size && world_.normal_page(name / message::page_size);
    if (good) result = run(name, room, *thread, static_cast<Call>(registers[0]) == Call::with_rpc_argument);
  }
  threads_.free(*thread);
  return result;
}

template <NormalWorld World>
Return Core<World>::run(uint64_t address, uint64_t room, uint32_t thread, bool with_rpc) {
  const auto message = params_.read(address, room);
  if (!message) return Return::bad_address;
  const uint64_t size = message::size_of<uint64_t>(message->count), rpc_size = message::size_of<uint64_t>(message::rpc_params_max);
  if (with_rpc && rpc_size > room - size) return Return::bad_address;
  Rpc<World> rpc(world_, shm_, threads_, thread, with_rpc ? address + size : 0);
  const size_t mark = scratch_.mark();
  const Answer answer = message->count > message::params_taken_max ? refused(Tee::bad_parameters) : perform(*message, rpc);
  scratch_.release(mark);
  rpc.close();
  if (message->cmd == static_cast<uint32_t>(message::Command::open_session)) world_.shared32(address + message::session_at).write(answer.session);
  world_.shared32(address + message::ret_at).write(static_cast<uint32_t>(answer.code));
  world_.shared32(address + message::origin_at).write(static_cast<uint32_t>(answer.origin));
  return Return::ok;
}

template <NormalWorld World>
Core<World>::Answer Core<World>::perform(const Message& message, Rpc<World>& rpc) {
  const auto code_of = [](const TeeResult<>& result) { return refused(result ? Tee::success : result.error()); };
  switch (static_cast<message::Command>(message.cmd)) {
    case message::Command::open_session: return open(message, rpc);
    case message::Command::invoke_command: return invoke(message, rpc);
    case message::Command::close_session: return close(message, rpc);
    case message::Command::cancel: return message.count != 0 ? refused(Tee::bad_parameters) : code_of(sessions_.cancel(message.session));
    case message::Command::register_shm: return code_of(register_shm(message));
    case message::Command::unregister_shm: return code_of(unregister_shm(message));
    default: return refused(Tee::not_supported);
  }
}

// --- Sessions ---

template <NormalWorld World>
TaExit Core<World>::enter(Entry entry, uint32_t instance, uint32_t session, uint32_t command, TaParams* params, Rpc<World>& rpc) {
  Caller services(sessions_, rpc, session);
  TaCall call{entry, sessions_.instance(instance).ta, instance, session, command, params, &services};
  sessions_.set_entered(instance, true);
  const TaExit exit = world_.enter(call);
  sessions_.set_entered(instance, false);
  if (exit.panicked) sessions_.died(instance);
  return exit;
}

template <NormalWorld World>
void Core<World>::end_unused(uint32_t instance, Rpc<World>& rpc) {
  if (!sessions_.to_be_ended(instance)) return;
  if (sessions_.instance(instance).state == Sessions::InstanceState::ready) enter(Entry::destroy, instance, 0, 0, nullptr, rpc);
  if (sessions_.to_be_ended(instance)) sessions_.ended(instance);
}

template <NormalWorld World>
Core<World>::Answer Core<World>::open(const Message& message, Rpc<World>& rpc) {
  using namespace message;
  if (message.count < meta_params) return refused(Tee::bad_parameters);
  for (uint64_t index = 0; index < meta_params; ++index) {
    const auto type = type_of<uint64_t>(message.params[index].attr, Place::meta);
    if (!type || *type != type_value) return refused(Tee::bad_parameters);
  }
  if (!login_accepted<uint64_t>(message.params[1].c)) return refused(Tee::access_denied);
  const auto ta = world_.find_ta(message.params[0].a, message.params[0].b);
  if (!ta) return refused(Tee::item_not_found);
  Taken taken;
  Answer answer;
  if (const auto got = params_.take(message, meta_params, taken); !got) {
    answer = refused(got.error());
  } else if (const auto id = sessions_.open(ta->index, ta->flags); !id) {
    answer = refused(id.error());
  } else {
    const uint32_t instance = sessions_.find(*id)->instance;
    TaExit exit;
    Origin origin = Origin::trusted_app;
    if (sessions_.instance(instance).state == Sessions::InstanceState::creating) {
      exit = enter(Entry::create, instance, *id, 0, nullptr, rpc);
      if (!exit.panicked && exit.code == 0) sessions_.created(instance);
      else if (!exit.panicked) sessions_.stillborn(instance);
    }
    if (sessions_.instance(instance).state == Sessions::InstanceState::ready) exit = enter(Entry::open, instance, *id, 0, &taken.params, rpc);
    Tee code = static_cast<Tee>(exit.code);
    if (exit.panicked) code = Tee::target_dead, origin = Origin::tee;
    code = params_.give_back(message, meta_params, taken, code);
    answer = {code, origin, code == Tee::success ? *id : 0};
    if (code == Tee::success) sessions_.opened(*id);
    else sessions_.forget(*id), end_unused(instance, rpc);
  }
  params_.put(taken);
  return answer;
}

template <NormalWorld World>
Core<World>::Answer Core<World>::invoke(const Message& message, Rpc<World>& rpc) {
  Taken taken;
  Answer answer;
  if (const auto got = params_.take(message, 0, taken); !got) {
    answer = refused(got.error());
  } else if (const auto entered = sessions_.enter(message.session); !entered) {
    answer = refused(entered.error());
  } else {
    const TaExit exit = enter(Entry::invoke, sessions_.find(message.session)->instance, message.session, message.func, &taken.params, rpc);
    sessions_.leave(message.session);
    answer = exit.panicked ? refused(Tee::target_dead) : Answer{static_cast<Tee>(exit.code), Origin::trusted_app, 0};
    answer.code = params_.give_back(message, 0, taken, answer.code);
  }
  params_.put(taken);
  return answer;
}

template <NormalWorld World>
Core<World>::Answer Core<World>::close(const Message& message, Rpc<World>& rpc) {
  if (message.count != 0) return refused(Tee::bad_parameters);
  const auto entered = sessions_.enter(message.session);
  if (!entered && entered.error() != Tee::target_dead) return refused(entered.error());
  const uint32_t instance = sessions_.find(message.session)->instance;
  if (entered) {
    enter(Entry::close, instance, message.session, 0, nullptr, rpc);
    sessions_.leave(message.session);
  }
  sessions_.forget(message.session);
  end_unused(instance, rpc);
  return {};
}

// --- Shared memory ---

template <NormalWorld World>
TeeResult<> Core<World>::register_shm(const Message& message) {
  constexpr uint64_t scattered_out = 0xa | message::noncontiguous_bit;
  if (message.count != 1 || message.params[0].attr != scattered_out) return refuse(Tee::bad_parameters);
  const MessageParam& param = message.params[0];
  const auto index = TRY(shm_.take());
  Copies<World> copies(world_, shm_);
  TRY(copies.list_scattered(shm_.at(index), param.a, param.b));
  return shm_.add(index, ShmKind::registered, param.c);
}

template <NormalWorld World>
TeeResult<> Core<World>::unregister_shm(const Message& message) {
  if (message.count != 1 || message.params[0].attr != message::type_rmem) return refuse(Tee::bad_parameters);
  return shm_.unregister(message.params[0].c);
}

}  // namespace cupel::optee
