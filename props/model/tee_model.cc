#include "props/model/tee_model.hh"

#include <algorithm>

namespace cupel::props {
namespace {

constexpr uint32_t ok = 0, cancelled_code = 0xffff'0002, access_denied = 0xffff'0001, bad_format = 0xffff'0005, bad_parameters = 0xffff'0006, not_found = 0xffff'0008, not_supported = 0xffff'000a,
                   out_of_memory = 0xffff'000c, busy = 0xffff'000d, security = 0xffff'000f, target_dead = 0xffff'3024;
constexpr uint32_t single = 1 << 2, multi = 1 << 3, alive = 1 << 4, concurrent = 1 << 8, crashed = 1 << 13;
constexpr unsigned __int128 page = 4096;

TeeVerdict refused(uint32_t code, std::string why) { return {true, false, code, std::move(why)}; }
const TeeVerdict enters{true, true, ok, ""}, unknown{false, false, ok, ""};

// Bits 0 to 7 what, 8 meta, 9 a list of pages, 16 to 18 cache.
std::optional<uint64_t> type_of(uint64_t attr, bool meta) {
  constexpr std::array<bool, 16> allowed{true, true, true, true, false, true, true, true, false, true, true, true, false, false, false, false};
  const uint64_t type = attr & 0xff, cache = attr >> 16 & 7;
  if (attr >> 19 != 0 || (attr >> 10 & 0x3f) != 0 || type > 15 || !allowed[type] || cache > 1) return {};
  if ((attr >> 8 & 1) != (meta ? 1 : 0)) return {};
  if ((attr >> 9 & 1) != 0 && type < 9) return {};
  return type;
}

// The pages a list names, by the size; nothing where one is not the normal world's.
bool list_is_good(uint64_t at, uint64_t count, const TeeMemory& memory) {
  for (uint64_t index = 0; index < count; ++index) {
    if (index % 511 == 0) {
      if (index > 0) at = memory.word(at + 511 * 8);
      if (at % 4096 != 0 || !memory.normal(at / 4096)) return false;
    }
    const uint64_t entry = memory.word(at + index % 511 * 8);
    if (entry % 4096 != 0 || !memory.normal(entry / 4096)) return false;
  }
  return true;
}

std::optional<TeeVerdict> judge_pages(uint64_t address, uint64_t size, bool listed, const TeeMemory& memory) {
  constexpr unsigned __int128 pages_max = 600;
  if (size == 0) return refused(bad_parameters, "no pages are memory");
  const unsigned __int128 pages = (address % page + size + page - 1) / page;
  if (pages > pages_max) return refused(out_of_memory, "more pages than one may name");
  if (listed) {
    if (!list_is_good(address / 4096 * 4096, static_cast<uint64_t>(pages), memory)) return refused(security, "a page of the list is not the normal world's");
    return {};
  }
  for (unsigned __int128 at = address / page; at <= (static_cast<unsigned __int128>(address) + size - 1) / page; ++at) {
    if (at > UINT64_MAX || !memory.normal(static_cast<uint64_t>(at))) return refused(security, "a page is not the normal world's");
  }
  return {};
}

}  // namespace

std::optional<TeeVerdict> TeeModel::memory_of(const std::array<uint64_t, 4>& param, const TeeMemory& memory, uint64_t& total) const {
  const auto& [attr, a, b, c] = param;
  if ((attr & 0xff) < 9) {
    const auto found = cookies_.find(c);
    if (is_given(c)) return unknown;
    if (found == cookies_.end()) return refused(not_found, "nothing is registered under that cookie");
    if (static_cast<unsigned __int128>(a) + b > found->second) return refused(security, "the window is not inside the memory");
  } else {
    if (a == 0 && b == 0) return {};
    if (a == 0) return refused(bad_parameters, "no memory has no size");
    if (b == 0 && (attr >> 9 & 1) == 0) {
      if (!memory.normal(a / 4096)) return refused(security, "a page is not the normal world's");
      return {};
    }
    if (auto bad = judge_pages(a, b, (attr >> 9 & 1) != 0, memory)) return bad;
  }
  total = b > UINT32_MAX ? UINT64_MAX : std::min<uint64_t>(UINT32_MAX, total) + b;
  if (total > 64 * 1024) return refused(out_of_memory, "no room for private copies");
  return {};
}

std::optional<TeeVerdict> TeeModel::params(const TeeMessage& message, size_t first, const TeeMemory& memory) const {
  if (message.count < first || message.count - first > 4) return refused(bad_parameters, "four parameters at most");
  uint64_t total = 0;
  for (size_t index = first; index < message.count; ++index) {
    const auto type = type_of(message.params[index][0], false);
    if (!type) return refused(bad_parameters, "no such kind of parameter");
    if (*type < 5) continue;
    if (auto bad = memory_of(message.params[index], memory, total)) return bad;
  }
  return {};
}

uint32_t TeeModel::sessions_of(uint32_t instance) const {
  return static_cast<uint32_t>(std::ranges::count_if(sessions_, [&](const auto& one) { return one.second.instance == instance; }));
}

TeeVerdict TeeModel::predict_open(const TeeMessage& message, const TeeMemory& memory) const {
  constexpr uint64_t logins_below = 7, kernel = 0x8000'0000, sessions_max = 8;
  if (message.count < 2) return refused(bad_parameters, "who opens what is missing");
  for (size_t index = 0; index < 2; ++index) {
    if (type_of(message.params[index][0], true) != 1u) return refused(bad_parameters, "who opens what are values");
  }
  const uint64_t login = message.params[1][3], ta = message.params[0][1];
  if ((login >= logins_below || login == 3) && login != kernel) return refused(access_denied, "that login is not the normal world's to claim");
  if (ta >= applications_ || message.params[0][2] != 0) return refused(not_found, "there is no such application");
  if (auto bad = params(message, 2, memory)) return *bad;
  const uint32_t flags = flags_(ta);
  if ((flags & concurrent) != 0) return refused(bad_format, "an application may not be entered twice at once");
  if (sessions_.size() >= sessions_max) return refused(out_of_memory, "no session is left");
  for (const auto& [id, one] : instances_) {
    if (one.ta != ta || (flags & single) == 0) continue;
    if (one.dead) return refused(target_dead, "its only instance has crashed");
    if (one.entered) return refused(busy, "its only instance is running");
    if (sessions_of(id) > 0 && (flags & multi) == 0) return refused(busy, "its only instance has a session, and takes no other");
    return enters;
  }
  if (instances_.size() >= 4) return refused(out_of_memory, "no instance is left");
  return enters;
}

TeeVerdict TeeModel::predict_command(const TeeMessage& message, const TeeMemory& memory) const {
  const bool closes = message.cmd == 2;
  if (closes && message.count != 0) return refused(bad_parameters, "closing takes no parameters");
  if (!closes) {
    if (auto bad = params(message, 0, memory)) return *bad;
  }
  const auto session = sessions_.find(message.session);
  if (session == sessions_.end()) return refused(bad_parameters, "there is no such session");
  if (session->second.busy || !session->second.open) return refused(busy, "the session is busy");
  const Instance& instance = instances_.at(session->second.instance);
  if (instance.dead) return closes ? refused(ok, "") : refused(target_dead, "its application has crashed");
  if (instance.entered) return refused(busy, "its application is running");
  return enters;
}

bool TeeModel::held(uint64_t cookie) const {
  for (const auto& [message, asks] : under_way_) {
    for (size_t index = message.cmd == 0 ? 2 : 0; asks && index < message.count; ++index) {
      const uint64_t type = message.params[index][0] & 0xff;
      if (type >= 5 && type < 9 && message.params[index][3] == cookie) return true;
    }
  }
  return false;
}

TeeVerdict TeeModel::begin(const TeeMessage& message, const TeeMemory& memory) {
  TeeVerdict verdict = predict(message, memory);
  under_way_.emplace_back(message, verdict.enters);
  return verdict;
}

TeeVerdict TeeModel::predict(const TeeMessage& message, const TeeMemory& memory) const {
  if (message.count > 6) return refused(bad_parameters, "more parameters than there may be");
  const auto& [attr, a, b, c] = message.params[0];
  switch (message.cmd) {
    case 0: return crowded() ? unknown : predict_open(message, memory);
    case 1: return crowded() ? unknown : predict_command(message, memory);
    case 2: return predict_command(message, memory);
    case 3:
      if (message.count != 0) return refused(bad_parameters, "cancelling takes no parameters");
      return refused(sessions_.contains(message.session) ? ok : bad_parameters, "a session that there is may be cancelled");
    case 4: {
      if (message.count != 1 || attr != 0x20a) return refused(bad_parameters, "one list of pages is registered");
      if (crowded() || is_given(c)) return unknown;
      if (auto bad = judge_pages(a, b, true, memory)) return *bad;
      return refused(cookies_.contains(c) ? bad_parameters : ok, "a cookie names one memory");
    }
    case 5:
      if (message.count != 1 || attr != 5) return refused(bad_parameters, "one cookie is given up");
      if (is_given(c)) return unknown;
      if (held(c)) return refused(busy, "memory that a call uses is not given up");
      if (!cookies_.contains(c)) return refused(not_found, "nothing is registered under that cookie");
      return refused(ok, "");
    default: return refused(not_supported, "there is no such command");
  }
}

std::string TeeModel::finished(const TeeMessage& message, uint32_t code, uint32_t session, const TeeVerdict& verdict) {
  under_way_.pop_back();
  if (verdict.known && !verdict.enters && code != verdict.code) return verdict.why.empty() ? "it is done" : verdict.why;
  const auto& [attr, a, b, c] = message.params[0];
  if (message.cmd == 0 && code == ok) {
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return "a session that is opened was entered with its number";
    if (found->second.open) return "a new session has a number of its own";
    found->second.open = true;
  }
  if (message.cmd == 3 && code == ok) {
    const auto found = sessions_.find(message.session);
    if (found != sessions_.end() && found->second.busy) found->second.cancelled = true;
  }
  if (message.cmd == 4 && code == ok && !cookies_.emplace(c, b).second) return "a cookie names one memory";
  if (message.cmd == 5 && code == ok && cookies_.erase(c) == 0) return "only what is registered is given up";
  if (message.cmd == 2 && code == ok) {
    const auto found = sessions_.find(message.session);
    if (found == sessions_.end()) return "only a session that is open is closed";
    const uint32_t instance = found->second.instance;
    sessions_.erase(found);
    const auto its = instances_.find(instance);
    if (its != instances_.end() && sessions_of(instance) == 0) {
      const uint32_t flags = flags_(its->second.ta);
      const bool stays = (flags & alive) != 0 && (!its->second.dead || (flags & crashed) != 0);
      if (!stays) instances_.erase(its);
    }
  }
  return {};
}

std::string TeeModel::entering(Entry entry, uint32_t ta, uint32_t instance, uint32_t session) {
  auto [found, fresh] = instances_.try_emplace(instance, Instance{ta});
  Instance& one = found->second;
  if (fresh && entry != Entry::create) return "an application is created before anything else";
  if (!fresh && entry == Entry::create) return "an application is created once";
  if (one.ta != ta) return "an instance is one application's";
  if (one.dead) return "a crashed application is not entered again";
  if (one.entered) return "an application is entered once at a time";
  if (fresh && (flags_(ta) & single) != 0) {
    for (const auto& [id, other] : instances_) {
      if (id != instance && other.ta == ta) return "a single instance is one";
    }
  }
  one.entered = true;
  if (entry == Entry::create || entry == Entry::open) {
    const auto [place, is_new] = sessions_.try_emplace(session, Session{instance, true, false});
    if (!is_new && place->second.open) return "a new session has a number of its own";
    if (place->second.instance != instance) return "a session is one instance's";
  } else if (entry != Entry::destroy) {
    const auto place = sessions_.find(session);
    if (place == sessions_.end() || !place->second.open) return "only an open session is entered";
    if (place->second.instance != instance) return "a session is one instance's";
    if (place->second.busy) return "a session has one command at a time";
    place->second.busy = true;
    place->second.cancelled = false;
  } else if (sessions_of(instance) > 1) {
    return "an application is ended without sessions";
  }
  return {};
}

std::string TeeModel::left(Entry entry, uint32_t instance, uint32_t session, bool panicked, uint32_t code) {
  Instance& one = instances_[instance];
  one.entered = false;
  one.dead |= panicked;
  const auto place = sessions_.find(session);
  if (entry == Entry::invoke && !panicked && code == cancelled_code && !place->second.cancelled) return "a command is cancelled only if that was asked of it";
  if (place != sessions_.end()) place->second.busy = entry == Entry::create && !panicked && code == 0;
  const bool failed = panicked || code != 0;
  if ((entry == Entry::create || entry == Entry::open) && failed) {
    sessions_.erase(session);
    const uint32_t flags = flags_(one.ta);
    const bool stays = (flags & alive) != 0 && panicked && (flags & crashed) != 0;
    if (entry == Entry::open && !panicked) return {};  // it is told of its end first
    if (sessions_of(instance) == 0 && !stays) instances_.erase(instance);
  }
  if (entry == Entry::destroy) instances_.erase(instance);
  return {};
}

}  // namespace cupel::props
