#pragma once
#include <array>
#include <cstdint>

// The GHCB page (GHCB specification 56421, section 2.3 and 2.6): where its fields are, which valid bit is whose, and which
// fields each event gives and takes.
namespace cupel::snp::ghcb {

// The fields that events use, by the order of their valid bits.
enum class Field : uint8_t { cpl, xss, dr7, rax, rcx, rdx, rbx, exit_code, info_1, info_2, scratch, xcr0 };
inline constexpr unsigned field_count = 12;
inline constexpr std::array<uint64_t, field_count> field_offsets{0x0cb, 0x140, 0x160, 0x1f8, 0x308, 0x310, 0x318, 0x390, 0x398, 0x3a0, 0x3a8, 0x3e8};
constexpr uint64_t offset_of(Field field) { return field_offsets[static_cast<unsigned>(field)]; }

inline constexpr uint64_t valid_low = 0x3f0, valid_high = 0x3f8, buffer = 0x800, buffer_size = 0x7f0, version = 0xffa, usage = 0xffc, page_size = 0x1000;
inline constexpr uint64_t save_area_size = 0x400;  // that the valid bitmap speaks about
inline constexpr uint64_t buffer_words = buffer_size / 8;
static_assert(buffer + buffer_size <= version && version + 2 <= usage && usage + 4 <= page_size);

// The number of a field's valid bit: bit number & 63 of word number >> 6. Only within the save area: beyond, the same sum
// names bits of other fields.
template <class Word>
constexpr Word valid_bit(const Word& offset) {
  return offset >> Word(3);
}

// A set of fields.
using Fields = uint16_t;
constexpr Fields set_of(Field field) { return static_cast<Fields>(1u << static_cast<unsigned>(field)); }
template <class... F>
constexpr Fields fields(F... each) {
  return static_cast<Fields>((0u | ... | set_of(each)));
}
constexpr bool has(Fields all, Field field) { return (all & set_of(field)) != 0; }

struct Bitmap {
  uint64_t low = 0, high = 0;
  friend bool operator==(const Bitmap&, const Bitmap&) = default;
};
constexpr Bitmap bitmap_of(Fields all) {
  Bitmap map;
  for (unsigned index = 0; index < field_count; ++index) {
    if (!has(all, static_cast<Field>(index))) continue;
    const uint64_t bit = valid_bit(field_offsets[index]);
    (bit < 64 ? map.low : map.high) |= uint64_t{1} << (bit & 63);
  }
  return map;
}

enum class Event : uint64_t {
  rdtsc = 0x6e, rdpmc = 0x6f, cpuid = 0x72, ioio = 0x7b, msr = 0x7c, vmmcall = 0x81, rdtscp = 0x87, wbinvd = 0x89, mmio_read = 0x8000'0001, mmio_write = 0x8000'0002,
  nmi_complete = 0x8000'0003, ap_reset_hold = 0x8000'0004, page_state_change = 0x8000'0010, guest_request = 0x8000'0011, extended_guest_request = 0x8000'0012,
  ap_creation = 0x8000'0013, doorbell = 0x8000'0014, ipi = 0x8000'0015, run_vmpl = 0x8000'0018, features = 0x8000'fffd, terminate = 0x8000'fffe, unsupported = 0x8000'ffff,
};

// What an event gives the hypervisor beside its code and its two words, and which registers come back.
struct Contract {
  Event event;
  Fields in, out;
};
inline constexpr Fields always = fields(Field::exit_code, Field::info_1, Field::info_2);
inline constexpr std::array contracts{
    Contract{Event::rdtsc, 0, fields(Field::rax, Field::rdx)},
    Contract{Event::rdpmc, fields(Field::rcx), fields(Field::rax, Field::rdx)},
    Contract{Event::cpuid, fields(Field::rax, Field::rcx), fields(Field::rax, Field::rbx, Field::rcx, Field::rdx)},
    Contract{Event::ioio, 0, 0},  // RAX in for OUT, RAX out for IN, SCRATCH for strings: by direction
    Contract{Event::msr, fields(Field::rcx), 0},
    Contract{Event::vmmcall, fields(Field::rax, Field::cpl), fields(Field::rax)},
    Contract{Event::rdtscp, 0, fields(Field::rax, Field::rdx, Field::rcx)},
    Contract{Event::wbinvd, 0, 0},
    Contract{Event::mmio_read, fields(Field::scratch), 0},
    Contract{Event::mmio_write, fields(Field::scratch), 0},
    Contract{Event::nmi_complete, 0, 0},
    Contract{Event::ap_reset_hold, 0, 0},
    Contract{Event::page_state_change, fields(Field::scratch), 0},
    Contract{Event::guest_request, 0, 0},
    Contract{Event::extended_guest_request, fields(Field::rax, Field::rbx), 0},
    Contract{Event::ap_creation, fields(Field::rax), 0},
    Contract{Event::doorbell, 0, 0},
    Contract{Event::ipi, 0, 0},
    Contract{Event::run_vmpl, 0, 0},
    Contract{Event::features, 0, 0},
    Contract{Event::terminate, 0, 0},
    Contract{Event::unsupported, 0, 0},
};
constexpr const Contract* contract_of(Event event) {
  for (const Contract& contract : contracts) {
    if (contract.event == event) return &contract;
  }
  return nullptr;
}

// EXITINFO2 of an answer whose EXITINFO1 is 1: an event in the form of EVENTINJ. Only two of all can be a true answer: #UD
// and #GP, as exceptions; that they are marked valid, and that no reserved bit is set, is part of it.
enum class Raised : uint8_t { none, undefined_opcode = 6, general_protection = 13 };
template <class Word>
constexpr bool event_accepted(const Word& event) {
  if (((event >> Word(31)) & Word(1)) != Word(1)) return false;
  if (((event >> Word(8)) & Word(7)) != Word(3)) return false;
  if (((event >> Word(12)) & Word(0x7'ffff)) != Word(0)) return false;
  const Word vector = event & Word(0xff);
  return static_cast<bool>(vector == Word(6)) || static_cast<bool>(vector == Word(13));
}

}  // namespace cupel::snp::ghcb
