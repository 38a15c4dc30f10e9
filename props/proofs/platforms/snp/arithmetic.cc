#include "platforms/snp/arithmetic.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace snp;

using IoInfo = U64 (*)(const U64& port, const U64& size, IoDirection direction, IoForm form);

Bool one_size_and_one_address_bit_stand_in_an_io_exit(IoInfo io_info) {
  const auto port = U64::any("port");
  assume(port < 0x1'0000);
  Bool all = true;
  for (const unsigned size : {1u, 2u, 4u}) {
    for (const IoForm form : {IoForm::scalar, IoForm::string}) {
      const U64 info = io_info(port, size, IoDirection::in, form);
      all &= ((info >> 4 & 7) == size) & ((info >> 7 & 7) == 4) & ((info & 0xfc00) == 0) & (info >> 16 == port) & ((info & 1) == 1) & ((info >> 2 & 1) == (form == IoForm::string ? 1u : 0u));
    }
  }
  return all;
}

using MergeIn = U64 (*)(const U64& rax, const U64& value, const U64& size);

// The architecture, byte by byte: what is read replaces the low bytes; a 32-bit result clears the rest, others keep it.
Bool an_input_merges_as_the_architecture_says(MergeIn merge_in) {
  const auto rax = U64::any("rax"), value = U64::any("value");
  Bool all = true;
  for (const unsigned size : {1u, 2u, 4u}) {
    const U64 result = merge_in(rax, value, size);
    for (unsigned byte = 0; byte < 8; ++byte) {
      const U64 got = result >> (byte * 8) & 0xff;
      const U64 expected = byte < size ? value >> (byte * 8) & 0xff : size == 4 ? U64(0) : rax >> (byte * 8) & 0xff;
      all &= got == expected;
    }
  }
  return all;
}

using StringCount = U64 (*)(const U64& wanted, const U64& size);

Bool a_part_of_a_string_fits_the_buffer_and_goes_on(StringCount string_count) {
  const auto wanted = U64::any("wanted");
  Bool all = true;
  for (const unsigned size : {1u, 2u, 4u}) {
    const U64 count = string_count(wanted, size);
    all &= (count <= wanted) & (count <= ghcb::buffer_size) & (count * size <= ghcb::buffer_size) & ((wanted == 0) == (count == 0));
  }
  return all;
}

using MmioResult = U64 (*)(const U64& before, const U64& value, const U64& size, const U64& width, Extension extension);

Bool a_device_load_extends_as_the_instruction_says(MmioResult mmio_result) {
  const auto before = U64::any("before"), value = U64::any("value");
  Bool all = true;
  for (const unsigned size : {1u, 2u}) {
    for (const unsigned width : {2u, 4u, 8u}) {
      for (const Extension extension : {Extension::zero, Extension::sign}) {
        const U64 result = mmio_result(before, value, size, width, extension);
        const Bool negative = (value >> (size * 8 - 1) & 1) == 1;
        for (unsigned byte = 0; byte < 8; ++byte) {
          const U64 fill = extension == Extension::sign ? select(negative, U64(0xff), U64(0)) : U64(0);
          const U64 kept = width == 4 ? U64(0) : before >> (byte * 8) & 0xff;
          const U64 expected = byte < size ? value >> (byte * 8) & 0xff : byte < width ? fill : kept;
          all &= (result >> (byte * 8) & 0xff) == expected;
        }
      }
    }
  }
  return all;
}

using Sanitised = U64 (*)(const U64& value);

Bool a_debug_register_has_its_fixed_bits_however_often_it_is_set(Sanitised sanitised) {
  const auto value = U64::any("value");
  const U64 once = sanitised(value);
  const Bool fixed = ((once >> 32) == 0) & ((once & 0xd800) == 0) & ((once & 0x400) == 0x400);
  return fixed & (sanitised(once) == once) & ((once & 0xffff'23ff) == (value & 0xffff'23ff));
}

using NotBefore = U64 (*)(const U64& last, const U64& now);

Bool time_never_goes_back(NotBefore not_before) {
  const auto last = U64::any("last"), now = U64::any("now"), later = U64::any("later");
  const U64 first = not_before(last, now);
  const U64 second = not_before(first, later);
  return (first >= last) & (second >= first) & ((first == now) | (first == last));
}

using FrequencyAccepted = bool (*)(const U64& khz);

Bool a_frequency_is_one_that_a_processor_can_have(FrequencyAccepted accepted) {
  const auto khz = U64::any("khz");
  return Bool(accepted(khz)) == ((khz >= 1'000) & (khz <= 10'000'000));
}

using NanosecondsOf = U64 (*)(const U64& milliseconds, const U64& rest, const U64& khz);

// A hundred years, at any frequency that is accepted: no product wraps, so that what comes out lies in its own millisecond. The
// rest's division is taken at the frequencies' ends and at common ones: by any at all is out of the solver's reach.
Bool a_hundred_years_of_ticks_fit_in_nanoseconds(NanosecondsOf nanoseconds_of) {
  constexpr uint64_t hundred_years = uint64_t{100} * 366 * 24 * 3600 * 1000;
  const auto milliseconds = U64::any("milliseconds"), rest = U64::any("rest");
  assume(milliseconds <= hundred_years);
  Bool all = true;
  for (const uint64_t khz : {frequency_min_khz, uint64_t{24'000}, uint64_t{2'000'000}, uint64_t{3'400'000}, frequency_max_khz}) {
    const U64 got = nanoseconds_of(milliseconds, rest, khz), begin = milliseconds * 1'000'000;
    all &= implies(rest < khz, (got >= begin) & (got - begin < 1'000'000));
    all &= implies(rest == khz - 1, (got - begin) == 1'000'000 - 1 - (1'000'000 - 1) / khz);
  }
  return all;
}

U64 shifts_the_port_too_little(const U64& port, const U64& size, IoDirection, IoForm) { return port << 12 | size << 4 | 0x201; }
U64 says_two_sizes(const U64& port, const U64& size, IoDirection direction, IoForm form) { return io_info<U64>(port, size, direction, form) | 0x10; }
U64 clears_the_rest(const U64&, const U64& value, const U64& size) { return low_bytes(value, size); }
U64 keeps_the_upper_half(const U64& rax, const U64& value, const U64& size) {
  if (size == 4) return (rax & ~U64(0xffff'ffff)) | (value & 0xffff'ffff);
  return merge_in(rax, value, size);
}
U64 counts_bytes(const U64& wanted, const U64&) { return select(wanted < ghcb::buffer_size, wanted, U64(ghcb::buffer_size)); }
U64 takes_one_too_many(const U64& wanted, const U64& size) { return select(wanted < U64(ghcb::buffer_size) / size, wanted, U64(ghcb::buffer_size) / size + 1); }
U64 never_extends_signs(const U64& before, const U64& value, const U64& size, const U64& width, Extension) { return mmio_result<U64>(before, value, size, width, Extension::zero); }
U64 forgets_the_width(const U64&, const U64& value, const U64& size, const U64&, Extension extension) { return extension == Extension::sign ? sign_extend<U64>(value, size) : low_bytes<U64>(value, size); }
U64 keeps_general_detect(const U64& value) { return (value & 0xffff'ffff) | 0x400; }
U64 forgets_the_bit_that_is_one(const U64& value) { return value & 0xffff'23ff; }
U64 multiplies_first(const U64& milliseconds, const U64& rest, const U64& khz) { return (milliseconds * khz + rest) * 1'000'000 / khz; }
U64 counts_microseconds(const U64& milliseconds, const U64& rest, const U64& khz) { return milliseconds * 1'000 + rest * 1'000 / khz; }
U64 takes_any_time(const U64&, const U64& now) { return now; }
bool takes_zero(const U64& khz) { return static_cast<bool>(khz <= 10'000'000); }

const Registration registered{
    proof("snp", "one_size_and_one_address_bit_stand_in_an_io_exit", one_size_and_one_address_bit_stand_in_an_io_exit, io_info<U64>,
          {{"shifts_the_port_too_little", shifts_the_port_too_little}, {"says_two_sizes", says_two_sizes}}),
    proof("snp", "an_input_merges_as_the_architecture_says", an_input_merges_as_the_architecture_says, merge_in<U64>,
          {{"clears_the_rest", clears_the_rest}, {"keeps_the_upper_half", keeps_the_upper_half}}),
    proof("snp", "a_part_of_a_string_fits_the_buffer_and_goes_on", a_part_of_a_string_fits_the_buffer_and_goes_on, string_count<U64>,
          {{"counts_bytes", counts_bytes}, {"takes_one_too_many", takes_one_too_many}}),
    proof("snp", "a_device_load_extends_as_the_instruction_says", a_device_load_extends_as_the_instruction_says, mmio_result<U64>,
          {{"never_extends_signs", never_extends_signs}, {"forgets_the_width", forgets_the_width}}),
    proof("snp", "a_debug_register_has_its_fixed_bits_however_often_it_is_set", a_debug_register_has_its_fixed_bits_however_often_it_is_set, sanitised_dr7<U64>,
          {{"keeps_general_detect", keeps_general_detect}, {"forgets_the_bit_that_is_one", forgets_the_bit_that_is_one}}),
    proof("snp", "a_hundred_years_of_ticks_fit_in_nanoseconds", a_hundred_years_of_ticks_fit_in_nanoseconds, nanoseconds_of<U64>, {{"multiplies_first", multiplies_first}, {"counts_microseconds", counts_microseconds}}),
    proof("snp", "time_never_goes_back", time_never_goes_back, not_before<U64>, {{"takes_any_time", takes_any_time}}),
    proof("snp", "a_frequency_is_one_that_a_processor_can_have", a_frequency_is_one_that_a_processor_can_have, frequency_accepted<U64>, {{"takes_zero", takes_zero}}),
};

}  // namespace
}  // namespace cupel::proofs
