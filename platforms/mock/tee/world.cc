#include "platforms/mock/tee/world.hh"

#include <algorithm>
#include <tuple>

#include "shims/optee/rpc.hh"

namespace cupel::mock_tee {

namespace message = optee::message;

void World::begin(uint64_t secret) {
  memory.reset();
  follow({});
  for (auto& stamps : stamps_) stamps.resize(memory_size);
  violation_.reset();
  seen_ = {};
  answers_ = {};
  secret_ = secret;
  trace_ = 0xcbf2'9ce4'8422'2325;
  calls_ = entries_ = 0, depth_ = firing_ = acts_fired_ = pokes_ = 0;
  thread_waits_ = releases_ = gives_argument_ = false;
  argument_ = thread_ = client_ = given_ = alias_ = 0;
  ignores_ = answer_wrong_ = false;
  lent_ = 0;
  replies_.clear();
  lied_.clear();
}

void World::follow(std::span<const Act> script) {
  loads_ = stores_ = 0, answered_ = 0;
  next_ = {};
  for (auto& acts : script_) acts.clear();
  for (const Act& act : script) {
    auto& acts = script_[static_cast<size_t>(act.when)];
    acts.insert(std::ranges::upper_bound(acts, act.nth, {}, &Act::nth), act);
  }
}

void World::violate(std::string_view oracle, std::string expected, std::string got) {
  if (!violation_) violation_ = {std::string(oracle), std::move(expected), std::move(got)};
  throw Stopped{};
}

void World::refuse_access(uint64_t address) { violate("owner", "only pages of the normal world's own are touched", "address " + std::to_string(address) + " is none of them"); }

// --- Calls ---

optee::Registers World::make(const optee::Registers& registers) {
  // What belongs to the call that is under way, if there is one.
  const auto outer = std::tuple(seen_, current_, argument_, thread_, client_, answers_, call_loads_, ignores_, gives_argument_, releases_);
  seen_ = {}, argument_ = thread_ = 0, client_ = registers[7], call_loads_ = 0, ignores_ = false;
  seen_.rpc_argument = registers[0] == 0x3200'0012;
  ++calls_, ++depth_;
  const optee::Registers result = on_call(registers);
  if (answer_wrong_) violate("resume", "a call is resumed by its own thread and client", "it was resumed by another");
  for (const uint64_t word : result) mix(word);
  --depth_;
  std::tie(seen_, current_, argument_, thread_, client_, answers_, call_loads_, ignores_, gives_argument_, releases_) = outer;
  return result;
}

void World::begin(optee::Object object) { current_[static_cast<size_t>(object)] = ++last_[static_cast<size_t>(object)]; }

std::optional<optee::TaInfo> World::find_ta(uint64_t high, uint64_t low) const {
  if (high >= applications || low != 0) return {};
  return optee::TaInfo{static_cast<uint32_t>(high), flags_of(static_cast<uint32_t>(high))};
}

optee::TaExit World::enter(optee::TaCall& call) {
  if (answer_wrong_) violate("resume", "a call is resumed by its own thread and client", "it was resumed by another");
  ++entries_;
  if (on_enter) on_enter(call);
  const optee::TaExit exit = run_application(call, secret_);
  const bool told_time = call.entry == optee::Entry::invoke && call.command % (deeds + 1) == static_cast<uint32_t>(Deed::time) && !exit.panicked && exit.code == 0;
  if (told_time && call.params->front().type == 2 && call.params->front().b >= 1000) violate("time", "fewer than 1000 milliseconds", std::to_string(call.params->front().b));
  if (on_leave) on_leave(call, exit);
  return exit;
}

// --- What we load and store ---

namespace {

optee::Object object_of(std::string_view site) {
  if (site.starts_with("message.")) return optee::Object::message;
  if (site.starts_with("list.")) return optee::Object::list;
  return site.starts_with("reply.") ? optee::Object::reply : optee::Object::data;
}

}  // namespace

void World::before_load(const volatile void* place, size_t size, const Site& site) {
  const uint64_t address = memory.address_of(place);
  if (answer_wrong_) violate("resume", "a call is resumed by its own thread and client", "it was resumed by another");
  fire(When::before_load, static_cast<uint32_t>(loads_++));
  if (++call_loads_ > loads_max) violate("progress", "a call whose loads are bounded by what it was asked", "loads without end");
  const auto object = static_cast<size_t>(object_of(site.name));
  for (uint64_t byte = address; byte < address + size; ++byte) {
    if (stamps_[object][byte] == current_[object]) violate("double_fetch", std::string(site.name) + " is read once", "it is read again");
    stamps_[object][byte] = current_[object];
  }
  uint64_t value = 0;
  std::memcpy(&value, memory.place(address), size);
  note(site, address, value);
}

// What the shim has read of its message, whatever stands there later.
void World::note(const Site& site, uint64_t address, uint64_t value) {
  const std::string_view name = site.name;
  if (mock_snp::ledger().on) mock_snp::ledger().record(site, std::ranges::find(lied_, address / 8) != lied_.end(), value);
  if (!name.starts_with("message.")) return;
  if (name == "message.cmd") seen_.address = address;
  if (name == "message.num_params" && seen_.rpc_argument) argument_ = seen_.address + message::size_of<uint64_t>(value);
  const uint64_t offset = address - seen_.address;
  if (offset < message::header_size) {
    seen_.header[offset / 4] = value;
  } else {
    const uint64_t index = (offset - message::header_size) / message::param_size;
    if (index < seen_.params.size()) seen_.params[index][offset % message::param_size / 8] = value;
  }
}

void World::after_store(volatile void* place, size_t size) {
  const uint64_t address = memory.address_of(place);
  uint64_t value = 0;
  std::memcpy(&value, memory.place(address), size);
  mix(address), mix(value);
  watch_store(address, size);
  if (address == seen_.address + message::ret_at) seen_.result = static_cast<uint32_t>(value);
  if (address == seen_.address + message::session_at) seen_.session = static_cast<uint32_t>(value);
  fire(When::before_store, static_cast<uint32_t>(++stores_));
}

// A store must be to a field that a result has, to memory that a parameter gives for it, or to a request of ours.
void World::watch_store(uint64_t address, size_t size) {
  const auto inside = [&](uint64_t begin, uint64_t length) { return address >= begin && address + size <= begin + length; };
  if (argument_ != 0 && inside(argument_, message::size_of<uint64_t>(message::rpc_params_max))) return;
  if (given_ != 0 && (inside(frames::pool * page_size, frames::pool_pages * page_size) || alias_ != 0)) return;
  const uint64_t base = seen_.address;
  if (inside(base + message::ret_at, 4) || inside(base + message::origin_at, 4)) return;
  const bool opens = seen_.header[0] == 0;
  if (opens && inside(base + message::session_at, 4)) return;
  for (uint64_t index = opens ? message::meta_params : 0; index < std::min<uint64_t>(seen_.header[7], seen_.params.size()); ++index) {
    const auto& [attr, a, b, c] = seen_.params[index];
    const uint64_t type = attr & message::type_mask, at = base + message::size_of<uint64_t>(index);
    if ((type & 2) == 0) continue;
    if (type < message::type_rmem && inside(at + message::a_at, 24)) return;
    if (type >= message::type_rmem && inside(at + message::b_at, 8)) return;
    const bool contiguous = type >= message::type_tmem && (attr & message::noncontiguous_bit) == 0;
    if (contiguous && address >= a && address - a < b && size <= b - (address - a)) return;
    // Registered and listed memory: any page of the normal world's may be part of it, the message's own as well.
    if (type >= message::type_rmem && !contiguous) return;
  }
  violate("write_back", "only results, memory for results and requests are written", "a store to " + std::to_string(address) + ", message at " + std::to_string(base));
}

// --- Acts ---

void World::fire(When when, uint32_t nth) {
  constexpr unsigned firing_max = 3;
  const auto& acts = script_[static_cast<size_t>(when)];
  size_t& next = next_[static_cast<size_t>(when)];
  while (next < acts.size() && acts[next].nth <= nth) {
    const Act act = acts[next++];
    if (act.nth < nth || firing_ >= firing_max) continue;
    ++firing_;
    if (on_act) on_act(act);
    ++acts_fired_;
    perform(act);
    --firing_;
  }
}

void World::perform(const Act& act) {
  switch (act.kind) {
    case ActKind::poke:
    case ActKind::flip: {
      const uint64_t address = act.a % memory_size / 4 * 4;
      if (!normal_page(address / page_size)) return;
      ++pokes_;
      memory.store(address, act.kind == ActKind::poke ? static_cast<uint32_t>(act.b) : memory.load<uint32_t>(address) ^ uint32_t{1} << act.b % 32);
      lied_.push_back(address / 8);
      break;
    }
    case ActKind::reply:
      if (argument_ != 0) {
        const uint64_t address = argument_ + act.a % 160 / 4 * 4;
        // Results are 32 bits, parameters 64.
        if (act.a % 160 < message::header_size) memory.store(address, static_cast<uint32_t>(act.b));
        else memory.store(address / 8 * 8, act.b);
        lied_.push_back(address / 8);
      }
      break;
    case ActKind::answer: answers_[act.a % 8] = act.b, lied_registers_[act.a % 8] = true; break;
    case ActKind::ignore: ignores_ = true; break;
    case ActKind::replay:
      if (argument_ != 0 && !replies_.empty()) {
        const auto& old = replies_[act.a % replies_.size()];
        for (size_t word = 0; word < old.size(); ++word) memory.store(argument_ + word * 8, old[word]);
      }
      break;
    case ActKind::send:
      // Another processor's call comes in where ours waits: one lock guards all else.
      if (thread_waits_ && !releases_) send(static_cast<Sent>(act.a % sent_kinds), act.b);
      break;
    case ActKind::alias: alias_ = act.a % memory_size; break;
  }
}

void World::send(Sent what, uint64_t with) {
  constexpr uint32_t depth_max = 4;
  if (depth_ >= depth_max + 1) return;
  if (what == Sent::fast) {
    static_cast<void>(make({0xb200'000f}));
    return;
  }
  const uint64_t at = (frames::sent + depth_ - 1) * page_size;
  for (uint64_t offset = 0; offset < 256; offset += 8) memory.store(at + offset, uint64_t{0});
  const auto header = [&](uint32_t cmd, uint32_t func, uint32_t session, uint32_t count) {
    for (const auto& [place, value] : {std::pair{message::cmd_at, cmd}, {message::func_at, func}, {message::session_at, session}, {message::count_at, count}}) memory.store(at + place, value);
  };
  const auto param = [&](uint64_t index, uint64_t attr, uint64_t a, uint64_t b, uint64_t c) {
    const uint64_t place = at + message::size_of<uint64_t>(index);
    for (const auto& [offset, value] : {std::pair{message::attr_at, attr}, {message::a_at, a}, {message::b_at, b}, {message::c_at, c}}) memory.store(place + offset, value);
  };
  switch (what) {
    case Sent::open: header(0, 0, 0, 2), param(0, 0x101, with % applications, 0, 0), param(1, 0x101, 0, 0, 0); break;
    case Sent::invoke: header(1, static_cast<uint32_t>(with & 0xff), static_cast<uint32_t>(with >> 8), 0); break;
    case Sent::close: header(2, 0, static_cast<uint32_t>(with), 0); break;
    case Sent::cancel: header(3, 0, static_cast<uint32_t>(with), 0); break;
    case Sent::register_shm:
      memory.store(frames::list * page_size + 2048 + 8 * depth_, (frames::data + 4) * page_size);
      header(4, 0, 0, 1), param(0, 0x20a, frames::list * page_size, 64, with);
      break;
    default: header(5, 0, 0, 1), param(0, 0x5, 0, 0, with); break;
  }
  static_cast<void>(make({0x3200'0004, at >> 32, at & 0xffff'ffff, 0, 0, 0, 0, 1}));
}

// --- Requests of ours ---

void World::rpc(const optee::Registers& registers) {
  for (const uint64_t word : registers) mix(word);
  if (++answered_ > answers_max) violate("progress", "a call asks a bounded number of times", "requests without end");
  const bool asked_again = registers[0] == 3;
  if (answer_wrong_ && !asked_again) violate("resume", "a call is resumed by its own thread and client", "it was resumed by another");
  answer_wrong_ = false;
  if (!asked_again) thread_ = registers[3], answers_ = {};
  answers_[3] = thread_, answers_[7] = client_;
  lied_registers_ = {};
  if (!asked_again) releases_ = (registers[0] & 0xffff) == static_cast<uint64_t>(optee::RpcKind::release), gives_argument_ = (registers[0] & 0xffff) == static_cast<uint64_t>(optee::RpcKind::allocate);
  const bool waits = std::exchange(thread_waits_, true);
  fire(When::before_answer, answered_ - 1);
  if (!asked_again && !ignores_) serve(registers);
  ignores_ = false;
  fire(When::after_answer, answered_ - 1);
  thread_waits_ = waits;
  if (gives_argument_) {
    // Where it says that requests go, after all lies.
    const uint64_t address = answers_[1] << 32 | (answers_[2] & 0xffff'ffff);
    argument_ = memory.holds(address, 160) && address % 8 == 0 ? address : 0;
  }
  answer_wrong_ = answers_[3] != thread_ || answers_[7] != client_;
}

Untrusted<uint64_t> World::answer(unsigned index, const Site* site) {
  mock_snp::ledger().record(*site, lied_registers_[index], answers_[index]);
  return Untrusted<uint64_t>(answers_[index]);
}

void World::serve(const optee::Registers& registers) {
  switch (static_cast<optee::RpcKind>(registers[0] & 0xffff)) {
    case optee::RpcKind::allocate: {
      const uint64_t address = alias_ != 0 ? alias_ : (frames::pool + given_ % frames::pool_pages) * page_size;
      ++given_, ++lent_;
      answers_[1] = address >> 32, answers_[2] = address & 0xffff'ffff, answers_[4] = 0, answers_[5] = 0x1000 + given_;
      break;
    }
    case optee::RpcKind::release: --lent_; break;
    case optee::RpcKind::command:
      serve_command();
      break;
  }
}

void World::serve_command() {
  const uint64_t base = argument_;
  if (base == 0 || !memory.holds(base, 160)) return;
  const auto param = [&](uint64_t index, uint64_t field) { return base + message::size_of<uint64_t>(index) + field; };
  uint32_t code = 0;
  switch (static_cast<optee::RpcCommand>(memory.load<uint32_t>(base))) {
    case optee::RpcCommand::allocate: serve_allocate(base); break;
    case optee::RpcCommand::release: --lent_; break;
    case optee::RpcCommand::time: memory.store(param(0, message::a_at), uint64_t{1000} + answered_), memory.store(param(0, message::b_at), uint64_t{500'000'000}); break;
    case optee::RpcCommand::file: serve_file(base); break;
    case optee::RpcCommand::suspend: break;
    default: code = 0xffff'000a; break;
  }
  memory.store(base + message::ret_at, code);
  std::array<uint64_t, 20> reply{};
  for (size_t word = 0; word < reply.size(); ++word) reply[word] = memory.load<uint64_t>(base + word * 8);
  replies_.push_back(reply);
}

void World::serve_allocate(uint64_t base) {
  const auto param = [&](uint64_t field) { return base + message::header_size + field; };
  const uint64_t address = alias_ != 0 ? alias_ : (frames::pool + given_ % frames::pool_pages) * page_size;
  ++given_, ++lent_;
  const uint64_t size = memory.load<uint64_t>(param(message::b_at));
  const std::array<uint64_t, 4> words{0xa, address, (size + page_size - 1) / page_size * page_size, 0x1000 + given_};
  for (size_t word = 0; word < words.size(); ++word) memory.store(param(word * 8), words[word]);
}

void World::serve_file(uint64_t base) {
  const auto param = [&](uint64_t index, uint64_t field) { return base + message::size_of<uint64_t>(index) + field; };
  if (memory.load<uint64_t>(param(0, message::a_at)) != static_cast<uint64_t>(optee::FileOperation::read)) return;
  memory.store(param(1, message::b_at), std::min<uint64_t>(memory.load<uint64_t>(param(1, message::b_at)), 32));
}

}  // namespace cupel::mock_tee
