#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "platforms/mock/snp/page_store.hh"

// System physical memory as SEV-SNP sees it: the RMP, the hypervisor's nested page table, and the rules of access (fact
// sheet 3 and 3.1). Addresses are page numbers: gfn of the guest, spa of the system.
namespace cupel::mock_snp {

inline constexpr uint32_t guest_frames = 2048;
inline constexpr uint32_t system_pages = 4096;
inline constexpr uint32_t large_pages = 512;
inline constexpr uint64_t memory_size = uint64_t{guest_frames} << 12;

struct RmpEntry {
  bool assigned = false;   // to our guest; there is one
  bool large = false;      // part of a 2M entry
  bool immutable = false;
  bool vmsa = false;
  bool validated = false;
  uint32_t gfn = 0;        // that it is assigned for
  std::array<uint8_t, 4> permissions{0xf, 0, 0, 0};  // of each VMPL: read, write, user and supervisor execution
  friend bool operator==(const RmpEntry&, const RmpEntry&) = default;
};

struct NptEntry {
  bool present = true;
  bool large = false;
  bool reserved_bit = false;  // the hypervisor's mark of "MMIO"
  bool read_only = false;
  uint32_t spa = 0;
};

// What an access comes to.
enum class Access : uint8_t {
  data,
  not_validated,   // #VC 404 to the guest
  mmio_marked,     // #VC 400 to the guest
  nested_fault,    // to the hypervisor: the guest hangs or tries again
};
enum class Encrypted : bool { no, yes };
enum class Write : bool { no, yes };

inline constexpr uint8_t may_read = 1, may_write = 2;

// The rule of table 3.1 for one access at privilege level `vmpl` through `npt` to a page with `entry`.
Access judge_access(const NptEntry& npt, const RmpEntry& entry, uint32_t gfn, Encrypted encrypted, Write write, unsigned vmpl = 0);

// Whatever the hypervisor's pages hold before anyone has written there.
inline constexpr uint64_t stale_pattern = 0x5a5a'5a5a'5a5a'5a5a;

class System {
 public:
  System();
  // As after launch: every guest frame is the system page of the same number and nothing is assigned. Only what was
  // touched is put back.
  void reset();

  const RmpEntry& rmp(uint32_t spa) const { return rmp_[spa]; }
  const NptEntry& npt(uint32_t gfn) const { return npt_[gfn]; }
  // Whether the hypervisor lets a frame be written as shared memory: what access() says of it, where it is asked with each word.
  bool is_shared(uint32_t gfn) const { return npt_[gfn].present && !npt_[gfn].reserved_bit && !npt_[gfn].read_only && !rmp_[npt_[gfn].spa].assigned; }
  Access access(uint32_t gfn, Encrypted encrypted, Write write, unsigned vmpl = 0) const;
  // The 512 words behind a frame, through the nested page table.
  uint64_t* words(uint32_t gfn) { return content_.words_of(npt(gfn).spa); }
  uint64_t& word(uint64_t gpa) { return words(static_cast<uint32_t>(gpa >> 12) % guest_frames)[(gpa & 0xfff) / 8]; }
  void fill(uint32_t gfn, uint64_t pattern) { content_.fill(npt(gfn).spa, pattern); }
  bool is_zero(uint32_t gfn) const { return content_.is_all(npt(gfn).spa, 0); }

  // The guest's PVALIDATE; nullopt: a nested fault, from which it does not come back.
  struct Validated {
    uint32_t code;
    bool unchanged;
  };
  std::optional<Validated> pvalidate(uint32_t gfn, bool large, bool validate);

  // The guest's RMPADJUST, at VMPL0; nullopt: a nested fault.
  struct Adjust {
    unsigned vmpl;
    uint8_t permissions;
    bool vmsa;
  };
  enum class Adjusted : uint32_t { ok = 0, bad_input = 1, no_permission = 2, size_mismatch = 6 };
  std::optional<Adjusted> rmpadjust(uint32_t gfn, bool large, const Adjust& adjust);
  bool not_validated(uint32_t gfn) const { return access(gfn, Encrypted::yes, Write::no) == Access::not_validated; }

  // A page of the launch: assigned, validated and private from the start.
  void launch(uint32_t gfn);
  // A write by the hypervisor to a system page: only to its own.
  bool hypervisor_write(uint32_t spa, uint32_t index, uint64_t value);
  // The hypervisor's instructions. Refused on immutable entries and where sizes overlap, as the processor refuses.
  bool rmpupdate(uint32_t spa, bool assigned, uint32_t gfn, bool large);
  bool psmash(uint32_t spa);
  void remap(uint32_t gfn, uint32_t spa, bool large);
  void mark(uint32_t gfn, bool present, bool reserved_bit);
  void make_read_only(uint32_t gfn);

  // INV-1: how many system pages are validated for this frame; more than one is the attack.
  unsigned validated_for(uint32_t gfn) const { return validated_[gfn]; }

 private:
  RmpEntry& touch(uint32_t spa);
  void set_validated(uint32_t spa, bool validated);

  PageStore<system_pages> content_;
  Table<RmpEntry, system_pages> rmp_;
  Table<NptEntry, guest_frames> npt_;
  Table<uint16_t, guest_frames> validated_;
  std::vector<uint32_t> touched_pages_, touched_frames_;
  Table<bool, system_pages> page_touched_;
  Table<bool, guest_frames> frame_touched_;
};

}  // namespace cupel::mock_snp
