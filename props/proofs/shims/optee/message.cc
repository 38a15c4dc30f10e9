#include "shims/optee/message.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64, lift::U128;
using namespace optee;
using namespace optee::message;

using Fits = bool (*)(const U64& params, const U64& room);

Bool a_message_that_is_taken_lies_in_its_room(Fits fits) {
  const auto params = U64::any("params"), room = U64::any("room");
  const U128 size = U128(params) * 32 + 32;
  if (!fits(params, room)) return (params > 127) | (size > U128(room));
  return (size <= U128(room)) & (size <= 4096);
}
bool forms_the_size_first(const U64& params, const U64& room) { return static_cast<bool>(size_of<U64>(params) <= room); }
bool takes_one_more(const U64& params, const U64& room) {
  if (params > 128) return false;
  return static_cast<bool>(size_of<U64>(params) <= room);
}
bool forgets_the_header(const U64& params, const U64& room) {
  if (params > params_max) return false;
  return static_cast<bool>(params * param_size <= room);
}

using TypeOf = TeeResult<U64> (*)(const U64& attr, Place place);

// Written from the protocol's table, without the code's structure.
Bool legal_user_attribute(const U64& attr) {
  const U64 type = attr & 0xff;
  const Bool known = (type <= 3) | ((type >= 5) & (type <= 7)) | ((type >= 9) & (type <= 11));
  const Bool bits = (attr & 0x100) == 0;
  const Bool list = ((attr & 0x200) == 0) | ((type >= 9) & (type <= 11));
  const Bool cache = ((attr >> 16) & 7) <= 1;
  return known & bits & list & cache & ((attr >> 19) == 0) & (((attr >> 10) & 0x3f) == 0);
}
Bool every_attribute_is_one_kind_or_refused(TypeOf type_of) {
  const auto attr = U64::any("attr");
  const auto type = type_of(attr, Place::user);
  if (!type) return !legal_user_attribute(attr);
  return legal_user_attribute(attr) & (*type == (attr & 0xff));
}
Bool a_meta_parameter_never_stands_for_a_user_parameter(TypeOf type_of) {
  const auto attr = U64::any("attr");
  const bool as_user = type_of(attr, Place::user).has_value(), as_meta = type_of(attr, Place::meta).has_value();
  if (as_user) return !as_meta & ((attr & 0x100) == 0);
  if (as_meta) return (attr & 0x100) != 0;
  return true;
}
TeeResult<U64> ignores_unknown_bits(const U64& attr, Place place) { return type_of<U64>(attr & known_bits, place); }
TeeResult<U64> ignores_the_list_bit(const U64& attr, Place place) { return type_of<U64>(attr & ~noncontiguous_bit, place); }
TeeResult<U64> ignores_the_meta_bit(const U64& attr, Place place) { return type_of<U64>(attr & ~meta_bit, place == Place::meta ? Place::user : place); }
TeeResult<U64> takes_the_gap(const U64& attr, Place place) {
  if ((attr & 0xff) == 4) return U64(4);
  return type_of<U64>(attr, place);
}

using ForApplication = U64 (*)(const U64& type);
Bool an_application_sees_every_kind_of_memory_as_one(ForApplication type_for_application) {
  const auto attr = U64::any("attr");
  assume(legal_user_attribute(attr));
  const U64 type = attr & 0xff, seen = type_for_application(type);
  // The way the data goes stays, and memory stays memory.
  return ((seen & 3) == (type & 3)) & (seen <= 7) & (seen != 4) & ((seen >= 5) == (type >= 5));
}
U64 passes_it_on(const U64& type) { return type; }
U64 drops_a_bit(const U64& type) { return type & 7; }

using WindowInside = bool (*)(const U64& offset, const U64& size, const U64& total);
Bool an_accepted_window_is_inside(WindowInside window_inside) {
  const auto offset = U64::any("offset"), size = U64::any("size"), total = U64::any("total");
  const Bool inside = U128(offset) + U128(size) <= U128(total);
  if (!window_inside(offset, size, total)) return !inside;
  return inside;
}
bool forms_the_sum(const U64& offset, const U64& size, const U64& total) { return static_cast<bool>(offset + size <= total); }
bool looks_at_each_alone(const U64& offset, const U64& size, const U64& total) {
  if (offset > total) return false;
  return static_cast<bool>(size <= total);
}
bool leaves_out_the_last(const U64& offset, const U64& size, const U64& total) {
  if (offset >= total) return false;
  return static_cast<bool>(size <= total - offset);
}

using PageCount = TeeResult<U64> (*)(const U64& offset, const U64& size, const U64& pages_max);
Bool pages_cover_the_memory_and_no_page_is_spare(PageCount page_count) {
  const auto offset = U64::any("offset"), size = U64::any("size"), pages_max = U64::any("pages_max");
  assume((offset < 4096) & (pages_max <= 65536));
  const auto pages = page_count(offset, size, pages_max);
  const U128 end = U128(offset) + U128(size);
  if (!pages) return (size == 0) | (end > U128(pages_max) * 4096);
  return (size != 0) & (*pages <= pages_max) & (U128(*pages) * 4096 >= end) & ((U128(*pages) - 1) * 4096 < end);
}
TeeResult<U64> does_not_bound_the_size(const U64& offset, const U64& size, const U64& pages_max) {
  if (size == 0) return refuse(Tee::bad_parameters);
  const U64 pages = (offset + size + 4095) / 4096;
  if (pages > pages_max) return refuse(Tee::out_of_memory);
  return pages;
}
TeeResult<U64> subtracts_one_from_nothing(const U64& offset, const U64& size, const U64& pages_max) {
  const U64 pages = (offset + size - 1) / 4096 + 1;
  if (pages > pages_max) return refuse(Tee::out_of_memory);
  return pages;
}
TeeResult<U64> forgets_the_offset(const U64&, const U64& size, const U64& pages_max) { return page_count<U64>(U64(0), size, pages_max); }

using ListPages = U64 (*)(const U64& pages);
Bool a_page_list_ends_with_the_size_whatever_it_links_to(ListPages list_page_count) {
  const auto pages = U64::any("pages");
  assume((pages > 0) & (pages <= 65536));
  const U64 lists = list_page_count(pages);
  return (lists >= 1) & (lists <= pages) & (lists * 511 >= pages) & ((lists - 1) * 511 < pages);
}
U64 counts_512_entries(const U64& pages) { return (pages + 511) / 512; }
U64 always_one_more(const U64& pages) { return pages / 511 + 1; }

using SizeOfReply = TeeResult<U64> (*)(const U64& said, const U64& asked);
Bool a_reply_is_never_longer_than_its_buffer(SizeOfReply size_of_reply) {
  const auto said = U64::any("said"), asked = U64::any("asked");
  const auto used = size_of_reply(said, asked);
  if (!used) return said > asked;
  return (*used <= asked) & (*used == said);
}
TeeResult<U64> believes_it(const U64& said, const U64&) { return said; }
TeeResult<U64> looks_at_half_of_it(const U64& said, const U64& asked) {
  if ((said & 0xffff'ffff) > asked) return refuse(Tee::generic);
  return said;
}

using Login = bool (*)(const U64& login);
Bool the_normal_world_is_never_a_trusted_application(Login login_accepted) {
  const auto login = U64::any("login");
  const Bool good = (login == 0) | (login == 1) | (login == 2) | (login == 4) | (login == 5) | (login == 6) | (login == 0x8000'0000u);
  if (login_accepted(login)) return good;
  return !good;
}
bool refuses_the_one_name(const U64& login) { return static_cast<bool>(login != 0xf000'0000u); }
bool looks_at_the_low_bits(const U64& login) { return login_accepted<U64>(login & 0xffff'ffff); }

using GivesBack = bool (*)(const U64& type);
Bool only_outputs_are_given_back(GivesBack gives_back) {
  const auto attr = U64::any("attr");
  assume(legal_user_attribute(attr));
  const U64 type = attr & 0xff;
  const Bool output = (type == 2) | (type == 3) | (type == 6) | (type == 7) | (type == 10) | (type == 11);
  if (gives_back(type)) return output;
  return !output;
}
bool gives_inputs(const U64& type) { return static_cast<bool>(type != 0); }
bool gives_what_is_odd(const U64& type) { return static_cast<bool>((type & 1) != 0); }

// Where results go, for any number of parameters: never onto what a parameter is, nor onto how many there are.
using FieldPlace = U64 (*)(const U64& index);
Bool what_is_written_back_is_never_what_was_judged(FieldPlace place) {
  const auto index = U64::any("index"), other = U64::any("other");
  assume((index < 6) & (other < 6));
  const U64 a = place(index) + a_at, attr = place(other) + attr_at;
  // Three words of a parameter are written; attributes, and the header's count, are words of their own.
  return ((a + 24 <= attr) | (attr + 8 <= a)) & (a >= count_at + 4);
}
U64 packs_parameters(const U64& index) { return U64(header_size) + index * 24; }
U64 forgets_that_there_is_a_header(const U64& index) { return index * param_size; }

const Registration registered{
    proof("optee", "a_message_that_is_taken_lies_in_its_room", a_message_that_is_taken_lies_in_its_room, fits<U64>,
          {{"forms_the_size_first", forms_the_size_first}, {"takes_one_more", takes_one_more}, {"forgets_the_header", forgets_the_header}}),
    proof("optee", "every_attribute_is_one_kind_or_refused", every_attribute_is_one_kind_or_refused, type_of<U64>,
          {{"ignores_unknown_bits", ignores_unknown_bits}, {"ignores_the_list_bit", ignores_the_list_bit}, {"takes_the_gap", takes_the_gap}}),
    proof("optee", "a_meta_parameter_never_stands_for_a_user_parameter", a_meta_parameter_never_stands_for_a_user_parameter, type_of<U64>, {{"ignores_the_meta_bit", ignores_the_meta_bit}}),
    proof("optee", "an_application_sees_every_kind_of_memory_as_one", an_application_sees_every_kind_of_memory_as_one, type_for_application<U64>, {{"passes_it_on", passes_it_on}, {"drops_a_bit", drops_a_bit}}),
    proof("optee", "an_accepted_window_is_inside", an_accepted_window_is_inside, window_inside<U64>,
          {{"forms_the_sum", forms_the_sum}, {"looks_at_each_alone", looks_at_each_alone}, {"leaves_out_the_last", leaves_out_the_last}}),
    proof("optee", "pages_cover_the_memory_and_no_page_is_spare", pages_cover_the_memory_and_no_page_is_spare, page_count<U64>,
          {{"does_not_bound_the_size", does_not_bound_the_size}, {"subtracts_one_from_nothing", subtracts_one_from_nothing}, {"forgets_the_offset", forgets_the_offset}}),
    proof("optee", "a_page_list_ends_with_the_size_whatever_it_links_to", a_page_list_ends_with_the_size_whatever_it_links_to, list_page_count<U64>,
          {{"counts_512_entries", counts_512_entries}, {"always_one_more", always_one_more}}),
    proof("optee", "a_reply_is_never_longer_than_its_buffer", a_reply_is_never_longer_than_its_buffer, size_of_reply<U64>, {{"believes_it", believes_it}, {"looks_at_half_of_it", looks_at_half_of_it}}),
    proof("optee", "the_normal_world_is_never_a_trusted_application", the_normal_world_is_never_a_trusted_application, login_accepted<U64>,
          {{"refuses_the_one_name", refuses_the_one_name}, {"looks_at_the_low_bits", looks_at_the_low_bits}}),
    proof("optee", "only_outputs_are_given_back", only_outputs_are_given_back, gives_back<U64>, {{"gives_inputs", gives_inputs}, {"gives_what_is_odd", gives_what_is_odd}}),
    proof("optee", "what_is_written_back_is_never_what_was_judged", what_is_written_back_is_never_what_was_judged,
          [](const U64& index) { return size_of<U64>(index); }, {{"packs_parameters", packs_parameters}, {"forgets_that_there_is_a_header", forgets_that_there_is_a_header}}),
};

}  // namespace
}  // namespace cupel::proofs
