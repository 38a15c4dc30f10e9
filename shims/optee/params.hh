#pragma once
#include "shims/optee/copies.hh"
#include "shims/optee/scratch.hh"

// A call's message, read once: header and parameters. Whatever is decided, and whatever is written back, is by this copy.
namespace cupel::optee {

struct MessageParam {
  uint64_t attr = 0, a = 0, b = 0, c = 0;
};
struct Message {
  uint64_t address = 0;
  uint32_t cmd = 0, func = 0, session = 0, cancel_id = 0, count = 0;
  std::array<MessageParam, message::params_taken_max> params{};
};

// Parameters that an application gets: references to the normal world's memory, and private copies of what is in it.
struct Taken {
  std::array<uint64_t, message::user_params_max> type{};
  std::array<ShmTable::Index, message::user_params_max> shm{};
  std::array<uint64_t, message::user_params_max> offset{};
  uint32_t referenced = 0;  // which hold a reference, a bit each
  TaParams params{};
};

template <NormalWorld World>
class Params {
 public:
  Params(World& world, ShmTable& shm, Scratch& scratch) : world_(world), shm_(shm), scratch_(scratch), copies_(world, shm) {}

  // `room` bytes of the normal world's memory begin at `address`.
  TeeResult<Message> read(uint64_t address, uint64_t room);
  // User parameter i stands at place `first` + i of the message.
  TeeResult<> take(const Message& message, uint32_t first, Taken& taken);
  // What the application gives goes back; `code` is its result.
  Tee give_back(const Message& message, uint32_t first, const Taken& taken, Tee code);
  void put(Taken& taken);

 private:
  TeeResult<> take_memory(const MessageParam& param, Taken& taken, uint32_t index);
  uint32_t word(uint64_t address, const Site* site) { return optee::taken(world_.shared32(address).read_once(site)); }
  uint64_t double_word(uint64_t address, const Site* site) { return optee::taken(world_.shared64(address).read_once(site)); }
  static bool is_memory(uint64_t type) { return type >= message::type_rmem; }

  World& world_;
  ShmTable& shm_;
  Scratch& scratch_;
  Copies<World> copies_;
};

template <NormalWorld World>
TeeResult<Message> Params<World>::read(uint64_t address, uint64_t room) {
  using namespace message;
  world_.begin(Object::message);
  Message made{.address = address};
  made.cmd = word(address + cmd_at, SITE("message.cmd", "one of those we know"));
  made.func = word(address + func_at, SITE("message.func", "any: the application's"));
  made.session = word(address + session_at, SITE("message.session", "looked up in the table"));
  made.cancel_id = word(address + cancel_at, SITE("message.cancel_id", "any: a name"));
  made.count = word(address + count_at, SITE("message.num_params", "fits the message's room; six at most are taken", "a_message_that_is_taken_lies_in_its_room"));
  if (!fits<uint64_t>(made.count, room)) return refuse(Tee::communication);
  if (made.count > params_taken_max) return made;
  for (uint32_t index = 0; index < made.count; ++index) {
    const uint64_t at = address + size_of<uint64_t>(index);
    made.params[index] = {double_word(at + attr_at, SITE("message.attr", "a type that may stand there, no unknown bit", "every_attribute_is_one_kind_or_refused")),
                          double_word(at + a_at, SITE("message.a", "data, an offset or an address: judged by the type")),
                          double_word(at + b_at, SITE("message.b", "data, or a size: inside the memory that is named", "an_accepted_window_is_inside")),
                          double_word(at + c_at, SITE("message.c", "data, or a cookie: looked up in the table"))};
  }
  return made;
}

template <NormalWorld World>
TeeResult<> Params<World>::take(const Message& message, uint32_t first, Taken& taken) {
  if (message.count < first || message.count - first > message::user_params_max) return refuse(Tee::bad_parameters);
  for (uint32_t index = 0; index < message.count - first; ++index) {
    const MessageParam& param = message.params[first + index];
    const uint64_t type = TRY(message::type_of<uint64_t>(param.attr, message::Place::user));
    TaParam& given = taken.params[index];
    taken.type[index] = type;
    given.type = message::type_for_application<uint64_t>(type);
    if (!is_memory(type)) {
      const bool brings = type != message::type_none && message::brings<uint64_t>(type);
      if (brings) given.a = param.a, given.b = param.b, given.c = param.c;
      continue;
    }
    TRY(take_memory(param, taken, index));
  }
  return {};
}

template <NormalWorld World>
TeeResult<> Params<World>::take_memory(const MessageParam& param, Taken& taken, uint32_t index) {
  const uint64_t type = taken.type[index];
  ShmTable::Index shm;
  if (type < message::type_tmem) {
    shm = TRY(shm_.get(param.c));
    taken.offset[index] = param.a;
    taken.shm[index] = shm;
    taken.referenced |= 1u << index;
    if (!message::window_inside<uint64_t>(param.a, param.b, shm_.at(shm).size)) return refuse(Tee::security);
  } else {
    if (param.a == 0 && param.b == 0) return {};  // no memory, and none of it
    if (param.a == 0) return refuse(Tee::bad_parameters);
    shm = TRY(shm_.take());
    const bool scattered = (param.attr & message::noncontiguous_bit) != 0;
    if (param.b == 0 && !scattered) {
      if (!world_.normal_page(param.a / message::page_size)) return refuse(Tee::security);
      return {};
    }
    if (scattered) TRY(copies_.list_scattered(shm_.at(shm), param.a, param.b));
    else TRY(copies_.list_contiguous(shm_.at(shm), param.a, param.b));
    TRY(shm_.add(shm, ShmKind::temporary, 0));
    taken.shm[index] = shm;
    taken.referenced |= 1u << index;
  }
  TaParam& given = taken.params[index];
  given.bytes = TRY(scratch_.take(param.b));
  given.size = param.b;
  if (message::brings<uint64_t>(type)) copies_.copy_in(shm_.at(shm), taken.offset[index], given.bytes);
  return {};
}

template <NormalWorld World>
Tee Params<World>::give_back(const Message& message, uint32_t first, const Taken& taken, Tee code) {
  // What did not fit is asked for by its size, and none of it is given.
  for (const TaParam& given : taken.params) {
    if (is_memory(given.type) && message::gives_back<uint64_t>(given.type) && given.size > given.bytes.size() && code == Tee::success) code = Tee::generic;
  }
  for (uint32_t index = 0; index < message.count - first; ++index) {
    const uint64_t type = taken.type[index];
    if (!message::gives_back<uint64_t>(type)) continue;
    const TaParam& given = taken.params[index];
    const uint64_t at = message.address + message::size_of<uint64_t>(first + index);
    if (!is_memory(type)) {
      world_.shared64(at + message::a_at).write(given.a);
      world_.shared64(at + message::b_at).write(given.b);
      world_.shared64(at + message::c_at).write(given.c);
      continue;
    }
    world_.shared64(at + message::b_at).write(given.size);
    if (code == Tee::success && (taken.referenced >> index & 1) != 0) copies_.copy_out(shm_.at(taken.shm[index]), taken.offset[index], given.bytes.first(given.size));
  }
  return code;
}

template <NormalWorld World>
void Params<World>::put(Taken& taken) {
  for (uint32_t index = 0; index < message::user_params_max; ++index) {
    if ((taken.referenced >> index & 1) != 0) shm_.put(taken.shm[index]);
  }
  taken.referenced = 0;
}

}  // namespace cupel::optee
