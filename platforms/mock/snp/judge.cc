// What an answer comes to: the protocol's tables once more, written apart from the guest's own judgement of them.
#include "platforms/mock/snp/hardware.hh"

namespace cupel::mock_snp {
namespace {

Verdict fatal(const char* why) { return {Verdict::Kind::fatal, 0, why}; }

// The registers that an event's answer must have marked valid (offsets in the GHCB), by the fact sheet's table 2.
std::span<const uint64_t> outputs_of(uint64_t code, uint64_t info_1) {
  static constexpr uint64_t rax_rdx[] = {0x1f8, 0x310}, all[] = {0x1f8, 0x308, 0x310, 0x318}, rdtscp[] = {0x1f8, 0x308, 0x310}, rax[] = {0x1f8};
  switch (code) {
    case 0x6e:
    case 0x6f: return rax_rdx;
    case 0x87: return rdtscp;
    case 0x72: return all;
    case 0x7c: return info_1 == 0 ? std::span<const uint64_t>(rax_rdx) : std::span<const uint64_t>();
    case 0x7b: return (info_1 & 5) == 1 ? std::span<const uint64_t>(rax) : std::span<const uint64_t>();
    case 0x81: return rax;
    default: return {};
  }
}

// Events whose EXITINFO2 is an output and no error.
bool gives_info_2(uint64_t code) {
  return code == 0x8000'0004 || code == 0x8000'0011 || code == 0x8000'0012 || code == 0x8000'0014 || code == 0x8000'fffd;
}

}  // namespace

uint64_t Hardware::field(uint64_t offset) const { return seen((request_ & ~uint64_t{0xfff}) + offset); }
bool Hardware::valid(uint64_t offset) const {
  const uint64_t bit = offset / 8;
  return (field(bit < 64 ? 0x3f0 : 0x3f8) >> (bit & 63) & 1) != 0;
}

Verdict Hardware::judge() const { return (request_ & 0xfff) == 0 ? judge_event() : judge_msr(); }

Verdict Hardware::judge_event() const {
  const uint64_t info_1 = field(0x398), info_2 = field(0x3a0);
  if (!valid(0x398) || !valid(0x3a0)) return fatal("an answer whose own words are not valid");
  if (valid(0x390)) return fatal("a request that came back unserviced");
  if (info_1 > 1) return fatal("an exit that reported an error");
  if (info_1 == 1) {
    const uint64_t vector = info_2 & 0xff;
    const bool event = (info_2 >> 31 & 1) == 1 && (info_2 >> 8 & 7) == 3 && (info_2 >> 12 & 0x7'ffff) == 0;
    if (!event || (vector != 6 && vector != 13)) return fatal("an event which no exit can raise");
    return {Verdict::Kind::raise, static_cast<uint8_t>(vector), ""};
  }
  if (info_2 != 0 && !gives_info_2(exit_code_)) return fatal("an exit that reported an error in its second word");
  for (const uint64_t offset : outputs_of(exit_code_, asked_info_1_)) {
    if (!valid(offset)) return fatal("an output that is not valid");
  }
  return exit_code_ == 0x8000'0010 ? judge_page_state() : Verdict{};
}

Verdict Hardware::judge_page_state() const {
  const uint64_t header = field(0x800), current = header & 0xffff, end = (header >> 16) & 0xffff;
  if ((header >> 32) != 0) return fatal("a header with its reserved word set");
  if (end != asked_end_) return fatal("a header with another last entry");
  if (current < asked_current_) return fatal("a header that goes backwards");
  if (current > end + 1) return fatal("a header beyond its end");
  return {current <= end ? Verdict::Kind::partial : Verdict::Kind::done, 0, ""};
}

Verdict Hardware::judge_msr() const {
  const uint64_t answer = hypervisor_.msr, code = answer & 0xfff;
  const uint64_t asked = request_ & 0xfff;
  if (code != asked - (asked == 0x002 ? 1 : 0) + (asked == 0x002 ? 0 : 1)) return fatal("an unpaired answer");
  switch (asked) {
    case 0x002:
      if (((answer >> 12) & 0xfff) != 0) return fatal("reserved bits in the version answer");
      if (((answer >> 32) & 0xffff) > 2 || (answer >> 48) < 2) return fatal("an offer without version 2");
      break;
    case 0x004:
      if ((answer & 0x3fff'f000) != 0) return fatal("reserved bits in the CPUID answer");
      if ((answer >> 30 & 3) != (request_ >> 30 & 3)) return fatal("another register than asked");
      break;
    case 0x080:
      if (((answer >> 12) & 1) == 0) return fatal("features without SNP");
      break;
    case 0x012:
      if ((answer >> 12) != (request_ >> 12)) return fatal("another frame registered than asked");
      break;
    case 0x014:
    case 0x016:
      if ((answer >> 12) != 0) return fatal("an error or reserved bits in the answer");
      break;
    default: break;
  }
  return {};
}

// What the guest gives: its fields say which they are, and nothing else is there for the hypervisor to read.
void Hardware::check_request() {
  asked_info_1_ = written(0x398);
  const uint64_t low = field(0x3f0), high = field(0x3f8);
  const uint64_t page = request_ & ~uint64_t{0xfff};
  for (const uint64_t offset : {0x390u, 0x398u, 0x3a0u, 0x3f0u, 0x3f8u}) {
    if (hypervisor_.lied_at(page + offset) || hypervisor_.gave(page + offset, field(offset))) return;  // not what the guest wrote
  }
  const auto* words = system_.words(static_cast<uint32_t>(request_ >> 12));
  for (uint64_t index = 0; index < words_of_page; ++index) {
    const uint64_t offset = index * 8;
    if (words[index] == 0 || offset == 0x3f0 || offset == 0x3f8 || offset == 0xff8) continue;
    if (hypervisor_.lied_at(page + offset) || hypervisor_.gave(page + offset, words[index])) continue;  // its own bytes
    const bool marked = offset < 0x400 && ((index < 64 ? low : high) >> (index & 63) & 1) != 0;
    const bool buffer = offset >= 0x800 && offset < 0xff0;
    if (!marked && !buffer) violate("poison", "nothing in the GHCB but this request", "a value at offset " + std::to_string(offset) + " that is no input of it");
  }
  if (hypervisor_.lied_at((request_ & ~uint64_t{0xfff}) + 0xff8)) return;
  if ((field(0xff8) >> 16 & 0xffff) != 2 || field(0xff8) >> 32 != 0) violate("poison", "version 2 and usage 0", "another version or usage");
  if (asked_info_1_ != 0 && exit_code_ == 0x7b && (asked_info_1_ & 5) == 4) check_buffer_tail();
}

// OUTS: the buffer holds count * size bytes of data, and zeros.
void Hardware::check_buffer_tail() {
  const uint64_t size = asked_info_1_ >> 4 & 7, used = field(0x3a0) * size;
  if (used > 0x7f0) violate("bounds", "a string that fits the shared buffer", std::to_string(used) + " bytes");
  for (uint64_t offset = (used + 7) / 8 * 8; offset < 0x7f0; offset += 8) {
    const uint64_t gpa = (request_ & ~uint64_t{0xfff}) + 0x800 + offset;
    if (system_.word(gpa) != 0 && !hypervisor_.lied_at(gpa)) violate("poison", "zeros after the string's data", "a value at byte " + std::to_string(offset));
  }
}

}  // namespace cupel::mock_snp
