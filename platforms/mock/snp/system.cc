#include "platforms/mock/snp/system.hh"

namespace cupel::mock_snp {

Access judge_access(const NptEntry& npt, const RmpEntry& entry, uint32_t gfn, Encrypted encrypted, Write write, unsigned vmpl) {
  if (!npt.present) return Access::nested_fault;
  if (npt.reserved_bit) return Access::mmio_marked;
  if (npt.read_only && write == Write::yes) return Access::nested_fault;
  if (encrypted == Encrypted::no) return entry.assigned ? Access::nested_fault : Access::data;
  if (!entry.assigned || entry.gfn != gfn) return Access::nested_fault;
  if (npt.large && !entry.large) return Access::nested_fault;  // a 2M translation over a 4K entry
  if (!entry.validated) return Access::not_validated;
  if (entry.vmsa && write == Write::yes) return Access::nested_fault;
  const uint8_t needed = write == Write::yes ? may_write : may_read;
  if ((entry.permissions[vmpl % entry.permissions.size()] & needed) == 0) return Access::nested_fault;
  return Access::data;
}

System::System() {
  for (uint32_t gfn = 0; gfn < guest_frames; ++gfn) npt_[gfn].spa = gfn;
  content_.reset(stale_pattern);
}

void System::reset() {
  for (const uint32_t spa : touched_pages_) {
    validated_[rmp_[spa].gfn] = 0;
    rmp_[spa] = {};
    page_touched_[spa] = false;
  }
  for (const uint32_t gfn : touched_frames_) {
    npt_[gfn] = {.spa = gfn};
    frame_touched_[gfn] = false;
  }
  touched_pages_.clear();
  touched_frames_.clear();
  content_.reset(stale_pattern);
}

RmpEntry& System::touch(uint32_t spa) {
  spa %= system_pages;
  if (!page_touched_[spa]) {
    page_touched_[spa] = true;
    touched_pages_.push_back(spa);
  }
  return rmp_[spa];
}

Access System::access(uint32_t gfn, Encrypted encrypted, Write write, unsigned vmpl) const {
  const NptEntry& entry = npt(gfn);
  return judge_access(entry, rmp(entry.spa), gfn % guest_frames, encrypted, write, vmpl);
}

void System::set_validated(uint32_t spa, bool validated) {
  RmpEntry& entry = touch(spa);
  if (entry.validated == validated) return;
  entry.validated = validated;
  validated_[entry.gfn] = static_cast<uint16_t>(validated_[entry.gfn] + (validated ? 1 : -1));
}

std::optional<System::Validated> System::pvalidate(uint32_t gfn, bool large, bool validate) {
  gfn %= guest_frames;
  const NptEntry& entry = npt(gfn);
  if (large && gfn % large_pages != 0) return Validated{1, false};
  if (!entry.present || entry.reserved_bit) return std::nullopt;
  const RmpEntry& base = rmp(entry.spa);
  if (!base.assigned || base.gfn != gfn || base.immutable || base.vmsa) return std::nullopt;
  if (large && (!base.large || !entry.large)) return Validated{6, false};
  if (!large && base.large) return std::nullopt;  // until the hypervisor has smashed it
  const uint32_t count = large ? large_pages : 1;
  bool unchanged = true;
  for (uint32_t page = 0; page < count; ++page) {
    unchanged = unchanged && rmp(entry.spa + page).validated == validate;
    set_validated(entry.spa + page, validate);
  }
  return Validated{0, unchanged};
}

std::optional<System::Adjusted> System::rmpadjust(uint32_t gfn, bool large, const Adjust& adjust) {
  gfn %= guest_frames;
  const NptEntry& entry = npt(gfn);
  if (large && gfn % large_pages != 0) return Adjusted::bad_input;
  if (!entry.present || entry.reserved_bit) return std::nullopt;
  const RmpEntry& now = rmp(entry.spa);
  if (!now.assigned || now.gfn != gfn || now.immutable) return std::nullopt;
  if (large != now.large) return large ? std::optional(Adjusted::size_mismatch) : std::nullopt;
  if (adjust.vmpl == 0 || adjust.vmpl > 3) return Adjusted::no_permission;
  RmpEntry& changed = touch(entry.spa);
  changed.permissions[adjust.vmpl] = adjust.permissions;
  changed.vmsa = adjust.vmsa;
  return Adjusted::ok;
}

void System::launch(uint32_t gfn) {
  rmpupdate(npt(gfn).spa, true, gfn, false);
  set_validated(npt(gfn).spa, true);
  fill(gfn, 0);
}

bool System::hypervisor_write(uint32_t spa, uint32_t index, uint64_t value) {
  spa %= system_pages;
  if (rmp(spa).assigned) return false;
  content_.words_of(spa)[index % words_of_page] = value;
  return true;
}

bool System::rmpupdate(uint32_t spa, bool assigned, uint32_t gfn, bool large) {
  spa %= system_pages, gfn %= guest_frames;
  const uint32_t count = large ? large_pages : 1;
  if (large && (spa % large_pages != 0 || gfn % large_pages != 0)) return false;
  if (!large && rmp(spa).large && rmp(spa).assigned) return false;  // FAIL_OVERLAP: smash it first
  for (uint32_t page = 0; page < count; ++page) {
    if (rmp(spa + page).immutable) return false;
  }
  for (uint32_t page = 0; page < count; ++page) {
    RmpEntry fresh{.assigned = assigned, .large = large && assigned, .gfn = assigned ? gfn + page : 0};
    RmpEntry& entry = touch(spa + page);
    fresh.validated = entry.validated, fresh.vmsa = entry.vmsa, fresh.permissions = entry.permissions;
    if (fresh == entry) continue;  // what does not change keeps its validation
    set_validated(spa + page, false);
    fresh.validated = fresh.vmsa = false;
    fresh.permissions = RmpEntry{}.permissions;
    // What the hypervisor finds in a page that was ours is its ciphertext; what we find in one that was its, that of its
    // bytes under our key. Either way not what was there.
    if (entry.assigned != assigned) content_.fill(spa + page, stale_pattern);
    entry = fresh;
  }
  return true;
}

bool System::psmash(uint32_t spa) {
  const uint32_t base = spa % system_pages / large_pages * large_pages;
  if (!rmp(base).large) return false;
  for (uint32_t page = 0; page < large_pages; ++page) touch(base + page).large = false;
  return true;
}

void System::remap(uint32_t gfn, uint32_t spa, bool large) {
  gfn %= guest_frames;
  if (!frame_touched_[gfn]) {
    frame_touched_[gfn] = true;
    touched_frames_.push_back(gfn);
  }
  npt_[gfn] = {.large = large, .spa = spa % system_pages};
}

void System::mark(uint32_t gfn, bool present, bool reserved_bit) {
  gfn %= guest_frames;
  remap(gfn, npt_[gfn].spa, npt_[gfn].large);
  npt_[gfn].present = present;
  npt_[gfn].reserved_bit = reserved_bit;
}

void System::make_read_only(uint32_t gfn) {
  remap(gfn, npt_[gfn].spa, npt_[gfn].large);
  npt_[gfn].read_only = true;
}

}  // namespace cupel::mock_snp
