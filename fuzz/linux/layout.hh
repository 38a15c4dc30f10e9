#pragma once
#include <array>
#include <vector>

#include "fuzz/program/program.hh"
#include "libos/interface/args.hh"

// From a step of a program to the call it makes: register values, and the bytes that lie in guest memory beforehand. The
// same for every world that a program runs in, so that their outcomes can be compared.
namespace cupel::fuzz {

// Guest memory that a call's arguments name, and with it all that the call may read or write.
struct Extent {
  uint64_t address;
  uint64_t size;
  bool read;
  bool write;
};

// Bytes to be put into guest memory before the call, whatever the page's protection is.
struct Store {
  uint64_t address;
  std::span<const std::byte> bytes;  // of the program's blob
};

struct Layout {
  interface::Registers registers{};
  uint64_t base = 0;             // the step's slots with their guards lie here, in the slots region,
  std::vector<std::byte> bytes;  // and hold this before the call
  std::vector<Store> stores;     // what is to lie elsewhere
  std::vector<Extent> extents;
  // Where in guest memory each argument's object lies, for arguments that point at one (0: it points nowhere good).
  std::array<uint64_t, interface::args_max> objects{};

  void clear();
};

// Lays out the steps of one program, and keeps the results that later steps refer to.
class Layouter {
 public:
  explicit Layouter(const interface::InterfaceDesc& interface) : interface_(interface) {}

  // Starts a program, which must stay where it is. Nothing has a result yet.
  void begin(const Program& program);
  const interface::CallDesc& call_of(const Step& step) const { return interface_.calls[step.call % interface_.calls.size()]; }

  // A step's layout, by the results so far.
  void lay_out(const Step& step, Layout& out);

  // Keeps what a call gave. `after` is the memory at layout.base when it had returned.
  void record(size_t step_index, const Layout& layout, int64_t value, std::span<const std::byte> after);
  // What a reference stands for; -1 while the step has not returned.
  int64_t value_of(ResultRef ref) const;

 private:
  static constexpr size_t fields_max = 4;  // new_fd fields of one call
  struct StepResults {
    bool known = false;
    std::array<int64_t, 1 + fields_max> values;
  };

  uint64_t scalar(const interface::ArgDesc& desc, const Arg& arg) const;
  uint64_t place(const interface::ArgDesc& desc, const Arg& arg, size_t size, Layout& out);
  std::span<const std::byte> blob(const Arg& arg) const;
  void resolve_fields(const interface::StructDesc& element, std::span<std::byte> bytes) const;
  void relocate_pointers(const interface::StructDesc& element, uint64_t address, Layout& out) const;
  void relocate_vector(const interface::ArgDesc& desc, const Arg& arg, uint64_t address, Layout& out);

  const interface::InterfaceDesc& interface_;
  const Program* program_ = nullptr;
  uint64_t room_ = 0;  // bytes of the slots region that each task has to itself
  std::vector<StepResults> results_;
};

// The last page of the slots region holds no slots: an object at its end runs into the read-only page.
inline constexpr uint64_t edge_page = read_only_base - 4096;
// Objects a call only reads run from the read-only page into the unmapped one.
static_assert(unmapped_base == read_only_base + 4096);

// Elements of an iovec array: bases below this are offsets into the data that follows the array in its slot; others are
// addresses as they stand.
inline constexpr uint64_t vector_offset_max = 1 << 24;
// How many elements of the blob of a vector argument are iovecs: the rest of it is their data.
constexpr size_t vector_elements(const Arg& arg) { return std::min<uint64_t>(arg.value, arg.blob_size / sizeof(interface::IoVec)); }

}  // namespace cupel::fuzz
