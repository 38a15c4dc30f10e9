#include "platforms/snp/cpuid_page.hh"

namespace cupel::snp {
namespace {

uint32_t low(uint64_t word) { return static_cast<uint32_t>(word); }
uint32_t high(uint64_t word) { return static_cast<uint32_t>(word >> 32); }

constexpr uint32_t required_leaves[][2] = {{0, 0}, {1, 0}, {7, 0}, {0xd, 0}, {0xd, 1}, {0x8000'0000, 0}, {0x8000'001f, 0}};
constexpr uint32_t sev_bits = 1u << 1 | 1u << 3 | 1u << 4;  // SEV, SEV-ES, SEV-SNP

bool same_question(const CpuidRow& one, const CpuidRow& other) {
  if (one.leaf != other.leaf) return false;
  if (cpuid_indexed(one.leaf) && one.subleaf != other.subleaf) return false;
  return one.xcr0 == other.xcr0 && one.xss == other.xss;
}

}  // namespace

std::expected<CpuidTable, CpuidFault> CpuidTable::parse(std::span<const uint64_t, cpuid_page_words> words) {
  CpuidTable table;
  const uint64_t head = words[0];
  if (!cpuid_count_accepted<uint64_t>(low(head))) return std::unexpected(CpuidFault::count);
  if (high(head) != 0 || words[1] != 0) return std::unexpected(CpuidFault::reserved);
  table.count_ = low(head);
  for (uint64_t index = 0; index < table.count_; ++index) {
    const auto row = words.subspan(2 + index * 6, 6);
    const uint64_t names = row[0], first = row[3], second = row[4];
    if (row[5] != 0) return std::unexpected(CpuidFault::reserved);
    table.rows_[index] = {low(names), high(names), row[1], row[2], low(first), high(first), low(second), high(second)};
  }
  if (const auto good = table.check(); !good) return std::unexpected(good.error());
  return table;
}

std::expected<void, CpuidFault> CpuidTable::check() {
  for (uint64_t index = 0; index < count_; ++index) {
    for (uint64_t other = 0; other < index; ++other) {
      // Two answers to one question: which of them holds would be the order's choice.
      if (same_question(rows_[index], rows_[other])) return std::unexpected(CpuidFault::duplicate);
    }
  }
  for (const auto& [leaf, subleaf] : required_leaves) {
    if (find(leaf, subleaf) == nullptr) return std::unexpected(CpuidFault::missing_leaf);
  }
  const CpuidRow& encryption = *find(0x8000'001f, 0);
  if ((encryption.eax & sev_bits) != sev_bits) return std::unexpected(CpuidFault::no_snp);
  c_bit_ = encryption.ebx & 0x3f;
  return {};
}

const CpuidRow* CpuidTable::find(uint32_t leaf, uint32_t subleaf) const {
  for (uint64_t index = 0; index < count_; ++index) {
    const CpuidRow& row = rows_[index];
    if (row.leaf != leaf) continue;
    if (cpuid_indexed(leaf) && row.subleaf != subleaf) continue;
    // Leaf D's first two are kept for XCR0 1 or 3 and XSS 0; the sizes for what is enabled are computed.
    if (leaf == 0xd && subleaf <= 1 && ((row.xcr0 != 1 && row.xcr0 != 3) || row.xss != 0)) continue;
    return &row;
  }
  return nullptr;
}

std::expected<uint64_t, CpuidFault> CpuidTable::save_area_size(uint64_t components, bool compacted) const {
  uint64_t size = xsave_size_min;
  for (uint32_t bit = 2; bit < 63; ++bit) {
    if ((components >> bit & 1) == 0) continue;
    const CpuidRow* row = find(0xd, bit);
    if (row == nullptr) return std::unexpected(CpuidFault::save_area);
    size = save_area_with<uint64_t>(size, row->ebx, row->eax, compacted);
  }
  if (size > xsave_size_max) return std::unexpected(CpuidFault::save_area);
  return size;
}

Registers CpuidTable::lookup(uint32_t leaf, uint32_t subleaf, const CpuidState& state) const {
  const CpuidRow* row = find(leaf, subleaf);
  if (row == nullptr) return {};
  Registers out{row->eax, row->ebx, row->ecx, row->edx};
  if (leaf == 1) out.rcx = blended<uint64_t>(out.rcx, state.osxsave ? UINT64_MAX : 0, uint64_t{1} << 27);
  if (leaf == 7 && subleaf == 0) out.rcx = blended<uint64_t>(out.rcx, state.protection_keys ? UINT64_MAX : 0, uint64_t{1} << 4);
  if (leaf == 0xd && subleaf <= 1) {
    const auto size = save_area_size(subleaf == 0 ? state.xcr0 : state.xcr0 | state.xss, subleaf == 1);
    out.rbx = size.value_or(0);  // 0: a component which cannot be saved, and so must not be enabled
  }
  return out;
}

}  // namespace cupel::snp
