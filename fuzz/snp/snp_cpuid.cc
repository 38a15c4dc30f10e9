// The CPUID page: any page that a hypervisor may have chosen, and what is looked up in it.
#include "fuzz/snp/guest_target.hh"
#include "platforms/snp/cpuid_page.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

constexpr uint64_t counts[] = {0, 1, 7, 9, 63, 64, 65, 0xffff'ffff}, rows[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 63, 64}, leaves[] = {0, 1, 7, 0xb, 0xd, 0x8000'0000, 0x8000'001f, 4, 0x8000'001e};
constexpr uint64_t values[] = {0, 1, 0x240, 0x1000, 0xffff'ffff, 0x1a, 51, 0x8000'0000};
enum Kind : uint8_t { count, row, words, reserved, lookup, save_area, kind_count };
constexpr StepDesc steps[] = {{"count", {ArgDesc{"count", 0x1'0000'0000, counts}}},
                                         {"row", {ArgDesc{"index", 66, rows}, ArgDesc{"leaf", 0x1'0000'0000, leaves}, ArgDesc{"subleaf", 0x1'0000'0000, rows}, ArgDesc{"eax", 0x1'0000'0000, values}}},
                                         {"words", {ArgDesc{"index", 66, rows}, ArgDesc{"ebx", 0x1'0000'0000, values}, ArgDesc{"xcr0", 0, rows}, ArgDesc{"xss", 0, rows}}},
                                         {"reserved", {ArgDesc{"word", 0xc10 / 8}, ArgDesc{"value"}}},
                                         {"lookup", {ArgDesc{"leaf", 0x1'0000'0000, leaves}, ArgDesc{"subleaf", 0x1'0000'0000, rows}}},
                                         {"save_area", {ArgDesc{"components"}, ArgDesc{"compacted", 2}}}};
static_assert(std::size(steps) == kind_count);

class SnpCpuid final : public SnpTarget {
 public:
  SnpCpuid() : SnpTarget("snp_cpuid", {steps, {}, {}, {}}) {}

 private:
  using Page = std::array<uint64_t, cpuid_page_words + 64 * 6>;  // with room for what lies behind a table that claims too much

  // A table that is as it should be; steps change it.
  void begin(World&) override {
    page_.fill(0);
    static constexpr uint32_t honest[][4] = {{0, 0, 0xd, 0}, {1, 0, 0xa10f11, 0}, {7, 0, 1, 0}, {0xd, 0, 7, 0x240}, {0xd, 1, 0xf, 0}, {0xd, 2, 0x100, 0x240}, {0x8000'0000, 0, 0x8000'0028, 0}, {0x8000'001f, 0, 0x1a, 51}, {0xb, 0, 1, 2}};
    page_[0] = std::size(honest);
    for (size_t index = 0; index < std::size(honest); ++index) {
      const auto& [leaf, subleaf, eax, ebx] = honest[index];
      set(index, 0, uint64_t{subleaf} << 32 | leaf);
      set(index, 3, uint64_t{ebx} << 32 | eax);
      if (leaf == 0xd && subleaf < 2) set(index, 1, 1);
    }
  }
  void set(uint64_t index, uint64_t word, uint64_t value) { page_[2 + index * 6 + word] = value; }
  uint64_t get(uint64_t index, uint64_t word) const { return page_[2 + index * 6 + word]; }

  // The page's rows, by the simplest reading.
  struct Row {
    uint64_t leaf, subleaf, xcr0, xss, eax, ebx, ecx, edx;
  };
  Row at(uint64_t index) const {
    const uint64_t names = get(index, 0), first = get(index, 3), second = get(index, 4);
    return {names & 0xffff'ffff, names >> 32, get(index, 1), get(index, 2), first & 0xffff'ffff, first >> 32, second & 0xffff'ffff, second >> 32};
  }
  static bool indexed(uint64_t leaf) {
    static constexpr uint64_t all[] = {4, 7, 0xb, 0xd, 0xf, 0x10, 0x12, 0x14, 0x17, 0x18, 0x1d, 0x1e, 0x1f, 0x24, 0x8000'001d, 0x8000'0020, 0x8000'0026};
    return std::ranges::find(all, leaf) != std::end(all);
  }
  bool asks(const Row& row, uint64_t leaf, uint64_t subleaf) const {
    if (row.leaf != leaf || (indexed(leaf) && row.subleaf != subleaf)) return false;
    return leaf != 0xd || subleaf > 1 || ((row.xcr0 == 1 || row.xcr0 == 3) && row.xss == 0);
  }
  const Row* find(std::span<const Row> all, uint64_t leaf, uint64_t subleaf) const {
    const auto found = std::ranges::find_if(all, [&](const Row& one) { return asks(one, leaf, subleaf); });
    return found == all.end() ? nullptr : &*found;
  }
  // Whether the page may be used at all.
  bool sound(std::vector<Row>& all) const {
    const uint64_t claimed = page_[0] & 0xffff'ffff;
    if (claimed == 0 || claimed > 64 || page_[0] >> 32 != 0 || page_[1] != 0) return false;
    for (uint64_t index = 0; index < claimed; ++index) {
      if (get(index, 5) != 0) return false;
      all.push_back(at(index));
    }
    for (size_t one = 0; one < all.size(); ++one) {
      for (size_t other = 0; other < one; ++other) {
        const bool same = all[one].leaf == all[other].leaf && (!indexed(all[one].leaf) || all[one].subleaf == all[other].subleaf) && all[one].xcr0 == all[other].xcr0 && all[one].xss == all[other].xss;
        if (same) return false;
      }
    }
    for (const auto& [leaf, subleaf] : {std::pair<uint64_t, uint64_t>{0, 0}, {1, 0}, {7, 0}, {0xd, 0}, {0xd, 1}, {0x8000'0000, 0}, {0x8000'001f, 0}}) {
      if (find(all, leaf, subleaf) == nullptr) return false;
    }
    return (find(all, 0x8000'001f, 0)->eax & 0x1a) == 0x1a;
  }

  std::string_view perform(World& world, const Step& step) override {
    switch (step.kind) {
      case count: page_[0] = step.args[0]; return "done";
      case row:
        set(step.args[0], 0, step.args[2] << 32 | step.args[1]);
        set(step.args[0], 3, (get(step.args[0], 3) & ~uint64_t{0xffff'ffff}) | step.args[3]);
        return "done";
      case words:
        set(step.args[0], 1, step.args[2]);
        set(step.args[0], 2, step.args[3]);
        set(step.args[0], 3, (get(step.args[0], 3) & 0xffff'ffff) | step.args[1] << 32);
        return "done";
      case reserved: page_[step.args[0]] = step.args[1]; return "done";
      default: break;
    }
    std::vector<Row> all;
    const bool may = sound(all);
    // Copied to a place of its own, so that a read beyond the page is seen.
    const std::vector<uint64_t> copy(page_.begin(), page_.begin() + cpuid_page_words);
    const auto table = CpuidTable::parse(std::span<const uint64_t, cpuid_page_words>(copy.data(), cpuid_page_words));
    if (table.has_value() != may) violate(world, "answer", may ? "a sound table taken" : "a table refused", may ? "refused" : "taken");
    if (!table) return "refused";
    if (step.kind == save_area) return judge_save_area(world, *table, all, step);
    const Registers got = table->lookup(static_cast<uint32_t>(step.args[0]), static_cast<uint32_t>(step.args[1]));
    const Row* truth = find(all, step.args[0], step.args[1]);
    expect_equal(world, "diff", "EAX", truth == nullptr ? 0 : truth->eax, got.rax);
    uint64_t ecx = truth == nullptr ? 0 : truth->ecx;
    if (step.args[0] == 1) ecx &= ~(uint64_t{1} << 27);
    if (step.args[0] == 7 && step.args[1] == 0) ecx &= ~uint64_t{16};
    expect_equal(world, "diff", "ECX", ecx, got.rcx);
    expect_equal(world, "diff", "EDX", truth == nullptr ? 0 : truth->edx, got.rdx);
    if (!(step.args[0] == 0xd && step.args[1] <= 1)) expect_equal(world, "diff", "EBX", truth == nullptr ? 0 : truth->ebx, got.rbx);
    return "done";
  }

  std::string_view judge_save_area(World& world, const CpuidTable& table, std::span<const Row> all, const Step& step) {
    const auto got = table.save_area_size(step.args[0], step.args[1] != 0);
    uint64_t size = 0x240;
    bool known = true;
    for (uint64_t bit = 2; bit < 63; ++bit) {
      if ((step.args[0] >> bit & 1) == 0) continue;
      const Row* component = find(all, 0xd, bit);
      if (component == nullptr) {
        known = false;
        break;
      }
      size = step.args[1] != 0 ? size + component->eax : std::max(size, component->ebx + component->eax);
    }
    const bool may = known && size <= 0x4000;
    if (got.has_value() != may) violate(world, "bounds", may ? "a size" : "no size: a component without a row, or an area beyond the buffer", "the other");
    if (got) expect_equal(world, "diff", "the area's size", size, *got);
    return "done";
  }
  bool has_secrets() const override { return false; }

  Page page_{};
};

const Registered<SnpCpuid> registered("snp_cpuid", "SEV-SNP CPUID page: whatever table a hypervisor may have chosen");

}  // namespace
}  // namespace cupel::fuzz::snp
