#pragma once
#include <expected>

#include "platforms/snp/arithmetic.hh"
#include "platforms/snp/ghcb.hh"

// The exits which the guest makes itself, each with its inputs and outputs (GHCB specification 56421, section 4.1). An answer
// that raises an exception is a value; one that does not fit has ended the machine.
namespace cupel::snp {

template <class T>
using Exited = std::expected<T, ghcb::Raised>;

// The model-specific registers that a guest has any business with through the hypervisor: the APIC's, and TSC deadlines. What
// the processor keeps in the VMSA (EFER, STAR, LSTAR, PAT, FS and GS base) never gets here from an honest machine.
constexpr bool msr_allowed(uint32_t index) { return index == 0x1b || index == 0x6e0 || (index >= 0x800 && index <= 0x8ff); }
inline constexpr uint32_t apic_base_msr = 0x1b;
inline constexpr uint64_t apic_base_expected = 0xfee0'0d00;  // where the architecture has it, enabled, x2APIC, boot processor

template <SnpHardware Hardware>
class Exits {
 public:
  explicit Exits(Ghcb<Hardware>& ghcb) : ghcb_(ghcb), core_(ghcb.core()) {}

  // Of leaves that are the hypervisor's own (4000_0000 and up); all others come from the CPUID page.
  Exited<Registers> cpuid(uint32_t leaf, uint32_t subleaf, uint64_t xcr0 = 1, uint64_t xss = 0);
  Exited<uint64_t> read_msr(uint32_t index);
  Exited<void> write_msr(uint32_t index, uint64_t value);
  uint64_t apic_base();
  Exited<uint64_t> in(uint16_t port, uint64_t size, uint64_t rax);
  Exited<void> out(uint16_t port, uint64_t size, uint64_t rax);
  // How many units were moved: at most what one exit can.
  Exited<uint64_t> outs(uint16_t port, uint64_t size, std::span<const uint8_t> bytes);
  Exited<uint64_t> ins(uint16_t port, uint64_t size, std::span<uint8_t> bytes);
  Exited<uint64_t> mmio_read(uint64_t gpa, uint64_t size);
  Exited<void> mmio_write(uint64_t gpa, uint64_t size, uint64_t value);
  Exited<Registers> rdtscp(bool with_aux);
  Exited<Registers> rdpmc(uint32_t counter);
  Exited<uint64_t> vmmcall(uint64_t rax, uint8_t cpl);
  void write_back_caches() { static_cast<void>(exchange({.event = ghcb::Event::wbinvd})); }
  void nmi_complete() { static_cast<void>(exchange({.event = ghcb::Event::nmi_complete})); }
  void send_ipi(uint64_t icr) { static_cast<void>(exchange({.event = ghcb::Event::ipi, .info_1 = icr})); }
  // Until a start is asked for; being woken for nothing is no start.
  void reset_hold();
  uint64_t features();
  // An event that nobody here knows: told, and then the end.
  [[noreturn]] void unsupported(uint64_t code);

 private:
  Answer exchange(const Request& request) { return ghcb_.exchange(request); }

  Ghcb<Hardware>& ghcb_;
  Core<Hardware>& core_;
  uint64_t features_ = 0;
  bool features_known_ = false;
};

inline constexpr unsigned wakes_max = 64;  // for nothing, before the hypervisor is taken to be at fault

template <SnpHardware Hardware>
Exited<Registers> Exits<Hardware>::cpuid(uint32_t leaf, uint32_t subleaf, uint64_t xcr0, uint64_t xss) {
  ghcb::Fields extra = 0;
  if (leaf == 0xd) extra = ghcb::fields(ghcb::Field::xcr0);
  if (leaf == 0xd && subleaf == 1) extra = ghcb::fields(ghcb::Field::xcr0, ghcb::Field::xss);
  const Answer answer = exchange({.event = ghcb::Event::cpuid, .in = {.rax = leaf, .rcx = subleaf}, .xcr0 = xcr0, .xss = xss, .extra_in = extra});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  const auto half = [](uint64_t value) { return value & 0xffff'ffff; };
  return Registers{half(answer.out.rax), half(answer.out.rbx), half(answer.out.rcx), half(answer.out.rdx)};
}

template <SnpHardware Hardware>
Exited<uint64_t> Exits<Hardware>::read_msr(uint32_t index) {
  core_.require(msr_allowed(index), Reason::register_value);
  const Answer answer = exchange({.event = ghcb::Event::msr, .info_1 = 0, .in = {.rcx = index}, .extra_out = ghcb::fields(ghcb::Field::rax, ghcb::Field::rdx)});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return (answer.out.rdx & 0xffff'ffff) << 32 | (answer.out.rax & 0xffff'ffff);
}

template <SnpHardware Hardware>
Exited<void> Exits<Hardware>::write_msr(uint32_t index, uint64_t value) {
  core_.require(msr_allowed(index), Reason::register_value);
  const Answer answer = exchange({.event = ghcb::Event::msr, .info_1 = 1, .in = {.rax = value & 0xffff'ffff, .rcx = index, .rdx = value >> 32}, .extra_in = ghcb::fields(ghcb::Field::rax, ghcb::Field::rdx)});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return {};
}

// Where the APIC lies is not the hypervisor's to say: another answer than the one place ends the machine.
template <SnpHardware Hardware>
uint64_t Exits<Hardware>::apic_base() {
  const auto base = read_msr(apic_base_msr);
  core_.require(base.has_value() && *base == apic_base_expected, Reason::register_value);
  return *base;
}

template <SnpHardware Hardware>
Exited<uint64_t> Exits<Hardware>::in(uint16_t port, uint64_t size, uint64_t rax) {
  const Answer answer = exchange({.event = ghcb::Event::ioio, .info_1 = io_info<uint64_t>(port, size, IoDirection::in, IoForm::scalar), .extra_out = ghcb::fields(ghcb::Field::rax)});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return merge_in<uint64_t>(rax, answer.out.rax, size);
}

template <SnpHardware Hardware>
Exited<void> Exits<Hardware>::out(uint16_t port, uint64_t size, uint64_t rax) {
  const Answer answer = exchange({.event = ghcb::Event::ioio, .info_1 = io_info<uint64_t>(port, size, IoDirection::out, IoForm::scalar), .in = {.rax = low_bytes<uint64_t>(rax, size)}, .extra_in = ghcb::fields(ghcb::Field::rax)});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return {};
}

template <SnpHardware Hardware>
Exited<uint64_t> Exits<Hardware>::outs(uint16_t port, uint64_t size, std::span<const uint8_t> bytes) {
  const uint64_t count = string_count<uint64_t>(bytes.size() / size, size);
  if (count == 0) return 0;
  std::array<uint64_t, ghcb::buffer_words> data{};
  for (uint64_t index = 0; index < count * size; ++index) data[index / 8] |= uint64_t{bytes[index]} << (index % 8 * 8);
  const Answer answer = exchange({.event = ghcb::Event::ioio, .info_1 = io_info<uint64_t>(port, size, IoDirection::out, IoForm::string), .info_2 = count, .extra_in = ghcb::fields(ghcb::Field::scratch), .give = {data.data(), (count * size + 7) / 8}});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return count;  // ours: the hypervisor's idea of it is not asked for
}

template <SnpHardware Hardware>
Exited<uint64_t> Exits<Hardware>::ins(uint16_t port, uint64_t size, std::span<uint8_t> bytes) {
  const uint64_t count = string_count<uint64_t>(bytes.size() / size, size);
  if (count == 0) return 0;
  std::array<uint64_t, ghcb::buffer_words> data{};
  const Answer answer = exchange({.event = ghcb::Event::ioio, .info_1 = io_info<uint64_t>(port, size, IoDirection::in, IoForm::string), .info_2 = count, .extra_in = ghcb::fields(ghcb::Field::scratch), .take = {data.data(), (count * size + 7) / 8}});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  for (uint64_t index = 0; index < count * size; ++index) bytes[index] = static_cast<uint8_t>(data[index / 8] >> (index % 8 * 8));
  return count;
}

template <SnpHardware Hardware>
Exited<uint64_t> Exits<Hardware>::mmio_read(uint64_t gpa, uint64_t size) {
  uint64_t value = 0;
  const Answer answer = exchange({.event = ghcb::Event::mmio_read, .info_1 = gpa, .info_2 = size, .take = {&value, 1}});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return low_bytes<uint64_t>(value, size);
}

template <SnpHardware Hardware>
Exited<void> Exits<Hardware>::mmio_write(uint64_t gpa, uint64_t size, uint64_t value) {
  const uint64_t data = low_bytes<uint64_t>(value, size);
  const Answer answer = exchange({.event = ghcb::Event::mmio_write, .info_1 = gpa, .info_2 = size, .give = {&data, 1}});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return {};
}

template <SnpHardware Hardware>
Exited<Registers> Exits<Hardware>::rdtscp(bool with_aux) {
  const Answer answer = exchange({.event = with_aux ? ghcb::Event::rdtscp : ghcb::Event::rdtsc});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return Registers{.rax = answer.out.rax & 0xffff'ffff, .rcx = answer.out.rcx & 0xffff'ffff, .rdx = answer.out.rdx & 0xffff'ffff};
}

template <SnpHardware Hardware>
Exited<Registers> Exits<Hardware>::rdpmc(uint32_t counter) {
  const Answer answer = exchange({.event = ghcb::Event::rdpmc, .in = {.rcx = counter}});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return Registers{.rax = answer.out.rax & 0xffff'ffff, .rdx = answer.out.rdx & 0xffff'ffff};
}

template <SnpHardware Hardware>
Exited<uint64_t> Exits<Hardware>::vmmcall(uint64_t rax, uint8_t cpl) {
  if (cpl != 0) return std::unexpected(ghcb::Raised::undefined_opcode);  // no business of a user's
  const Answer answer = exchange({.event = ghcb::Event::vmmcall, .in = {.rax = rax}, .cpl = cpl});
  if (answer.raised != ghcb::Raised::none) return std::unexpected(answer.raised);
  return answer.out.rax;
}

template <SnpHardware Hardware>
void Exits<Hardware>::reset_hold() {
  for (unsigned wakes = 0; wakes < wakes_max; ++wakes) {
    const Answer answer = exchange({.event = ghcb::Event::ap_reset_hold, .info_2_returned = true});
    core_.require(answer.raised == ghcb::Raised::none, Reason::exit_event);
    if (answer.info_2 != 0) return;
  }
  core_.terminate(Reason::event_storm);
}

template <SnpHardware Hardware>
uint64_t Exits<Hardware>::features() {
  if (!features_known_) {
    const Answer answer = exchange({.event = ghcb::Event::features, .info_2_returned = true});
    core_.require(answer.raised == ghcb::Raised::none && (answer.info_2 & msr::feature_snp) != 0, Reason::features_missing);
    features_ = answer.info_2;
    features_known_ = true;  // asked once: a later answer could be another
  }
  return features_;
}

template <SnpHardware Hardware>
void Exits<Hardware>::unsupported(uint64_t code) {
  static_cast<void>(exchange({.event = ghcb::Event::unsupported, .info_1 = code}));
  core_.terminate(Reason::exit_refused);
}

}  // namespace cupel::snp
