#include "platforms/mock/tee/applications.hh"

#include <algorithm>

#include "shims/optee/sessions.hh"

namespace cupel::mock_tee {
namespace {

using optee::Tee;
using optee::TaParam;

bool is_memory(const TaParam& param) { return param.type >= optee::message::type_rmem; }
bool gives_back(const TaParam& param) { return optee::message::gives_back<uint64_t>(param.type); }

TaParam* first_output(optee::TaParams& params) {
  for (TaParam& param : params) {
    if (is_memory(param) && gives_back(param)) return &param;
  }
  return nullptr;
}

Tee echo(optee::TaParams& params) {
  const TaParam* from = nullptr;
  for (const TaParam& param : params) {
    if (from == nullptr && is_memory(param) && optee::message::brings<uint64_t>(param.type)) from = &param;
  }
  TaParam* to = first_output(params);
  if (from == nullptr || to == nullptr) return Tee::bad_parameters;
  const size_t size = std::min(from->bytes.size(), to->bytes.size());
  if (from != to) std::ranges::copy(from->bytes.first(size), to->bytes.begin());
  to->size = size;
  return Tee::success;
}

Tee add(optee::TaParams& params) {
  for (TaParam& param : params) {
    if (!is_memory(param) && gives_back(param)) ++param.a, ++param.b;
  }
  return Tee::success;
}

// Leaves what nobody may see wherever it can, and gives none of it.
void scatter(optee::TaParams& params, uint64_t secret) {
  for (TaParam& param : params) {
    for (uint8_t& byte : param.bytes) byte = static_cast<uint8_t>(secret), secret = secret >> 8 | secret << 56;
  }
}

Tee hold(optee::TaParams& params, uint64_t secret) {
  scatter(params, secret);
  for (TaParam& param : params) {
    if (is_memory(param)) param.size = 0;
  }
  return Tee::success;
}

// Says that it has given more than there is.
Tee grow(optee::TaParams& params, uint64_t secret, uint64_t by, Tee code) {
  TaParam* to = first_output(params);
  if (to == nullptr) return Tee::bad_parameters;
  scatter(params, secret);
  to->size = to->bytes.size() + by;
  return code;
}

Tee wait(optee::TaServices& services) {
  static_cast<void>(services.mask_cancellation(false));
  for (unsigned times = 0; times < 2; ++times) {
    if (const auto waited = services.wait(10); !waited) return waited.error();
  }
  return Tee::success;
}

Tee read(optee::TaParams& params, optee::TaServices& services) {
  TaParam* to = first_output(params);
  if (to == nullptr || to->bytes.empty()) return Tee::bad_parameters;
  const auto got = services.read_file(1, 0, to->bytes);
  if (!got) return got.error();
  to->size = *got;
  return Tee::success;
}

Tee time(optee::TaParams& params, optee::TaServices& services) {
  const auto now = services.time();
  if (!now) return now.error();
  if (gives_back(params[0]) && !is_memory(params[0])) params[0].a = now->seconds, params[0].b = now->milliseconds;
  return Tee::success;
}

Tee perform(Deed deed, optee::TaCall& call, uint64_t secret) {
  switch (deed) {
    case Deed::echo: return echo(*call.params);
    case Deed::add: return add(*call.params);
    case Deed::hold: return hold(*call.params, secret);
    case Deed::too_short: return grow(*call.params, secret, 16, Tee::short_buffer);
    case Deed::greedy: return grow(*call.params, secret, 8, Tee::success);
    case Deed::wait: return wait(*call.services);
    case Deed::read: return read(*call.params, *call.services);
    case Deed::time: return time(*call.params, *call.services);
    case Deed::fail: scatter(*call.params, secret); return Tee::access_denied;
    case Deed::lazy: return Tee::success;
    default: return Tee::not_supported;
  }
}

}  // namespace

uint32_t flags_of(uint32_t ta) {
  using namespace optee;
  constexpr std::array<uint32_t, applications> all{0, single_instance, single_instance | multi_session, single_instance | multi_session | keep_alive,
                                                   single_instance | multi_session | keep_alive | keep_crashed, concurrent, single_instance, single_instance};
  return all[ta];
}

optee::TaExit run_application(optee::TaCall& call, uint64_t secret) {
  constexpr uint32_t fails_to_start = 6, panics_at_start = 7;
  switch (call.entry) {
    case optee::Entry::create: return {call.ta == panics_at_start, call.ta == fails_to_start ? static_cast<uint32_t>(Tee::out_of_memory) : 0};
    case optee::Entry::invoke: {
      const auto deed = static_cast<Deed>(call.command % (deeds + 1));
      if (deed == Deed::panic) return {true, 0};
      return {false, static_cast<uint32_t>(perform(deed, call, secret))};
    }
    case optee::Entry::open:
      // A call while a session is being opened: others come in between.
      if (call.ta == 2) static_cast<void>(call.services->time());
      return {};
    default: return {};
  }
}

}  // namespace cupel::mock_tee
