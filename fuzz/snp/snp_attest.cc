// What a report must say before anything is built on it, and what the launch digest binds.
#include <mbedtls/sha512.h>

#include "fuzz/snp/guest_target.hh"
#include "platforms/snp/report.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

constexpr uint64_t offsets[] = {0, 4, 8, 0x30, 0x34, 0x40, 0x50, 0x90, 0x180, 0x1e0, 0x1f0}, bits[] = {0, 1, 16, 17, 18, 19, 24, 25, 4, 5, 48, 56};
enum Kind : uint8_t { flip, set_word, require, require_tcb, judge, page, swap, digest, kind_count };
constexpr StepDesc steps[] = {{"flip", {ArgDesc{"offset", 0x498, offsets}, ArgDesc{"bit", 64, bits}}}, {"word", {ArgDesc{"offset", 0x498, offsets}, ArgDesc{"value"}}},
                                         {"require", {ArgDesc{"options", 16}, ArgDesc{"svn", 8}}}, {"require_tcb", {ArgDesc{"tcb"}}}, {"judge"},
                                         {"page", {ArgDesc{"gfn", 16}, ArgDesc{"type", 6}, ArgDesc{"content", 4}}}, {"swap", {ArgDesc{"one", 8}, ArgDesc{"other", 8}}}, {"digest"}};
static_assert(std::size(steps) == kind_count);

class SnpAttest final : public SnpTarget {
 public:
  SnpAttest() : SnpTarget("snp_attest", {steps, {}, {}, {}}) {}

 private:
  struct LaunchPage {
    uint64_t gpa;
    LaunchType type;
    uint8_t content;
    friend bool operator==(const LaunchPage&, const LaunchPage&) = default;
  };

  // A report that satisfies the strictest of us.
  void begin(World&) override {
    report_.fill(0);
    need_ = {};
    put(0, 2);
    put(8, policy_one | policy_ciphertext_hiding | policy_no_page_swap);
    report_[0x34] = 1;
    put(0x40, platform_ciphertext_hiding | platform_alias_checked);
    for (unsigned byte = 0; byte < 64; ++byte) report_[0x50 + byte] = need_.report_data[byte] = static_cast<uint8_t>(byte + 1);
    for (unsigned byte = 0; byte < 48; ++byte) report_[0x90 + byte] = need_.measurement[byte] = static_cast<uint8_t>(byte * 3);
    for (const uint64_t offset : {0x180u, 0x1e0u, 0x1f0u}) put(offset, 0x4408'0000'0000'0304);
    launch_.clear();
  }
  void put(uint64_t offset, uint64_t value) {
    for (unsigned byte = 0; byte < 8; ++byte) report_[offset + byte] = static_cast<uint8_t>(value >> (byte * 8));
  }
  uint64_t get(uint64_t offset, unsigned size) const {
    uint64_t value = 0;
    for (unsigned byte = 0; byte < size; ++byte) value |= uint64_t{report_[offset + byte]} << (byte * 8);
    return value;
  }

  // The policy's words, one after the other.
  bool acceptable() const {
    const uint64_t policy = get(8, 8), platform = get(0x40, 8);
    bool good = get(0, 4) >= 2 && get(0x34, 4) == 1 && get(0x30, 4) == need_.vmpl && get(4, 4) >= need_.svn_min;
    good = good && std::equal(need_.report_data.begin(), need_.report_data.end(), report_.begin() + 0x50) && std::equal(need_.measurement.begin(), need_.measurement.end(), report_.begin() + 0x90);
    good = good && (policy >> 17 & 1) == 1 && (policy >> 18 & 3) == 0;
    if (need_.smt_off) good = good && (policy >> 16 & 1) == 0 && (platform & 1) == 0;
    if (need_.ciphertext_hiding) good = good && (policy >> 24 & 1) == 1 && (platform >> 4 & 1) == 1;
    if (need_.alias_checked) good = good && (platform >> 5 & 1) == 1;
    if (need_.no_page_swap) good = good && (policy >> 25 & 1) == 1;
    for (const uint64_t offset : {0x180u, 0x1e0u, 0x1f0u}) {
      good = good && report_[offset] >= need_.tcb_min.boot_loader && report_[offset + 1] >= need_.tcb_min.tee && report_[offset + 6] >= need_.tcb_min.snp && report_[offset + 7] >= need_.tcb_min.microcode;
    }
    return good;
  }

  static Digest sha384(std::span<const uint8_t> bytes) {
    Digest out{};
    std::array<uint8_t, 64> whole{};
    mbedtls_sha512_ret(bytes.data(), bytes.size(), whole.data(), 1);
    std::copy_n(whole.begin(), out.size(), out.begin());
    return out;
  }
  static Digest digest_of(std::span<const LaunchPage> pages) {
    Digest running{};
    for (const LaunchPage& one : pages) {
      const std::vector<uint8_t> content(4096, one.content);
      running = sha384(page_info(running, sha384(content), one.type, one.gpa));
    }
    return running;
  }

  std::string_view perform(World& world, const Step& step) override {
    switch (step.kind) {
      case flip: report_[step.args[0] + step.args[1] / 8] ^= static_cast<uint8_t>(1u << (step.args[1] % 8)); return "done";
      case set_word: put(step.args[0], step.args[1]); return "done";
      case require:
        need_.smt_off = (step.args[0] & 1) != 0, need_.ciphertext_hiding = (step.args[0] & 2) != 0, need_.alias_checked = (step.args[0] & 4) != 0, need_.no_page_swap = (step.args[0] & 8) != 0;
        need_.svn_min = static_cast<uint32_t>(step.args[1]);
        return "done";
      case require_tcb: need_.tcb_min = tcb_of(step.args[0]); return "done";
      case judge: {
        const bool taken = judge_report(Report(report_), need_) == ReportFault::none;
        if (taken != acceptable()) violate(world, "policy", taken ? "a report refused" : "a report taken", taken ? "taken" : "refused");
        return taken ? "taken" : "refused";
      }
      case page:
        if (launch_.size() < 8) launch_.push_back({step.args[0] << 12, static_cast<LaunchType>(1 + step.args[1]), static_cast<uint8_t>(step.args[2])});
        return "done";
      case swap: {
        // The same pages in other places: another launch, and so another digest.
        if (launch_.size() < 2) return "refused";
        auto other = launch_;
        LaunchPage& one = other[step.args[0] % other.size()];
        LaunchPage& two = other[step.args[1] % other.size()];
        std::swap(one.gpa, two.gpa);
        if (other != launch_ && digest_of(other) == digest_of(launch_)) violate(world, "policy", "a digest that says where each page lies", "the same for two launches");
        return "done";
      }
      default: {
        for (LaunchPage& one : launch_) {
          const Digest before = digest_of(launch_);
          const LaunchType was = one.type;
          one.type = was == LaunchType::normal ? LaunchType::vmsa : LaunchType::normal;
          if (digest_of(launch_) == before) violate(world, "policy", "a digest that says what each page is for", "the same for two launches");
          one.type = was;
        }
        return "done";
      }
    }
  }
  bool has_secrets() const override { return false; }

  std::array<uint8_t, report_size> report_{};
  Requirements need_;
  std::vector<LaunchPage> launch_;
};

const Registered<SnpAttest> registered("snp_attest", "SEV-SNP attestation policy: what of a report is believed, and what the launch digest binds");

}  // namespace
}  // namespace cupel::fuzz::snp
