#pragma once
#include <algorithm>

#include "platforms/lvbs/boot.hh"
#include "platforms/lvbs/intercepts.hh"
#include "platforms/lvbs/kexec.hh"
#include "platforms/lvbs/modules.hh"

// The service calls that the kernel in VTL0 makes, and their life: what may be said while it boots, and what after it has said
// that it is done.
namespace cupel::lvbs {

enum class Service : uint64_t {
  enable_processors = 0x1ffe0, boot_processors, lock_registers, end_of_boot, protect_memory, load_kernel_data, validate_module, free_module_init, unload_module,
  copy_secondary_key, kexec_validate, patch_text, ring_buffer,
};
enum class Life : uint8_t { boot, sealed };

// Whether a call may be made in this state at all.
constexpr bool boot_only(Service service) {
  switch (service) {
    case Service::boot_processors:
    case Service::lock_registers:
    case Service::protect_memory:
    case Service::load_kernel_data:
    case Service::ring_buffer: return true;
    default: return false;
  }
}
constexpr bool needs_roots(Service service) {
  switch (service) {
    case Service::validate_module:
    case Service::free_module_init:
    case Service::unload_module:
    case Service::kexec_validate:
    case Service::patch_text: return true;
    default: return false;
  }
}

template <VtlHardware Hardware, Crypto Library>
class Heki {
 public:
  Heki(Core<Hardware>& core, Protector<Hardware>& protector, Boot<Hardware>& boot, Library& crypto)
      : core_(core), protector_(protector), boot_(boot), crypto_(crypto), claims_(core, protector), memory_(core), list_(core, memory_), patches_(core, protector.frames()),
        modules_(core, claims_, memory_, patches_, crypto, exports_), kexec_(core, claims_, memory_, crypto), intercepts_(core) {}

  // One call of processor `vp`, as it comes: the result is what R8 is to hold, a negative error number where it failed.
  int64_t call(uint64_t vp, uint64_t id, uint64_t a, uint64_t b, uint64_t c);
  Life life() const { return life_; }
  Intercepts<Hardware>& intercepts() { return intercepts_; }

 private:
  Result<uint64_t> dispatch(uint64_t vp, Service service, uint64_t a, uint64_t b, uint64_t c);
  Result<> boot_processors(uint64_t mask_frame, uint64_t signal_frame);
  Result<> end_of_boot();
  Result<> protect_memory(uint64_t pa, uint64_t count);
  Result<> load_kernel_data(uint64_t pa, uint64_t count);
  Result<> take_datum(const Range& range, std::span<const Range> all);
  Result<std::span<uint8_t>> keep(const Range& range, const Site* site);
  Result<> patch_text(uint64_t pa0, uint64_t pa1);
  Result<> ring_buffer(uint64_t pa, uint64_t size);
  // A word for the kernel's log, where it has given us a buffer: what went wrong, and nothing else.
  void log(uint64_t word);

  Core<Hardware>& core_;
  Protector<Hardware>& protector_;
  Boot<Hardware>& boot_;
  Library& crypto_;
  Claims<Hardware> claims_;
  Vtl0Memory<Hardware> memory_;
  RangeList<Hardware> list_;
  Patches<Hardware> patches_;
  ExportTable exports_;
  Modules<Hardware, Library> modules_;
  Kexec<Hardware, Library> kexec_;
  Intercepts<Hardware> intercepts_;

  static constexpr uint64_t data_bytes_max = 0x4000;
  static constexpr uint8_t boot_signal = 0xdc;
  Life life_ = Life::boot;
  bool busy_ = false, has_data_ = false, booted_processors_ = false;
  uint64_t processors_ = 1;  // a bit for each that runs
  uint8_t data_[data_bytes_max];
  uint64_t data_used_ = 0;
  std::span<const uint8_t> certificates_;
  uint64_t ring_pa_ = 0, ring_size_ = 0, ring_at_ = 0;
};

template <VtlHardware Hardware, Crypto Library>
int64_t Heki<Hardware, Library>::call(uint64_t vp, uint64_t id, uint64_t a, uint64_t b, uint64_t c) {
  // One call at a time: another processor's comes again.
  if (busy_) return -static_cast<int64_t>(Errno::again);
  busy_ = true;
  memory_.begin_call();
  const auto service = static_cast<Service>(id);
  Result<uint64_t> result = fail(Errno::perm);
  if ((life_ == Life::boot || !boot_only(service)) && (!needs_roots(service) || has_data_)) result = dispatch(vp, service, a, b, c);
  if (!result) log(id << 32 | static_cast<uint64_t>(result.error()));
  busy_ = false;
  return result ? static_cast<int64_t>(*result) : -static_cast<int64_t>(result.error());
}

template <VtlHardware Hardware, Crypto Library>
Result<uint64_t> Heki<Hardware, Library>::dispatch(uint64_t vp, Service service, uint64_t a, uint64_t b, uint64_t c) {
  switch (service) {
    case Service::enable_processors: return 0;
    case Service::boot_processors: TRY(boot_processors(a, b)); return 0;
    case Service::lock_registers: TRY(intercepts_.lock(vp)); return 0;
    case Service::end_of_boot: TRY(end_of_boot()); return 0;
    case Service::protect_memory: TRY(protect_memory(a, b)); return 0;
    case Service::load_kernel_data: TRY(load_kernel_data(a, b)); return 0;
    case Service::validate_module: return modules_.validate(TRY(list_.read(a, b)));
    case Service::free_module_init: TRY(modules_.free_init(a)); return 0;
    case Service::unload_module: TRY(modules_.unload(a)); return 0;
    case Service::kexec_validate: {
      if (c > 1) return fail(Errno::inval);
      std::span<const Range> ranges;
      if (a != 0) ranges = TRY(list_.read(a, b));
      TRY(kexec_.validate(ranges, c == 1));
      return 0;
    }
    case Service::patch_text: TRY(patch_text(a, b)); return 0;
    case Service::ring_buffer: TRY(ring_buffer(a, b)); return 0;
    default: return fail(Errno::nosys);
  }
}

template <VtlHardware Hardware, Crypto Library>
Result<> Heki<Hardware, Library>::boot_processors(uint64_t mask_frame, uint64_t signal_frame) {
  if (booted_processors_) return fail(Errno::perm);
  if (mask_frame >= core_.layout().ram_end || signal_frame >= core_.layout().ram_end) return fail(Errno::inval);
  uint64_t mask[2] = {};
  TRY(memory_.copy_words(mask_frame << 12, mask, SITE("heki.processors", "none beyond the machine's")));
  const uint64_t known = (uint64_t{1} << core_.layout().processors) - 1;
  if ((mask[0] & ~known) != 0 || mask[1] != 0) return fail(Errno::inval);
  // Signals go where VTL0 may write itself, and nowhere else.
  if (!protector_.frames().all_claimable(signal_frame, 1)) return fail(Errno::inval);
  for (uint64_t vp = 1; vp < core_.layout().processors; ++vp) {
    if ((mask[0] >> vp & 1) == 0 || (processors_ >> vp & 1) != 0) continue;
    if (!boot_.boot_processor(vp)) return fail(Errno::io);
    processors_ |= uint64_t{1} << vp;
    core_.hardware.vtl0_8((signal_frame << 12) + vp).write(boot_signal);
  }
  booted_processors_ = true;
  return {};
}

// From here on VTL0 is not believed any more: what it has not had protected it can write, and so not execute as a kernel.
template <VtlHardware Hardware, Crypto Library>
Result<> Heki<Hardware, Library>::end_of_boot() {
  if (life_ == Life::sealed) return {};
  if (!has_data_ || !boot_.own_memory_protected() || !intercepts_.all_locked(processors_)) return fail(Errno::perm);
  claims_.begin();
  for (uint64_t gfn = 0; gfn < protector_.frames().count(); ++gfn) {
    if (may_claim(protector_.frames()[gfn].kind) && !protector_.add(gfn, {Kind::open, protection::data, nobody})) return fail(Errno::nomem);
  }
  TRY(claims_.commit());
  protector_.set_unclaimed(protection::data);
  life_ = Life::sealed;
  return {};
}

template <VtlHardware Hardware, Crypto Library>
Result<> Heki<Hardware, Library>::protect_memory(uint64_t pa, uint64_t count) {
  const auto ranges = TRY(list_.read(pa, count));
  claims_.begin();
  for (const Range& range : ranges) {
    if (!range.aligned()) return fail(Errno::inval);
    TRY(claims_.add(range, Kind::owned, TRY(protection::of_attribute<uint64_t>(range.attribute)), kernel));
  }
  return claims_.commit();
}

template <VtlHardware Hardware, Crypto Library>
Result<std::span<uint8_t>> Heki<Hardware, Library>::keep(const Range& range, const Site* site) {
  if (range.size() > data_bytes_max - data_used_) return fail(Errno::nomem);
  const std::span<uint8_t> bytes(data_ + data_used_, range.size());
  TRY(memory_.copy(range.pa, bytes, site));
  data_used_ += (range.size() + 7) & ~uint64_t{7};
  return bytes;
}

template <VtlHardware Hardware, Crypto Library>
Result<> Heki<Hardware, Library>::take_datum(const Range& range, std::span<const Range> all) {
  switch (static_cast<Datum>(range.attribute)) {
    case Datum::certificates:
      if (!certificates_.empty()) return fail(Errno::inval);
      certificates_ = TRY(keep(range, SITE("kdata.certificates", "X.509, once")));
      return {};
    case Datum::info: {
      uint64_t table[4] = {};
      if (range.size() < sizeof table) return fail(Errno::inval);
      TRY(memory_.copy_words(range.pa, table, SITE("kdata.info", "the table within protected data")));
      for (const Range& one : all) {
        if (static_cast<Datum>(one.attribute) != Datum::rodata) continue;
        // What the table says must not change after it was copied.
        for (uint64_t gfn = one.first(); gfn < one.first() + one.frames(); ++gfn) {
          if (protector_.frames()[gfn].kind != Kind::owned || protector_.frames()[gfn].flags != protection::constant) return fail(Errno::inval);
        }
        const auto bytes = TRY(keep(one, SITE("kdata.rodata", "names and values by checked offsets", "a_self_relative_word_stays_within_its_bytes")));
        return exports_.set(bytes, one.va, table[0], table[1]);
      }
      return fail(Errno::inval);
    }
    case Datum::rodata: return {};
    case Datum::patches:
      return add_records(patches_, TRY(keep(range, SITE("kdata.patches", "within protected text, to a target there"))), kernel, [&](uint64_t pa) -> Result<Range> {
        // The run of frames that the kernel executes, around the place: one text, mapped as it lies.
        const uint64_t gfn = pa >> 12;
        const auto executes = [&](uint64_t frame) {
          return frame < protector_.frames().count() && protector_.frames()[frame].kind == Kind::owned && protector_.frames()[frame].flags == protection::text;
        };
        if (!executes(gfn)) return fail(Errno::inval);
        uint64_t first = gfn, end = gfn + 1;
        while (first > 0 && executes(first - 1)) --first;
        while (executes(end)) ++end;
        return Range{first << 12, first << 12, end << 12, 0};
      });
    case Datum::trampoline: return range.aligned() ? claims_.add(range, Kind::owned, protection::constant, kernel) : fail(Errno::inval);
    case Datum::revoked:
    case Datum::blocked_hashes: break;
  }
  return fail(Errno::inval);
}

template <VtlHardware Hardware, Crypto Library>
Result<> Heki<Hardware, Library>::load_kernel_data(uint64_t pa, uint64_t count) {
  // The first data are the data: roots that can be set again are nobody's roots.
  if (has_data_) return fail(Errno::perm);
  const auto ranges = TRY(list_.read(pa, count));
  claims_.begin();
  patches_.begin();
  certificates_ = {}, data_used_ = 0, exports_ = {};
  for (const Range& range : ranges) TRY(take_datum(range, ranges));
  if (certificates_.empty() || !crypto_.trust(certificates_)) return fail(Errno::inval);
  const Result<> claimed = claims_.commit();
  if (!claimed) {
    crypto_.forget();
    return claimed;
  }
  patches_.commit();
  has_data_ = true;
  return {};
}

template <VtlHardware Hardware, Crypto Library>
Result<> Heki<Hardware, Library>::patch_text(uint64_t pa0, uint64_t pa1) {
  uint8_t raw[PatchWrite::bytes];
  const uint64_t left = 4096 - (pa0 & 0xfff), first = std::min<uint64_t>(sizeof raw, left);
  TRY(memory_.copy(pa0, {raw, first}, SITE("patch.write", "within a record, its bytes, its next step", "a_write_that_is_taken_lies_within_its_record")));
  if (first < sizeof raw) {
    if ((pa1 & 0xfff) != 0) return fail(Errno::inval);
    TRY(memory_.copy(pa1, {raw + first, sizeof raw - first}, SITE("patch.write_tail", "within a record, its bytes, its next step", "a_write_that_is_taken_lies_within_its_record")));
  }
  return patches_.apply(PatchWrite::from(raw));
}

template <VtlHardware Hardware, Crypto Library>
Result<> Heki<Hardware, Library>::ring_buffer(uint64_t pa, uint64_t size) {
  if (ring_size_ != 0) return fail(Errno::perm);
  if (((pa | size) & 0xfff) != 0 || size == 0 || !memory_.is_vtl0(pa, size)) return fail(Errno::inval);
  claims_.begin();
  TRY(claims_.add({0, pa, pa + size, 0}, Kind::owned, protection::constant, ring));
  TRY(claims_.commit());
  ring_pa_ = pa, ring_size_ = size, ring_at_ = 0;
  return {};
}

template <VtlHardware Hardware, Crypto Library>
void Heki<Hardware, Library>::log(uint64_t word) {
  if (ring_size_ == 0) return;
  core_.hardware.vtl0_64(ring_pa_ + ring_at_).write(word);
  ring_at_ = (ring_at_ + 8) % ring_size_;
}

}  // namespace cupel::lvbs
