// The exits of the GHCB page and of its MSR: what is given, what is taken, and what an answer may be.
#include "fuzz/snp/guest_target.hh"
#include "platforms/snp/exits.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

constexpr uint64_t sizes[] = {1, 2, 4}, lengths[] = {1, 2, 4, 8}, leaves[] = {0x4000'0000, 0x4000'0001, 0xd}, msrs[] = {0x1b, 0x6e0, 0x802, 0x830, 0x83f, 0xc000'0080, 0xc000'0082};
constexpr uint64_t byte_counts[] = {0, 1, 7, 8, 100, 2031, 2032, 2033, 4064, 5000};
constexpr ArgDesc size{"size", 5, sizes}, length{"size", 9, lengths}, port{"port", 0x1'0000}, value{"value"}, bytes{"bytes", 6000, byte_counts}, gpa{"gpa"};
enum Kind : uint8_t { cpuid, rdmsr, wrmsr, apic_base, in, out, ins, outs, mmio_read, mmio_write, rdtsc, rdtscp, rdpmc, vmmcall, wbinvd, nmi_complete, ipi, reset_hold, features, negotiate, panic, unsupported, kind_count };
constexpr StepDesc steps[] = {
    {"cpuid", {ArgDesc{"leaf", 0x1'0000'0000, leaves}, ArgDesc{"subleaf", 4}}}, {"rdmsr", {ArgDesc{"index", 0x1'0000'0000, msrs}}},
    {"wrmsr", {ArgDesc{"index", 0x1'0000'0000, msrs}, value}}, {"apic_base"}, {"in", {port, size}}, {"out", {port, size}}, {"ins", {port, size, bytes}}, {"outs", {port, size, bytes}},
    {"mmio_read", {gpa, length}}, {"mmio_write", {gpa, length}}, {"rdtsc"}, {"rdtscp"}, {"rdpmc", {value}}, {"vmmcall", {value, ArgDesc{"cpl", 4}}}, {"wbinvd"}, {"nmi_complete"},
    {"ipi", {value}}, {"reset_hold"}, {"features"}, {"negotiate", {}, {}, 4}, {"panic"}, {"unsupported", {value}}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::exception, Tale::msr, Tale::registers, Tale::words};
constexpr ActKind likely_acts[] = {ActKind::info_1, ActKind::info_2, ActKind::invalid, ActKind::reg, ActKind::poke, ActKind::trap, ActKind::ignore, ActKind::answer, ActKind::flip, ActKind::splice};
constexpr uint64_t likely_words[] = {1, 2, 0x8000'0306, 0x8000'030d, 0x8000'0b0d, 0x8000'030e, 0x306, 0x1'0000'0000, 0xfee0'0d00};

struct Guest : Processor {
  explicit Guest(Hardware& hardware) : Processor(hardware), exits(ghcb) {}
  Exits<Hardware> exits;
  uint64_t features = 0, msr_features = 0;
};

class SnpExits final : public GuestTarget<Guest> {
 public:
  SnpExits() : GuestTarget("snp_exits", {steps, likely_acts, likely_words, likely_tales}) {}

 private:
  void begin(World& world) override {
    guest_.emplace(world.hardware);
    clear_ghcb();
    // A handler that needs the GHCB while another exit is under way.
    world.hardware.entries.on_vc = [this, &world](uint64_t) {
      const auto got = guest_->exits.read_msr(0x830);
      if (got) expect_equal(world, "diff", "the handler's own answer", world.hardware.seen_field(0x1f8) & 0xffff'ffff, *got & 0xffff'ffff);
    };
  }

  // What came back must be what the hypervisor had put there when it was read, by the tables.
  template <class T, class Check>
  std::string_view judged(World& world, const Exited<T>& got, Check check) {
    auto& hardware = world.hardware;
    hardware.conclude();
    using Kind = mock_snp::Verdict::Kind;
    if (!got) {
      if (hardware.verdict().kind != Kind::raise) violate(world, "diff", "no exception", "one that nobody asked for");
      expect_equal(world, "diff", "the exception's vector", hardware.verdict().vector, static_cast<uint64_t>(got.error()));
      return "raised";
    }
    if (hardware.verdict().kind == Kind::raise) violate(world, "diff", "the exception that the answer asks for", "none");
    check();
    return "done";
  }
  static uint64_t half(uint64_t word) { return word & 0xffff'ffff; }
  static uint64_t mask(uint64_t width) { return width >= 8 ? UINT64_MAX : (uint64_t{1} << (width * 8)) - 1; }

  std::string_view perform_io(World& world, const Step& step) {
    auto& exits = guest_->exits;
    auto& hardware = world.hardware;
    const auto port_number = static_cast<uint16_t>(step.args[0]);
    const uint64_t width = step.args[1] == 1 || step.args[1] == 2 ? step.args[1] : 4;
    const uint64_t rax = world.next_secret();
    const uint64_t exits_before = hardware.exit_count();
    switch (step.kind) {
      case in: {
        const auto got = exits.in(port_number, width, rax);
        return judged(world, got, [&] {
          const uint64_t keep = width == 4 ? 0 : ~mask(width);
          expect_equal(world, "diff", "RAX after IN", (rax & keep) | (hardware.seen_field(0x1f8) & mask(width)), *got);
        });
      }
      case out: {
        const auto got = exits.out(port_number, width, step.args[0] | (rax & ~mask(width)));
        return judged(world, got, [] {});
      }
      default: break;
    }
    std::vector<uint8_t> data(step.args[2]);
    const uint64_t units = std::min(data.size() / width, 2032 / width);
    if (step.kind == outs) {
      for (size_t index = 0; index < data.size(); ++index) data[index] = static_cast<uint8_t>(index * 7);
      // What lies after the string in the guest's memory is a secret.
      for (size_t index = units * width; index < data.size(); ++index) data[index] = static_cast<uint8_t>(world.next_secret());
      const auto got = exits.outs(port_number, width, data);
      if (hardware.exit_count() == exits_before) return "nothing to do";
      return judged(world, got, [&] { expect_equal(world, "diff", "units moved", units, *got); });
    }
    const auto got = exits.ins(port_number, width, data);
    if (hardware.exit_count() == exits_before) return "nothing to do";
    return judged(world, got, [&] {
      expect_equal(world, "diff", "units moved", units, *got);
      for (uint64_t index = 0; index < units * width; ++index) {
        expect_equal(world, "diff", "a byte of the string", hardware.seen_field(0x800 + index / 8 * 8) >> (index % 8 * 8) & 0xff, data[index]);
      }
    });
  }

  std::string_view perform_registers(World& world, const Step& step) {
    auto& exits = guest_->exits;
    auto& hardware = world.hardware;
    switch (step.kind) {
      case cpuid: {
        const auto got = exits.cpuid(static_cast<uint32_t>(step.args[0]), static_cast<uint32_t>(step.args[1]));
        return judged(world, got, [&] {
          expect_equal(world, "diff", "EAX", half(hardware.seen_field(0x1f8)), got->rax);
          expect_equal(world, "diff", "EBX", half(hardware.seen_field(0x318)), got->rbx);
          expect_equal(world, "diff", "ECX", half(hardware.seen_field(0x308)), got->rcx);
          expect_equal(world, "diff", "EDX", half(hardware.seen_field(0x310)), got->rdx);
        });
      }
      case rdmsr: {
        const auto got = exits.read_msr(static_cast<uint32_t>(step.args[0]));
        return judged(world, got, [&] { expect_equal(world, "diff", "EDX:EAX", half(hardware.seen_field(0x310)) << 32 | half(hardware.seen_field(0x1f8)), *got); });
      }
      case wrmsr: return judged(world, exits.write_msr(static_cast<uint32_t>(step.args[0]), step.args[1]), [] {});
      case apic_base: expect_equal(world, "answer", "the APIC's base", 0xfee0'0d00, exits.apic_base()); return "done";
      case rdtsc:
      case rdtscp: {
        const auto got = exits.rdtscp(step.kind == rdtscp);
        return judged(world, got, [&] {
          expect_equal(world, "diff", "EAX", half(hardware.seen_field(0x1f8)), got->rax);
          expect_equal(world, "diff", "EDX", half(hardware.seen_field(0x310)), got->rdx);
          if (step.kind == rdtscp) expect_equal(world, "diff", "ECX", half(hardware.seen_field(0x308)), got->rcx);
        });
      }
      case rdpmc: {
        const auto got = exits.rdpmc(static_cast<uint32_t>(step.args[0]));
        return judged(world, got, [&] { expect_equal(world, "diff", "EDX:EAX", half(hardware.seen_field(0x310)) << 32 | half(hardware.seen_field(0x1f8)), got->rdx << 32 | got->rax); });
      }
      default: {
        if (step.args[1] != 0) return exits.vmmcall(step.args[0], static_cast<uint8_t>(step.args[1])).has_value() ? "done" : "raised";
        const auto got = exits.vmmcall(step.args[0], 0);
        return judged(world, got, [&] { expect_equal(world, "diff", "RAX", hardware.seen_field(0x1f8), *got); });
      }
    }
  }

  std::string_view perform_mmio(World& world, const Step& step) {
    const uint64_t width = step.args[1] == 1 || step.args[1] == 2 || step.args[1] == 4 ? step.args[1] : 8;
    if (step.kind == mmio_write) return judged(world, guest_->exits.mmio_write(step.args[0], width, (step.args[0] & mask(width)) | (world.next_secret() & ~mask(width))), [] {});
    const auto got = guest_->exits.mmio_read(step.args[0], width);
    return judged(world, got, [&] { expect_equal(world, "diff", "the value", world.hardware.seen_field(0x800) & mask(width), *got); });
  }

  std::string_view perform(World& world, const Step& step) override {
    auto& exits = guest_->exits;
    switch (step.kind) {
      case in:
      case out:
      case ins:
      case outs: return perform_io(world, step);
      case mmio_read:
      case mmio_write: return perform_mmio(world, step);
      case wbinvd: exits.write_back_caches(); break;
      case nmi_complete: exits.nmi_complete(); break;
      case ipi: exits.send_ipi(step.args[0]); break;
      case reset_hold:
        exits.reset_hold();
        world.hardware.conclude();
        if (world.hardware.seen_field(0x3a0) == 0) violate(world, "answer", "held until a start is asked for", "a wake for nothing was taken for one");
        break;
      case features: remember(world, guest_->features, exits.features()); break;
      case negotiate:
        guest_->negotiation.agree();
        remember(world, guest_->msr_features, guest_->negotiation.features());
        guest_->negotiation.register_ghcb();
        break;
      case panic: guest_->core.panic("a secret", world.next_secret()); break;
      case unsupported: exits.unsupported(step.args[0]);
      default: return perform_registers(world, step);
    }
    return "done";
  }

  // What was said first holds: features are read once.
  void remember(World& world, uint64_t& first, uint64_t now) {
    if (first != 0) expect_equal(world, "answer", "the features as they were said first", first, now);
    first = now;
  }

  bool legal(const World& world, const Step& step) override {
    if (world.hardware.terminated()) return false;
    switch (step.kind) {
      case rdmsr:
      case wrmsr: return msr_allowed(static_cast<uint32_t>(step.args[0]));
      case ins:
      case outs:
      case panic:
      case vmmcall:
      case unsupported: return false;
      default: return true;
    }
  }

};

const Registered<SnpExits> registered("snp_exits", "SEV-SNP exits through the GHCB and its MSR against a hostile hypervisor");

}  // namespace
}  // namespace cupel::fuzz::snp
