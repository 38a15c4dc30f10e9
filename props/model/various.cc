// uname, getrandom, sched_yield.
#include <sys/random.h>

#include <algorithm>

#include "props/model/pages.hh"
#include "props/model/rules.hh"

namespace cupel::props::rules {

Result<> sched_yield(const Call&, Allowed& allowed) { return allowed.returns(0); }

Result<> uname(const Call& call, Allowed& allowed) {
  constexpr size_t field_size = 65, fields_count = 6;
  const uint64_t address = call.address(0);
  TRY(call.can_store(allowed, address, field_size * fields_count));
  allowed.returns(0);
  allowed.writes_anything(address, field_size * fields_count);
  allowed.inspect([=](const World&, const Actual& actual) {
    for (size_t field = 0; field < fields_count; ++field) {
      const auto text = actual.bytes(address + field * field_size, field_size);
      if (!text.empty() && std::ranges::find(text, std::byte{0}) == text.end()) return std::string("a text without an end");
    }
    const auto name = actual.bytes(address, 6);
    const bool is_linux = name.empty() || std::ranges::equal(name, std::as_bytes(std::span("Linux")));
    return std::string(is_linux ? "" : "another system's name");
  });
  return {};
}

Result<> getrandom(const Call& call, Allowed& allowed) {
  constexpr uint32_t insecure = 4;  // GRND_INSECURE
  const auto flags = call.arg<uint32_t>(2);
  if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | insecure)) != 0) return fail(Errno::inval);
  if ((flags & (GRND_RANDOM | insecure)) == (GRND_RANDOM | insecure)) return fail(Errno::inval);
  constexpr uint64_t size_max = 0x7fff'f000;
  const uint64_t address = call.address(0);
  const size_t wanted = std::min(call.arg<uint64_t>(1), size_max);
  if (!fits(address, wanted)) return fail(Errno::fault);
  const size_t reached = call.writable(address, wanted);
  if (wanted > 0 && reached == 0) return fail(Errno::fault);
  // Only short requests are never cut short; one that faults may give what it has.
  constexpr size_t sure = 256;
  if (reached < wanted) allowed.may_fail(Errno::fault);
  allowed.transfers(reached < wanted || wanted > sure ? 1 : static_cast<int64_t>(wanted), static_cast<int64_t>(reached));
  allowed.writes_anything(address, reached);
  return {};
}

}  // namespace cupel::props::rules
