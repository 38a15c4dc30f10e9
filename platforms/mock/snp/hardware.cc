#include "platforms/mock/snp/hardware.hh"

#include <algorithm>

namespace cupel::mock_snp {
namespace {

std::string frame(uint64_t gfn) { return "frame " + std::to_string(gfn); }

}  // namespace

void Hardware::begin() {
  violation_.reset();
  terminated_ = must_end_ = vc_pending_ = false;
  exit_count_ = request_ = asked_current_ = asked_end_ = 0;
  loaded_.clear();
  for (const uint32_t gfn : validated_frames_) validated_by_guest_[gfn] = false;
  validated_frames_.clear();
}

void Hardware::violate(std::string_view oracle, std::string expected, std::string got) {
  if (!violation_) violation_ = Violation{std::string(oracle), std::move(expected), std::move(got)};
  throw GuestStopped{};
}

void Hardware::act() {
  if (terminated_) violate("terminate", "nothing but ending again", "the guest went on after it had ended");
  if (must_end_) violate("answer", "the guest ends", "it went on after " + why_);
}

void Hardware::end_operation() {
  if (must_end_) violate("answer", "the guest ends", "it reported success after " + why_);
}

void Hardware::write_ghcb_msr(uint64_t value) {
  const bool ending = (value & 0xfff) == 0x100;
  if (!ending) act();
  terminated_ = terminated_ || ending;
  must_end_ = must_end_ && !ending;
  shared_.msr = value;
}

void Hardware::vmgexit() {
  if (!terminated_) act();
  if (++exit_count_ > exits_max) violate("progress", "an end within " + std::to_string(exits_max) + " exits", "a loop that the hypervisor bounds");
  loaded_.clear();
  request_ = shared_.msr;
  asked_current_ = shared_.buffer[0] & 0xffff;
  asked_end_ = (shared_.buffer[0] >> 16) & 0xffff;
  hypervisor_.exit();
}

// The protocol's table once more, written apart from the guest's own judgement of it.
void Hardware::judge_msr_answer() {
  const uint64_t answer = shared_.msr, code = answer & 0xfff;
  const auto bad = [&](const char* why) { must_end_ = true, why_ = why; };
  switch (request_ & 0xfff) {
    case 0x002:
      if (code != 0x001) bad("an unpaired answer");
      else if (((answer >> 12) & 0xfff) != 0) bad("reserved bits in the version answer");
      else if (((answer >> 32) & 0xffff) > 2 || (answer >> 48) < 2) bad("an offer without version 2");
      break;
    case 0x080:
      if (code != 0x081) bad("an unpaired answer");
      else if (((answer >> 12) & 1) == 0) bad("features without SNP");
      break;
    case 0x012:
      if (code != 0x013) bad("an unpaired answer");
      else if ((answer >> 12) != (request_ >> 12)) bad("another frame registered than asked");
      break;
    case 0x014:
      if (code != 0x015) bad("an unpaired answer");
      else if ((answer >> 12) != 0) bad("an error or reserved bits in the page state answer");
      break;
    default: break;
  }
}

Untrusted<uint64_t> Hardware::read_ghcb_msr() {
  act();
  judge_msr_answer();
  return Untrusted<uint64_t>(shared_.msr);
}

void Hardware::judge_page_state_answer() {
  const uint64_t header = shared_.buffer[0];
  const uint64_t current = header & 0xffff, end = (header >> 16) & 0xffff;
  const auto bad = [&](const char* why) { must_end_ = true, why_ = why; };
  if ((header >> 32) != 0) bad("a header with its reserved word set");
  else if (end != asked_end_) bad("a header with another last entry");
  else if (current < asked_current_) bad("a header that goes backwards");
  else if (current > end + 1) bad("a header beyond its end");
}

void Hardware::before_load(const volatile void* address, size_t) {
  if (std::ranges::find(loaded_, address) != loaded_.end()) {
    violate("double_fetch", "each shared word loaded once after an exit", "a second load, which the hypervisor can answer differently");
  }
  loaded_.push_back(address);
  hypervisor_.before_load();
  if (address == &shared_.buffer[0]) judge_page_state_answer();
  const bool error = (address == &shared_.exit_info_1 && shared_.exit_info_1 != 0) || (address == &shared_.exit_info_2 && shared_.exit_info_2 != 0);
  if (error) must_end_ = true, why_ = "an exit that reported an error";
}

void Hardware::after_store(volatile void*, size_t) { act(); }

void Hardware::use_private(uint64_t gfn) {
  act();
  switch (system_.access(static_cast<uint32_t>(gfn), Encrypted::yes, Write::yes)) {
    case Access::data: return;
    case Access::not_validated:
    case Access::mmio_marked: vc_pending_ = true; throw GuestStopped{};
    case Access::nested_fault: throw GuestStopped{};
  }
}

snp::Validated Hardware::pvalidate(uint64_t gfn, snp::PageSize size, bool validate) {
  act();
  hypervisor_.before_pvalidate();
  const auto number = static_cast<uint32_t>(gfn % guest_frames);
  const bool large = size == snp::PageSize::large;
  auto seen = system_.pvalidate(number, large, validate);
  if (!seen && hypervisor_.handle_nested_fault(number)) seen = system_.pvalidate(number, large, validate);
  if (!seen) throw GuestStopped{};
  if (seen->code != 0) return {seen->code, seen->unchanged};
  const uint32_t count = large ? large_pages : 1;
  for (uint32_t page = number; page < number + count; ++page) {
    if (validate && validated_by_guest_[page]) violate("shadow", "no page validated that the guest has validated before", frame(page) + " validated twice");
    if (!validate && !validated_by_guest_[page]) violate("shadow", "only validated pages rescinded", frame(page) + " was not");
    if (system_.validated_for(page) > 1) violate("rmp", "at most one validated system page for a frame (INV-1)", frame(page) + " has " + std::to_string(system_.validated_for(page)));
    validated_by_guest_[page] = validate;
    if (validate) validated_frames_.push_back(page);
  }
  if (seen->unchanged) must_end_ = true, why_ = "a PVALIDATE that changed nothing";
  return {seen->code, seen->unchanged};
}

snp::Ghcb Hardware::ghcb() {
  SharedAccess* access = this;
  return {{&shared_.exit_code, access}, {&shared_.exit_info_1, access}, {&shared_.exit_info_2, access}, {&shared_.scratch, access}, {&shared_.valid_low, access},
          {&shared_.valid_high, access}, {&shared_.version, access}, {&shared_.usage, access}, Hypervisor::ghcb_gfn << 12};
}

SharedPtr<uint64_t> Hardware::shared_buffer(uint64_t index) { return {&shared_.buffer.at(index), this}; }

void Hardware::set_encrypted(uint64_t gfn, bool encrypted) {
  act();
  if (!encrypted && validated_by_guest_[gfn % guest_frames]) violate("shadow", "no validated page mapped shared", frame(gfn) + " still is validated");
}

void Hardware::halt() {
  if (!hypervisor_.resumes()) throw GuestStopped{};
}

}  // namespace cupel::mock_snp
