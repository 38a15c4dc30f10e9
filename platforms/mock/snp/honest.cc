// What an honest hypervisor answers (fact sheet 2.1: KVM's order and values).
#include <algorithm>

#include "platforms/mock/chance.hh"
#include "platforms/mock/snp/hypervisor.hh"
#include "platforms/mock/snp/secure_processor.hh"

namespace cupel::mock_snp {
namespace {

constexpr uint64_t error_bad_header = (uint64_t{1} << 32) | 1, error_bad_entry = (uint64_t{1} << 32) | 2;
constexpr uint64_t invalid_input = 5, unknown_event = 6;
constexpr uint64_t valid_info = (uint64_t{1} << (115 - 64)) | (uint64_t{1} << (116 - 64));
constexpr uint64_t valid_rax = uint64_t{1} << 63, valid_rcx_rdx_rbx = uint64_t{7} << (97 - 64);

}  // namespace

void Hypervisor::handle() {
  if ((msr & 0xfff) != 0) {
    msr_lied_ = false;
    return handle_msr();
  }
  const auto gfn = static_cast<uint32_t>(msr >> 12) % guest_frames;
  if (!system_.npt(gfn).present || system_.rmp(system_.npt(gfn).spa).assigned) return;  // not mappable: a plain resume
  ghcb_at_ = uint64_t{gfn} << 12;
  const uint64_t code = ghcb(0x390);
  // KVM clears the guest's valid bits when it has copied them, and on resume marks four registers valid, whatever the event.
  ghcb(0x3f0) = valid_rax;
  ghcb(0x3f8) = valid_info | valid_rcx_rdx_rbx;
  for (const uint64_t offset : {0x1f8u, 0x308u, 0x310u, 0x318u, 0x398u, 0x3a0u, 0x3f0u, 0x3f8u, 0x800u}) lied_words_.erase((ghcb_at_ + offset) / 8);
  handle_event(code);
}

void Hypervisor::put(uint64_t gpa, uint64_t value) {
  const uint32_t spa = system_.npt(static_cast<uint32_t>(gpa >> 12) % guest_frames).spa;
  system_.hypervisor_write(spa, static_cast<uint32_t>((gpa & 0xfff) / 8), value);
}
void Hypervisor::answer(uint64_t info_2) { ghcb(0x398) = 0, ghcb(0x3a0) = info_2; }
void Hypervisor::refuse(uint64_t why) { ghcb(0x398) = 2, ghcb(0x3a0) = why; }

void Hypervisor::handle_event(uint64_t code) {
  const uint64_t info_1 = ghcb(0x398), leaf = ghcb(0x1f8), index = ghcb(0x308);
  asked_1_ = info_1, asked_2_ = ghcb(0x3a0);
  answer();
  switch (code) {
    case 0x6e:  // RDTSC
    case 0x87: {
      const uint64_t now = timestamp();
      ghcb(0x1f8) = now & 0xffff'ffff, ghcb(0x310) = now >> 32;
      ghcb(0x308) = 0;
      break;
    }
    case 0x6f: ghcb(0x1f8) = ghcb(0x310) = 0; break;
    case 0x72:  // CPUID
      for (const uint64_t offset : {0x1f8u, 0x318u, 0x308u, 0x310u}) ghcb(offset) = (leaf * 0x9e37 + index * 31 + offset) & 0xffff'ffff;
      break;
    case 0x7b:  // IOIO
      if ((info_1 & 1) != 0 && (info_1 & 4) == 0) ghcb(0x1f8) = 0x1234'5678 + (info_1 >> 16);
      break;
    case 0x7c:
      if (info_1 == 0) ghcb(0x1f8) = index == 0x1b ? 0xfee0'0d00 : index & 0xffff'ffff, ghcb(0x310) = 0;
      break;
    case 0x81: ghcb(0x1f8) = 0; break;
    case 0x8000'0002:
      if (info_1 == notify_gpa) serve_honestly();
      break;
    case 0x89:
    case 0x8000'0003:
    case 0x8000'0015:
    case 0x8000'0018: break;
    case 0x8000'0001: ghcb(0x800) = 0x1122'3344'5566'7788; break;
    case 0x8000'0004: ghcb(0x3a0) = 1; break;
    case 0x8000'0010: handle_page_state(); break;
    case 0x8000'0011:
    case 0x8000'0012: handle_guest_request(code == 0x8000'0012); break;
    case 0x8000'0013: handle_creation(); break;
    case 0x8000'0014: handle_doorbell(); break;
    case 0x8000'fffd: ghcb(0x3a0) = features; break;
    default: refuse(unknown_event); break;
  }
}

void Hypervisor::handle_msr() {
  const uint64_t request = msr;
  const uint64_t gfn = (request >> 12) & 0xff'ffff'ffff;
  switch (request & 0xfff) {
    case 0x002: msr = uint64_t{2} << 48 | uint64_t{1} << 32 | uint64_t{51} << 24 | 0x001; break;
    case 0x004: msr = (request >> 32 == 0x8000'001f ? uint64_t{51} << 32 : (request >> 32) * 3 << 32) | (request & 0xc000'0000) | 0x005; break;
    case 0x006: msr = uint64_t{1} << 12 | 0x007; break;
    case 0x010: msr = 0xffff'ffff'ffff'f011; break;
    case 0x080: msr = features << 12 | 0x081; break;
    case 0x012:
      msr = (request & ~uint64_t{0xfff}) | 0x013;
      registered_ = gfn << 12;
      break;
    case 0x014: {
      const uint64_t operation = (request >> 52) & 0xf;
      const bool done = (operation == 1 || operation == 2) && change_page(static_cast<uint32_t>(gfn), operation == 1, false);
      msr = (done ? 0 : uint64_t{1} << 63) | 0x015;
      break;
    }
    case 0x016:
      msr = 0x017;
      if (!skips() && run_vmpl) run_vmpl();
      break;
    default: break;  // an unknown request leaves the MSR as it is
  }
}

void Hypervisor::handle_page_state() {
  const uint64_t header = ghcb(0x800);
  uint64_t current = header & 0xffff;
  const uint64_t end = (header >> 16) & 0xffff;
  if (end >= 253) return answer(error_bad_header);
  for (uint64_t handled = 0; current <= end && handled < entries_handled_max_ && !stalled_; ++current, ++handled) {
    const uint64_t entry = ghcb(0x808 + current * 8);
    const uint64_t operation = (entry >> 52) & 0xf;
    const bool large = ((entry >> 56) & 1) != 0;
    const auto gfn = static_cast<uint32_t>((entry >> 12) & 0xff'ffff'ffff);
    const bool known = operation == 1 || operation == 2;
    if (!known || (large && gfn % large_pages != 0) || !change_page(gfn, operation == 1, large)) {
      answer(error_bad_entry);
      break;
    }
  }
  ghcb(0x800) = (header & ~uint64_t{0xffff}) | current;
}

void Hypervisor::handle_guest_request(bool extended) {
  if (secure_processor_ == nullptr) return refuse(unknown_event);
  const uint64_t pages = extended ? ghcb(0x318) : 0, certificates = extended ? ghcb(0x1f8) : 0;
  if (extended) {
    // No certificates: 24 zero bytes, for which one page is needed.
    if (pages < 1) {
      ghcb(0x318) = 1;
      return answer(uint64_t{1} << 32);
    }
    for (unsigned word = 0; word < 3; ++word) put(certificates + word * 8, 0);
  }
  if (stalled_) return answer(uint64_t{2} << 32);  // busy, for ever
  if (secure_error != 0) return answer(secure_error);
  answer(secure_processor_->process(system_.words(static_cast<uint32_t>(asked_1_ >> 12) % guest_frames), system_.words(static_cast<uint32_t>(asked_2_ >> 12) % guest_frames)));
  if (!lied_words_.empty()) std::erase_if(lied_words_, [first = asked_2_ / 8](uint64_t word) { return word - first < words_of_page; });
}

void Hypervisor::handle_creation() {
  const auto gfn = static_cast<uint32_t>(asked_2_ >> 12);
  if (gfn % large_pages == 0) return refuse(invalid_input);
  created_.push_back(gfn);
}

void Hypervisor::handle_doorbell() {
  if (asked_1_ == 0) answer(UINT64_MAX);
  if (asked_1_ == 2) answer(uint64_t{frames::doorbell} << 12);
}

// A device that does what it is asked: each request's room is filled. Its bytes are its own, whatever they are.
void Hypervisor::serve_queue(uint64_t requests_max, uint64_t seed) {
  constexpr uint64_t queue = uint64_t{frames::queue} << 12, entries = 8, slot_size = 1024;
  const auto posted = system_.word(queue) & 0xffff'ffff;
  auto done = system_.word(queue + 0x800) & 0xffff'ffff;
  for (uint64_t served = 0; done < posted && served < requests_max && served < entries; ++served, ++done) {
    const uint64_t request = queue + 8 + done % entries * 16, slot = system_.word(request);
    const uint64_t room = std::min(system_.word(request + 8) >> 32, slot_size);
    for (uint64_t offset = 0; offset < room; offset += 8) lie(slot + offset, mock::splitmix64(seed));
    lie(queue + 0x808 + done % entries * 8, (slot - (uint64_t{frames::pool} << 12)) / slot_size % entries | room << 32);
  }
  lie(queue + 0x800, done);
}

// What a request's bytes ask for, in the form of platforms/snp/transports.hh: how many bytes the answer has.
uint64_t Hypervisor::answer_request(uint64_t slot, uint64_t room) {
  constexpr uint64_t head = 8, sector_size = 512, packet = 60, message_head = 7;
  const uint64_t kind = system_.word(slot) & 0xffff'ffff, sector = system_.word(slot + 8), room_left = room - std::min(room, head);
  uint64_t length = 0;
  if (kind == 1) {
    length = std::min(sector_size, room_left);
    for (uint64_t offset = 0; offset < length; offset += 8) {
      uint64_t word = 0;
      for (uint64_t byte = 0; byte < 8; ++byte) {
        const uint64_t at = sector * sector_size + offset + byte;
        if (at < disk.size()) word |= uint64_t{disk[at]} << (byte * 8);
      }
      put(slot + head + offset, word);
    }
  } else if (kind == 3) {
    length = std::min(packet, room_left);
    for (uint64_t offset = 0; offset < length; offset += 8) put(slot + head + offset, 0x0101'0101'0101'0101 * (offset / 8));
  } else if (kind == 4) {
    // The answer to any 9P message: one of the next type, with its tag and no body.
    length = message_head;
    put(slot + head, message_head | ((system_.word(slot + 16) >> 32 & 0xff) + 1) << 32 | (system_.word(slot + 16) >> 40 & 0xffff) << 40);
  }
  put(slot, length << 32);
  return head + length;
}

void Hypervisor::serve_honestly() {
  constexpr uint64_t queue = uint64_t{frames::queue} << 12, entries = 8, slot_size = 1024;
  const uint64_t posted = system_.word(queue) & 0xffff'ffff;
  uint64_t done = system_.word(queue + 0x800) & 0xffff'ffff;
  for (; done < posted && posted - done <= entries && !stalled_; ++done) {
    const uint64_t request = queue + 8 + done % entries * 16, slot = system_.word(request) % memory_size;
    const uint64_t length = answer_request(slot, std::min(system_.word(request + 8) >> 32, slot_size));
    put(queue + 0x808 + done % entries * 8, (slot - (uint64_t{frames::pool} << 12)) / slot_size % entries | length << 32);
  }
  put(queue + 0x800, done);
}

bool Hypervisor::change_page(uint32_t gfn, bool to_private, bool large) {
  const uint32_t spa = system_.npt(gfn).spa;
  if (!large) {
    handle_nested_fault(gfn);
    const bool done = system_.rmpupdate(spa, to_private, gfn, false);
    if (on_page) on_page("RMPUPDATE: system page " + std::to_string(spa) + (to_private ? " assigned for frame " + std::to_string(gfn) : " is the hypervisor's") + (done ? "" : ", refused"));
    return done;
  }
  const bool whole = system_.rmpupdate(spa, to_private, gfn, true);
  for (uint32_t page = 0; page < large_pages; ++page) {
    if (whole) system_.remap(gfn + page, spa + page, to_private);
    else if (!change_page(gfn + page, to_private, false)) return false;
  }
  return true;
}

}  // namespace cupel::mock_snp
