#include "platforms/snp/image/machine_end.hh"

#include "platforms/snp/image/instructions.hh"
#include "platforms/snp/image/serial.hh"
#include "platforms/snp/image/sev_status.hh"
#include "platforms/snp/msr_protocol.hh"

namespace cupel::image {
namespace {

constexpr uint16_t exit_port = 0xf4;     // QEMU's isa-debug-exit: it ends with (value << 1) | 1
constexpr uint16_t status_port = 0xe9;   // QEMU's debug console: the whole status, for who listens there
constexpr uint8_t gave_up = 125;

[[noreturn]] void stop() {
  for (;;) halt_for_ever();
}

[[noreturn]] void end_with(uint8_t status) {
  out8(status_port, status);
  out8(exit_port, status);
  stop();
}

// GHCB specification, section 2.3.1: the reason is all that the hypervisor learns. It may resume a guest that has ended: it ends again.
[[noreturn]] void end_as_guest(snp::Reason reason) {
  for (;;) {
    write_msr(snp::msr::ghcb_msr, snp::msr::terminate_request<uint64_t>(snp::reason_set, static_cast<uint64_t>(reason)));
    vmgexit();
  }
}

}  // namespace

void end_with_status(uint8_t status) { end_with(status); }

void end_by_reason(snp::Reason reason, const char* what) {
  if (is_snp_guest()) end_as_guest(reason);
  serial::write_text("cupel: ended by itself, reason ");
  serial::write_number(static_cast<uint64_t>(reason));
  serial::write_text(": ");
  serial::write_text(what);
  serial::write_text("\n");
  end_with(gave_up);
}

void end_by_panic(const char* what, const char* where, uint64_t number) {
  if (is_snp_guest()) end_as_guest(snp::Reason::panic);
  serial::write_text("cupel: ");
  serial::write_text(where);
  serial::write_text(":");
  serial::write_number(number);
  serial::write_text(": ");
  end_by_reason(snp::Reason::panic, what);
}

}  // namespace cupel::image
