// The mock's rules and the guest's records, for every case there is: finite, so each is looked at.
#include <array>

#include "platforms/mock/snp/system.hh"
#include "platforms/snp/ghcb_layout.hh"
#include "platforms/snp/shadow.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool;
using mock_snp::Access, mock_snp::Encrypted, mock_snp::NptEntry, mock_snp::RmpEntry, mock_snp::Write;

// --- Table 3.1 of the fact sheet: what an access comes to ---
using JudgeAccess = Access (*)(const NptEntry& npt, const RmpEntry& entry, uint32_t gfn, Encrypted encrypted, Write write, unsigned vmpl);

// The table from its end: when does an access reach data at all, and who hears of it where it does not.
Access by_the_table(const NptEntry& npt, const RmpEntry& entry, bool right_frame, bool encrypted, bool write, unsigned vmpl) {
  const bool permitted = (entry.permissions[vmpl] & (write ? mock_snp::may_write : mock_snp::may_read)) != 0;
  const bool ours = entry.assigned && right_frame && (entry.large || !npt.large);
  const bool usable = encrypted ? ours && entry.validated && permitted && !(write && entry.vmsa) : !entry.assigned;
  const bool writable = !write || !npt.read_only;
  if (npt.present && !npt.reserved_bit && writable && usable) return Access::data;
  if (npt.present && npt.reserved_bit) return Access::mmio_marked;
  return npt.present && writable && encrypted && ours && !entry.validated ? Access::not_validated : Access::nested_fault;
}

Bool every_access_comes_to_what_the_table_says(JudgeAccess judge) {
  for (unsigned bits = 0; bits < 1u << 12; ++bits) {
    const auto bit = [bits](unsigned index) { return (bits >> index & 1) != 0; };
    for (unsigned vmpl = 0; vmpl < 4; ++vmpl) {
      const NptEntry npt{.present = bit(0), .large = bit(1), .reserved_bit = bit(2), .read_only = bit(3), .spa = 9};
      RmpEntry entry{.assigned = bit(4), .large = bit(5), .immutable = false, .vmsa = bit(6), .validated = bit(7), .gfn = bit(8) ? 7u : 8u};
      entry.permissions = {};
      entry.permissions[vmpl] = static_cast<uint8_t>((bit(9) ? mock_snp::may_read : 0) | (bit(10) ? mock_snp::may_write : 0));
      for (const bool write : {false, true}) {
        const auto expected = by_the_table(npt, entry, bit(8), bit(11), write, vmpl);
        if (judge(npt, entry, 7, bit(11) ? Encrypted::yes : Encrypted::no, write ? Write::yes : Write::no, vmpl) != expected) return false;
      }
    }
  }
  return true;
}

Access forgets_the_frame(const NptEntry& npt, const RmpEntry& entry, uint32_t, Encrypted encrypted, Write write, unsigned vmpl) { return judge_access(npt, entry, entry.gfn, encrypted, write, vmpl); }
Access is_always_the_highest_level(const NptEntry& npt, const RmpEntry& entry, uint32_t gfn, Encrypted encrypted, Write write, unsigned) { return judge_access(npt, entry, gfn, encrypted, write, 0); }
Access writes_processor_state(const NptEntry& npt, RmpEntry const& entry, uint32_t gfn, Encrypted encrypted, Write write, unsigned vmpl) {
  RmpEntry other = entry;
  other.vmsa = false;
  return judge_access(npt, other, gfn, encrypted, write, vmpl);
}
Access writes_what_is_read_only(const NptEntry& npt, RmpEntry const& entry, uint32_t gfn, Encrypted encrypted, Write write, unsigned vmpl) {
  NptEntry other = npt;
  other.read_only = false;
  return judge_access(other, entry, gfn, encrypted, write, vmpl);
}

// --- What each event gives: its fields' valid bits, and no other's (fact sheet, section 2) ---
struct Given {
  uint64_t event;
  std::array<uint64_t, 4> in, out;  // offsets in the page; 0 is none
};
constexpr Given given[] = {
    {0x6e, {}, {0x1f8, 0x310}}, {0x6f, {0x308}, {0x1f8, 0x310}}, {0x72, {0x1f8, 0x308}, {0x1f8, 0x308, 0x310, 0x318}}, {0x7b, {}, {}}, {0x7c, {0x308}, {}}, {0x81, {0x1f8, 0x0cb}, {0x1f8}},
    {0x87, {}, {0x1f8, 0x308, 0x310}}, {0x89, {}, {}}, {0x8000'0001, {0x3a8}, {}}, {0x8000'0002, {0x3a8}, {}}, {0x8000'0003, {}, {}}, {0x8000'0004, {}, {}}, {0x8000'0010, {0x3a8}, {}},
    {0x8000'0011, {}, {}}, {0x8000'0012, {0x1f8, 0x318}, {}}, {0x8000'0013, {0x1f8}, {}}, {0x8000'0014, {}, {}}, {0x8000'0015, {}, {}}, {0x8000'0018, {}, {}}, {0x8000'fffd, {}, {}},
    {0x8000'fffe, {}, {}}, {0x8000'ffff, {}, {}}};

struct Layout {
  const snp::ghcb::Contract* (*contract_of)(snp::ghcb::Event event);
  snp::ghcb::Bitmap (*bitmap_of)(snp::ghcb::Fields fields);
};

Bool an_event_marks_just_the_fields_that_it_gives(Layout layout) {
  const auto marks = [](snp::ghcb::Bitmap map, std::initializer_list<std::span<const uint64_t>> groups) {
    uint64_t low = 0, high = 0;
    for (const auto& offsets : groups) {
      for (const uint64_t offset : offsets) {
        if (offset != 0) (offset < 0x200 ? low : high) |= uint64_t{1} << (offset / 8 % 64);
      }
    }
    return map.low == low && map.high == high;
  };
  static constexpr uint64_t always[] = {0x390, 0x398, 0x3a0};
  for (const Given& one : given) {
    const auto* contract = layout.contract_of(static_cast<snp::ghcb::Event>(one.event));
    if (contract == nullptr) return false;
    if (!marks(layout.bitmap_of(static_cast<snp::ghcb::Fields>(contract->in | snp::ghcb::always)), {always, one.in})) return false;
    if (!marks(layout.bitmap_of(contract->out), {one.out})) return false;
  }
  return std::size(given) == snp::ghcb::contracts.size();
}

const snp::ghcb::Contract* answers_rdtscp_as_rdtsc(snp::ghcb::Event event) { return snp::ghcb::contract_of(event == snp::ghcb::Event::rdtscp ? snp::ghcb::Event::rdtsc : event); }
const snp::ghcb::Contract* gives_rax_with_every_doorbell(snp::ghcb::Event event) { return snp::ghcb::contract_of(event == snp::ghcb::Event::doorbell ? snp::ghcb::Event::ap_creation : event); }
snp::ghcb::Bitmap marks_the_neighbour(snp::ghcb::Fields fields) {
  auto map = snp::ghcb::bitmap_of(fields);
  map.high <<= 1;
  return map;
}

// --- A page has one role at a time, whatever six calls are made ---
struct Roles {
  bool (*claim)(snp::Shadow& shadow, uint64_t gfn, uint64_t pages, snp::Role role);
};

constexpr uint64_t frames = 3;
struct RoleCall {
  uint64_t gfn, pages;
  snp::Role role;  // none: released
};
constexpr RoleCall calls[] = {{0, 1, snp::Role::ghcb}, {0, 2, snp::Role::bounce}, {1, 2, snp::Role::vmsa}, {2, 2, snp::Role::pinned}, {0, 1, snp::Role::none}, {1, 1, snp::Role::none}};

bool one_role_after(Roles roles, unsigned sequence, unsigned length) {
  std::array<snp::Frame, frames> storage{};
  snp::Shadow shadow(0, storage);
  std::array<snp::Role, frames> holders{};  // the simplest record of who was given what
  for (; length > 0; --length, sequence /= std::size(calls)) {
    const RoleCall& call = calls[sequence % std::size(calls)];
    if (call.role == snp::Role::none) {
      shadow.release(call.gfn, call.pages);
      for (uint64_t page = call.gfn; page < call.gfn + call.pages; ++page) holders[page] = snp::Role::none;
    } else {
      bool is_free = call.gfn + call.pages <= frames;
      for (uint64_t page = call.gfn; is_free && page < call.gfn + call.pages; ++page) is_free = holders[page] == snp::Role::none;
      if (roles.claim(shadow, call.gfn, call.pages, call.role) != is_free) return false;
      for (uint64_t page = call.gfn; is_free && page < call.gfn + call.pages; ++page) holders[page] = call.role;
    }
    for (uint64_t page = 0; page < frames; ++page) {
      if (storage[page].role != holders[page]) return false;
    }
  }
  return true;
}

Bool a_page_has_one_role_at_a_time(Roles roles) {
  unsigned sequences = 1;
  for (unsigned length = 0; length < 6; ++length) sequences *= static_cast<unsigned>(std::size(calls));
  for (unsigned sequence = 0; sequence < sequences; ++sequence) {
    if (!one_role_after(roles, sequence, 6)) return false;
  }
  return true;
}

bool shipped_claim(snp::Shadow& shadow, uint64_t gfn, uint64_t pages, snp::Role role) { return shadow.claim(gfn, pages, role); }
bool looks_at_the_first_page(snp::Shadow& shadow, uint64_t gfn, uint64_t pages, snp::Role role) {
  if (!shadow.covers(gfn, pages) || shadow.role(gfn) != snp::Role::none) return false;
  shadow.release(gfn, pages);
  return shadow.claim(gfn, pages, role);
}
bool keeps_what_it_took_before_it_failed(snp::Shadow& shadow, uint64_t gfn, uint64_t pages, snp::Role role) {
  for (uint64_t page = gfn; page < gfn + pages; ++page) {
    if (!shadow.claim(page, 1, role)) return false;
  }
  return true;
}

const Registration registered{
    proof("snp", "every_access_comes_to_what_the_table_says", every_access_comes_to_what_the_table_says, mock_snp::judge_access,
          {{"forgets_the_frame", forgets_the_frame}, {"is_always_the_highest_level", is_always_the_highest_level}, {"writes_processor_state", writes_processor_state}, {"writes_what_is_read_only", writes_what_is_read_only}}),
    proof("snp", "an_event_marks_just_the_fields_that_it_gives", an_event_marks_just_the_fields_that_it_gives, {snp::ghcb::contract_of, snp::ghcb::bitmap_of},
          {{"answers_rdtscp_as_rdtsc", {answers_rdtscp_as_rdtsc, snp::ghcb::bitmap_of}},
           {"gives_rax_with_every_doorbell", {gives_rax_with_every_doorbell, snp::ghcb::bitmap_of}},
           {"marks_the_neighbour", {snp::ghcb::contract_of, marks_the_neighbour}}}),
    proof("snp", "a_page_has_one_role_at_a_time", a_page_has_one_role_at_a_time, {shipped_claim},
          {{"looks_at_the_first_page", {looks_at_the_first_page}}, {"keeps_what_it_took_before_it_failed", {keeps_what_it_took_before_it_failed}}}),
};

}  // namespace
}  // namespace cupel::proofs
