#pragma once
#include <utility>

#include "shims/optee/copies.hh"
#include "shims/optee/scratch.hh"
#include "shims/optee/threads.hh"

// Requests to the normal world. What it answers is taken as data: the number of parameters and what they are is what we asked, a
// size is never more than there is, and a failure of its is an error for whoever asked.
namespace cupel::optee {

enum class RpcCommand : uint32_t { load_ta = 0, rpmb = 1, file = 2, time = 3, notification = 4, suspend = 5, allocate = 6, release = 7 };
enum class FileOperation : uint64_t { open, create, close, read, write, truncate, remove, rename, open_dir, close_dir, read_dir };

// One parameter of a request; after it, of its reply.
struct RpcParam {
  uint64_t attr = 0, a = 0, b = 0, c = 0;
};

// One call's way to the normal world.
template <NormalWorld World>
class Rpc {
 public:
  Rpc(World& world, ShmTable& shm, Threads& threads, uint32_t thread, uint64_t given) : world_(world), shm_(shm), threads_(threads), copies_(world, shm), thread_(thread), argument_(given) {}
  // Gives back what it has used. Before the call ends.
  void close();

  TeeResult<> ask(RpcCommand command, std::span<RpcParam> params);
  TeeResult<> wait(uint32_t milliseconds);
  TeeResult<TeeTime> time();
  TeeResult<uint64_t> read_file(uint64_t file, uint64_t offset, std::span<uint8_t> to);
  TeeResult<> write_file(uint64_t file, uint64_t offset, std::span<const uint8_t> from);

  // Memory for a reply of so many bytes.
  TeeResult<ShmTable::Index> allocate(uint64_t size);
  void release(ShmTable::Index index);

 private:
  TeeResult<> get_argument();
  void exchange(RpcKind kind, uint64_t a1, uint64_t a2);
  TeeResult<uint64_t> reply_size(const RpcParam& param, uint64_t asked) { return message::size_of_reply<uint64_t>(param.b, asked); }
  static bool known(uint64_t code);

  World& world_;
  ShmTable& shm_;
  Threads& threads_;
  Copies<World> copies_;
  uint32_t thread_;
  uint64_t argument_;  // where requests are written: part of the call's own message, or given when first needed
  uint64_t argument_cookie_ = 0;
  bool allocated_ = false;
};

template <NormalWorld World>
void Rpc<World>::exchange(RpcKind kind, uint64_t a1, uint64_t a2) {
  threads_.suspend(thread_);
  world_.begin(Object::reply);
  Registers registers{0xffff'0000 | static_cast<uint64_t>(kind), a1, a2, thread_};
  for (;;) {
    world_.rpc(registers);
    const uint64_t thread = taken(world_.answer(3, SITE("resume.thread", "a thread that is suspended; this one")));
    const uint64_t client = taken(world_.answer(7, SITE("resume.client", "the client whose call it is")));
    if (thread == thread_ && threads_.resume(thread, client)) return;
    registers = {3};  // ERESUME: there is no such call of yours
  }
}

template <NormalWorld World>
TeeResult<> Rpc<World>::get_argument() {
  if (argument_ != 0) return {};
  exchange(RpcKind::allocate, message::size_of<uint64_t>(message::rpc_params_max), 0);
  const uint64_t high = taken(world_.answer(1, SITE("allocate.high", "with the low half: page aligned, the normal world's")));
  const uint64_t low = taken(world_.answer(2, SITE("allocate.low", "with the high half: page aligned, the normal world's")));
  const uint64_t address = high << 32 | (low & 0xffff'ffff);
  if (address % message::page_size != 0 || !copies_.normal(address, message::page_size) || address == 0) return refuse(Tee::out_of_memory);
  const uint64_t cookie_high = taken(world_.answer(4, SITE("allocate.cookie_high", "only ever given back")));
  const uint64_t cookie_low = taken(world_.answer(5, SITE("allocate.cookie_low", "only ever given back")));
  argument_ = address, argument_cookie_ = cookie_high << 32 | (cookie_low & 0xffff'ffff);
  allocated_ = true;
  return {};
}

template <NormalWorld World>
void Rpc<World>::close() {
  if (allocated_) exchange(RpcKind::release, argument_cookie_ >> 32, argument_cookie_ & 0xffff'ffff);
  allocated_ = false;
}

// Whether a result is one that a supplicant may give.
template <NormalWorld World>
bool Rpc<World>::known(uint64_t code) {
  switch (static_cast<Tee>(code)) {
    case Tee::success:
    case Tee::item_not_found:
    case Tee::short_buffer:
    case Tee::out_of_memory:
    case Tee::storage_no_space:
    case Tee::access_conflict:
    case Tee::bad_parameters:
    case Tee::not_supported: return true;
    default: return false;
  }
}

template <NormalWorld World>
TeeResult<> Rpc<World>::ask(RpcCommand command, std::span<RpcParam> params) {
  using namespace message;
  TRY(get_argument());
  const auto store32 = [&](uint64_t at, uint32_t value) { world_.shared32(argument_ + at).write(value); };
  for (const uint64_t at : {func_at, session_at, cancel_at, cancel_at + 4, origin_at}) store32(at, 0);
  store32(cmd_at, static_cast<uint32_t>(command));
  store32(ret_at, static_cast<uint32_t>(Tee::generic));
  store32(count_at, static_cast<uint32_t>(params.size()));
  for (size_t index = 0; index < params.size(); ++index) {
    const uint64_t at = argument_ + size_of<uint64_t>(index);
    const RpcParam& param = params[index];
    for (const auto& [place, value] : {std::pair{attr_at, param.attr}, {a_at, param.a}, {b_at, param.b}, {c_at, param.c}}) world_.shared64(at + place).write(value);
  }
  exchange(RpcKind::command, argument_cookie_ >> 32, argument_cookie_ & 0xffff'ffff);
  const uint32_t code = taken(world_.shared32(argument_ + ret_at).read_once(SITE("reply.ret", "one of the results a supplicant gives, else a general error")));
  if (code != 0) return refuse(known(code) ? static_cast<Tee>(code) : Tee::generic);
  for (size_t index = 0; index < params.size(); ++index) {
    const uint64_t at = argument_ + size_of<uint64_t>(index);
    RpcParam& param = params[index];
    if (!gives_back<uint64_t>(param.attr & type_mask)) continue;
    const bool is_value = (param.attr & type_mask) < type_rmem;
    if (is_value) {
      param.a = taken(world_.shared64(at + a_at).read_once(SITE("reply.value_a", "data: judged by who asked")));
      param.b = taken(world_.shared64(at + b_at).read_once(SITE("reply.value_b", "data: judged by who asked")));
      param.c = taken(world_.shared64(at + c_at).read_once(SITE("reply.value_c", "data: judged by who asked")));
    } else {
      param.b = taken(world_.shared64(at + b_at).read_once(SITE("reply.size", "at most what was asked for", "a_reply_is_never_longer_than_its_buffer")));
    }
  }
  return {};
}

template <NormalWorld World>
TeeResult<ShmTable::Index> Rpc<World>::allocate(uint64_t size) {
  using namespace message;
  constexpr uint64_t value_in = 1, tmem_out = 0xa;
  TRY(get_argument());
  // What comes back is of another kind than what was asked with: read here, each field once.
  RpcParam asked{value_in, 0, size, 0};
  TRY(ask(RpcCommand::allocate, std::span(&asked, 1)));
  const uint64_t at = argument_ + size_of<uint64_t>(0);
  const uint64_t attr = taken(world_.shared64(at + attr_at).read_once(SITE("reply.alloc_attr", "memory that is given, contiguous or not")));
  const uint64_t buffer = taken(world_.shared64(at + a_at).read_once(SITE("reply.alloc_buffer", "page list or pages: the normal world's, every one")));
  const uint64_t given = taken(world_.shared64(at + b_at).read_once(SITE("reply.alloc_size", "at least what was asked for")));
  const uint64_t cookie = taken(world_.shared64(at + c_at).read_once(SITE("reply.alloc_cookie", "one that nothing else has")));
  if (attr != tmem_out && attr != (tmem_out | noncontiguous_bit)) return refuse(Tee::generic);
  if (given < size) return refuse(Tee::out_of_memory);
  const auto index = TRY(shm_.take());
  Shm& shm = shm_.at(index);
  if (attr == tmem_out) TRY(copies_.list_contiguous(shm, buffer, given));
  else TRY(copies_.list_scattered(shm, buffer, given));
  TRY(shm_.add(index, ShmKind::guarded, cookie));
  return index;
}

template <NormalWorld World>
void Rpc<World>::release(ShmTable::Index index) {
  RpcParam asked{1, 0, shm_.at(index).cookie, 0};
  shm_.release(index);
  // It may refuse: the memory is its own, and nothing here names it any more.
  static_cast<void>(ask(RpcCommand::release, std::span(&asked, 1)));
}

template <NormalWorld World>
TeeResult<> Rpc<World>::wait(uint32_t milliseconds) {
  RpcParam asked{1, milliseconds, 0, 0};
  return ask(RpcCommand::suspend, std::span(&asked, 1));
}

template <NormalWorld World>
TeeResult<TeeTime> Rpc<World>::time() {
  constexpr uint64_t nanoseconds_of_second = 1'000'000'000, seconds_max = UINT32_MAX;
  RpcParam asked{2, 0, 0, 0};
  TRY(ask(RpcCommand::time, std::span(&asked, 1)));
  if (asked.b >= nanoseconds_of_second || asked.a > seconds_max) return refuse(Tee::generic);
  return TeeTime{static_cast<uint32_t>(asked.a), static_cast<uint32_t>(asked.b / 1'000'000)};
}

template <NormalWorld World>
TeeResult<uint64_t> Rpc<World>::read_file(uint64_t file, uint64_t offset, std::span<uint8_t> to) {
  const auto buffer = TRY(allocate(to.size()));
  RpcParam asked[]{{1, static_cast<uint64_t>(FileOperation::read), file, offset}, {6, 0, to.size(), shm_.at(buffer).cookie}};
  auto done = ask(RpcCommand::file, asked);
  TeeResult<uint64_t> got = refuse(Tee::generic);
  if (!done) got = refuse(done.error());
  else got = reply_size(asked[1], to.size());
  if (got) copies_.copy_in(shm_.at(buffer), 0, to.first(*got));
  release(buffer);
  return got;
}

template <NormalWorld World>
TeeResult<> Rpc<World>::write_file(uint64_t file, uint64_t offset, std::span<const uint8_t> from) {
  const auto buffer = TRY(allocate(from.size()));
  copies_.copy_out(shm_.at(buffer), 0, from);
  RpcParam asked[]{{1, static_cast<uint64_t>(FileOperation::write), file, offset}, {5, 0, from.size(), shm_.at(buffer).cookie}};
  const auto done = ask(RpcCommand::file, asked);
  release(buffer);
  return done;
}

}  // namespace cupel::optee
