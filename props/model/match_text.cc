#include <fmt/format.h>

#include "libos/base/errno.hh"
#include "props/model/match.hh"

namespace cupel::props {
namespace {

constexpr size_t bytes_shown_max = 64;

std::string hex(std::span<const std::byte> bytes) {
  std::string text = "{";
  for (size_t index = 0; index < std::min(bytes.size(), bytes_shown_max); ++index) {
    fmt::format_to(std::back_inserter(text), "{}{:02x}", index == 0 ? "" : " ", static_cast<unsigned>(bytes[index]));
  }
  return text + (bytes.size() > bytes_shown_max ? " ...}" : "}");
}

std::string value_text(int64_t value) {
  if (value >= 0 || value <= -static_cast<int64_t>(Allowed::errors_count)) return fmt::format("{}", value);
  return std::string(errno_name(static_cast<Errno>(-value)));
}

std::string text_of(const World& world, const Allowed& allowed, const Alternative& alternative, const interface::Outcome& outcome) {
  if (alternative.kind == interface::Outcome::Kind::blocked) return "blocked";
  if (alternative.kind == interface::Outcome::Kind::ended) return "ended";
  std::string text = value_text(alternative.low);
  if (alternative.high != alternative.low) text += " to " + value_text(alternative.high);
  for (const Write& write : allowed.writes_of(alternative)) {
    fmt::format_to(std::back_inserter(text), ", {} bytes at {:#x}", write.size, write.address);
    if (write.kind == Write::Kind::exact) text += " " + hex(allowed.bytes_of(write));
    if (write.kind == Write::Kind::masked) text += " " + hex(allowed.bytes_of(write)) + " in " + hex(allowed.mask_of(write));
  }
  const bool reached = outcome.kind == interface::Outcome::Kind::returned && outcome.value >= alternative.low && outcome.value <= alternative.high;
  if (alternative.inspection && reached) {
    const std::string wrong = alternative.inspection(world, {outcome.value, outcome.slots});
    if (!wrong.empty()) text += " (" + wrong + ")";
  }
  return text;
}

}  // namespace

std::string describe(const World& world, const Allowed& allowed, const interface::Outcome& outcome) {
  std::string text;
  const auto add = [&](const std::string& one) { text += (text.empty() ? "" : ", or ") + one; };
  for (const Alternative& alternative : allowed.alternatives()) {
    if (!alternative.fault) add(text_of(world, allowed, alternative, outcome));
  }
  for (size_t error = 1; error < Allowed::errors_count; ++error) {
    if (allowed.fails(static_cast<Errno>(error))) add(value_text(-static_cast<int64_t>(error)));
  }
  return text;
}

std::string describe(const interface::Outcome& outcome) {
  if (outcome.kind == interface::Outcome::Kind::blocked) return "blocked";
  if (outcome.kind == interface::Outcome::Kind::ended) return "ended";
  std::string text = value_text(outcome.value);
  for (const interface::Slot& slot : outcome.slots) {
    size_t begin = 0;
    while (begin < slot.after.size() && slot.after[begin] == slot.before[begin]) ++begin;
    size_t end = slot.after.size();
    while (end > begin && slot.after[end - 1] == slot.before[end - 1]) --end;
    if (begin == end) continue;
    fmt::format_to(std::back_inserter(text), ", {} bytes changed at {:#x} {}", end - begin, slot.address + begin,
                   hex(slot.after.subspan(begin, end - begin)));
  }
  return text;
}

}  // namespace cupel::props
