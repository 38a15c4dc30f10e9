// The mock processor's memory: translations, validation, private loads and stores.
#include <algorithm>

#include "platforms/mock/snp/hardware.hh"

namespace cupel::mock_snp {
namespace {

std::string frame(uint64_t gfn) { return "frame " + std::to_string(gfn); }

}  // namespace

void Hardware::tell_page(const char* what, uint64_t gfn, const char* came) const {
  if (hypervisor_.on_page) hypervisor_.on_page(std::string(what) + ": " + frame(gfn) + ", for which system page " + std::to_string(system_.npt(static_cast<uint32_t>(gfn % guest_frames)).spa) + " stands" + came);
}

// A processor keeps the translation that it used first until it is told to drop it.
void Hardware::translate_slowly(uint64_t gfn, bool encrypted) {
  uint8_t& held = translation_[gfn];
  if (held == 0) {
    held = encrypted ? 2 : 1;
    translated_.push_back(static_cast<uint32_t>(gfn));
  } else if ((held == 2) != encrypted) {
    violate("tlb", "no translation from before the change of C", frame(gfn) + " is still used through the old one");
  }
}

void Hardware::use_private(uint64_t gfn, Write write) {
  act();
  step();
  if (gfn >= guest_frames) violate("bounds", "a frame of the guest's memory", frame(gfn));
  if (shared_mapping_[gfn]) violate("rmp", "private access only where it is mapped private", frame(gfn) + " is mapped shared");
  translate(gfn, true);
  switch (system_.access(static_cast<uint32_t>(gfn), Encrypted::yes, write)) {
    case Access::data: return;
    case Access::not_validated:
      if (entries.on_vc) entries.on_vc(0x404);
      throw GuestStopped{};
    case Access::mmio_marked:
      if (entries.on_vc) entries.on_vc(0x400);
      throw GuestStopped{};
    case Access::nested_fault: throw GuestStopped{};
  }
}

uint64_t Hardware::load_private(uint64_t gpa) {
  use_private(gpa >> 12, Write::no);
  const uint64_t value = system_.word(gpa);
  const auto known = std::ranges::find(stored_, gpa / 8, &std::pair<uint64_t, uint64_t>::first);
  if (known != stored_.end() && known->second != value) violate("rmp", "a private load gives what was stored last", frame(gpa >> 12) + " holds something else");
  return value;
}

void Hardware::store_private(uint64_t gpa, uint64_t value) {
  use_private(gpa >> 12, Write::yes);
  uint64_t& word = system_.word(gpa);
  last_store_ = {gpa, word};
  word = value;
  if (hypervisor_.loses_store()) {
    ++lost_stores_;
    word = last_store_->second;  // a dirty line dropped by INVD: the guest reads what was there before
    return;
  }
  const auto known = std::ranges::find(stored_, gpa / 8, &std::pair<uint64_t, uint64_t>::first);
  if (known != stored_.end()) known->second = value;
  else stored_.emplace_back(gpa / 8, value);
}

void Hardware::zero_private(uint64_t gfn) {
  use_private(gfn, Write::yes);
  std::erase_if(stored_, [gfn](const auto& one) { return one.first / words_of_page == gfn; });
  system_.fill(static_cast<uint32_t>(gfn), 0);
  // What a stale line holds is written back over the zeros some time.
  if (!clean_[gfn]) system_.word(gfn << 12) = stale_pattern;
}

void Hardware::evict(uint64_t gfn) {
  use_private(gfn, Write::no);
  clean_[gfn] = true;
}

snp::Validated Hardware::pvalidate(uint64_t gfn, snp::PageSize size, bool validate) {
  act();
  step();
  hypervisor_.before_pvalidate();
  if (psc_open_) violate("answer", "the exit again, or the end", "a page state change only partly done was taken as done");
  const auto number = static_cast<uint32_t>(gfn % guest_frames);
  const bool large = size == snp::PageSize::large;
  if (large && !mapped_large(gfn)) violate("rmp", "2M at once only where the page tables map 2M", frame(gfn) + " is mapped by 4K entries");
  auto seen = system_.pvalidate(number, large, validate);
  if (!seen && hypervisor_.handle_nested_fault(number)) seen = system_.pvalidate(number, large, validate);
  tell_page(large ? (validate ? "PVALIDATE of 2M" : "rescind of 2M") : (validate ? "PVALIDATE" : "rescind"), gfn, !seen ? ": nested page fault" : seen->code != 0 ? ": failed" : seen->unchanged ? ": unchanged" : "");
  if (!seen) throw GuestStopped{};
  if (seen->code != 0) {
    if (!(large && seen->code == 6)) expect_end("a PVALIDATE that failed");
    return {seen->code, seen->unchanged};
  }
  const uint32_t count = large ? large_pages : 1;
  for (uint32_t page = number; page < number + count; ++page) {
    if (validate && validated_by_guest_[page]) violate("shadow", "no page validated that the guest has validated before", frame(page) + " validated twice");
    if (!validate && !validated_by_guest_[page]) violate("shadow", "only validated pages rescinded", frame(page) + " was not");
    if (system_.validated_for(page) > 1) violate("rmp", "at most one validated system page for a frame (INV-1)", frame(page) + " has " + std::to_string(system_.validated_for(page)));
    validated_by_guest_[page] = validate;
    clean_[page] = false;
    if (!validate) continue;
    validated_frames_.push_back(page);
    unclean_.push_back(page);
  }
  if (seen->unchanged) expect_end("a PVALIDATE that changed nothing");
  return {seen->code, seen->unchanged};
}

uint32_t Hardware::rmpadjust(uint64_t gfn, snp::PageSize size, uint64_t attributes) {
  act();
  step();
  hypervisor_.before_pvalidate();
  const auto number = static_cast<uint32_t>(gfn % guest_frames);
  const System::Adjust adjust{.vmpl = static_cast<unsigned>(attributes & 0xff), .permissions = static_cast<uint8_t>(attributes >> 8 & 0xf), .vmsa = (attributes >> 16 & 1) != 0};
  if (system_.not_validated(number)) {
    if (entries.on_vc) entries.on_vc(0x404);
    throw GuestStopped{};
  }
  if (adjust.vmsa && adjust.permissions != 0) violate("shadow", "no lower privilege level reads or writes processor state", frame(gfn));
  const bool reached = system_.access(number, Encrypted::yes, Write::no) == Access::data;
  if (adjust.permissions != 0 && reached && !system_.is_zero(number)) violate("scrub", "a page given to a lower privilege level holds zeros only", frame(gfn) + " holds something of ours");
  // A processor that runs holds its state's page.
  if (!adjust.vmsa && std::ranges::find(running, number) != running.end()) return static_cast<uint32_t>(System::Adjusted::bad_input);
  const auto done = system_.rmpadjust(number, size == snp::PageSize::large, adjust);
  tell_page("RMPADJUST", gfn, adjust.vmsa ? ": processor state" : ": memory");
  if (!done) throw GuestStopped{};
  if (*done != System::Adjusted::ok) expect_end("an RMPADJUST that failed");
  return static_cast<uint32_t>(*done);
}

void Hardware::set_encrypted(uint64_t gfn, bool encrypted) {
  act();
  step();
  if (psc_open_) violate("answer", "the exit again, or the end", "a page state change only partly done was taken as done");
  if (gfn >= guest_frames) violate("bounds", "a frame of the guest's memory", frame(gfn));
  if (!encrypted && validated_by_guest_[gfn]) violate("shadow", "no validated page mapped shared", frame(gfn) + " still is validated");
  if (shared_mapping_[gfn] == encrypted) mapping_touched_.push_back(static_cast<uint32_t>(gfn));
  shared_mapping_[gfn] = !encrypted;
  tell_page(encrypted ? "mapped private" : "mapped shared", gfn, "");
}

void Hardware::flush_translations() {
  act();
  for (const uint32_t gfn : translated_) translation_[gfn] = 0;
  translated_.clear();
}

}  // namespace cupel::mock_snp
