#pragma once
#include <cstdint>

#include "shims/optee/tee.hh"

// The message between the normal world and us: its layout, and what judges a number in it. Templates over the word type, so that a
// proof runs what ships.
namespace cupel::optee::message {

// The header: eight 32-bit words.
inline constexpr uint64_t cmd_at = 0, func_at = 4, session_at = 8, cancel_at = 12, ret_at = 20, origin_at = 24, count_at = 28;
inline constexpr uint64_t header_size = 32, param_size = 32, page_size = 4096;
// Of one parameter: what it is, and three words.
inline constexpr uint64_t attr_at = 0, a_at = 8, b_at = 16, c_at = 24;

inline constexpr uint64_t params_max = 127;        // what fits a page
inline constexpr uint64_t params_taken_max = 6;    // two that say who opens what, and four for the application
inline constexpr uint64_t user_params_max = 4;
inline constexpr uint64_t rpc_params_max = 4;
static_assert(header_size + params_max * param_size == page_size);

enum class Command : uint32_t { open_session, invoke_command, close_session, cancel, register_shm, unregister_shm };
inline constexpr uint64_t meta_params = 2;  // of open_session

template <class Word>
constexpr Word size_of(const Word& params) {
  return Word(header_size) + params * Word(param_size);
}
template <class Word>
constexpr bool fits(const Word& params, const Word& room) {
  if (params > Word(params_max)) return false;
  return static_cast<bool>(size_of<Word>(params) <= room);
}

// What a parameter is: its low byte. Direction: bit 0 in, bit 1 out.
inline constexpr uint64_t type_none = 0, type_value = 1, type_rmem = 5, type_tmem = 9;
inline constexpr uint64_t type_mask = 0xff, meta_bit = 1 << 8, noncontiguous_bit = 1 << 9, cache_shift = 16, cache_mask = 7;
inline constexpr uint64_t known_bits = type_mask | meta_bit | noncontiguous_bit | cache_mask << cache_shift;

enum class Place : uint8_t { meta, user };

// The type of a parameter that stands where it may; all 64 bits are looked at.
template <class Word>
constexpr TeeResult<Word> type_of(const Word& attr, Place place) {
  const Word type = attr & Word(type_mask);
  if ((attr & Word(~known_bits)) != Word(0)) return refuse(Tee::bad_parameters);
  if (((attr >> Word(cache_shift)) & Word(cache_mask)) > Word(1)) return refuse(Tee::bad_parameters);
  if (((attr & Word(meta_bit)) != Word(0)) != (place == Place::meta)) return refuse(Tee::bad_parameters);
  if (type > Word(0xb)) return refuse(Tee::bad_parameters);
  if (type == Word(4)) return refuse(Tee::bad_parameters);
  if (type == Word(8)) return refuse(Tee::bad_parameters);
  if ((attr & Word(noncontiguous_bit)) != Word(0)) {
    if (type < Word(type_tmem)) return refuse(Tee::bad_parameters);
  }
  return type;
}
// As the application sees it: temporary and registered memory are one (TEE_PARAM_TYPE_*).
template <class Word>
constexpr Word type_for_application(const Word& type) {
  if (type >= Word(type_tmem)) return type - Word(type_tmem - type_rmem);
  return type;
}
// Types 1..3, 5..7 and 9..B in, out, both.
template <class Word>
constexpr bool gives_back(const Word& type) {
  if (type == Word(type_none)) return false;
  return static_cast<bool>((type & Word(2)) != Word(0));
}
template <class Word>
constexpr bool brings(const Word& type) {
  return static_cast<bool>((type & Word(1)) != Word(0));
}

// Whether [offset, offset + size) lies in `total` bytes; the sum is never formed.
template <class Word>
constexpr bool window_inside(const Word& offset, const Word& size, const Word& total) {
  if (offset > total) return false;
  return static_cast<bool>(size <= total - offset);
}

// Pages of `size` bytes that begin `offset` bytes into a page; nothing where there are none, or more than `pages_max`.
template <class Word>
constexpr TeeResult<Word> page_count(const Word& offset, const Word& size, const Word& pages_max) {
  if (size == Word(0)) return refuse(Tee::bad_parameters);
  if (size > pages_max * Word(page_size)) return refuse(Tee::out_of_memory);
  const Word pages = (offset + size + Word(page_size - 1)) / Word(page_size);
  if (pages > pages_max) return refuse(Tee::out_of_memory);
  return pages;
}
// A list page holds so many addresses, and then that of the next list page.
inline constexpr uint64_t entries_of_list_page = page_size / 8 - 1;
template <class Word>
constexpr Word list_page_count(const Word& pages) {
  return (pages + Word(entries_of_list_page - 1)) / Word(entries_of_list_page);
}

// What the normal world says that it has put into a buffer: never more than there is.
template <class Word>
constexpr TeeResult<Word> size_of_reply(const Word& said, const Word& asked) {
  if (said > asked) return refuse(Tee::generic);
  return said;
}

// Who may open a session from the normal world (TEEC_LOGIN_*): no trusted application calls from there.
template <class Word>
constexpr bool login_accepted(const Word& login) {
  if (login == Word(3)) return false;
  if (login <= Word(6)) return true;
  return static_cast<bool>(login == Word(0x8000'0000));
}

}  // namespace cupel::optee::message
