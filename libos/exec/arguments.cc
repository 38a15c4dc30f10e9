#include "libos/exec/arguments.hh"

#include <algorithm>
#include <cstring>

namespace cupel::libos {
namespace {

constexpr std::byte nul{};
constexpr uint64_t pointer_size = 8;

}  // namespace

Result<> Arguments::charge(uint64_t size) {
  if (size > size_max_ - charged_) return fail(Errno::too_big);
  charged_ += size;
  return {};
}

Result<> Arguments::add_bytes(std::span<const std::byte> bytes) {
  TRY(charge(bytes.size()));
  while (!bytes.empty()) {
    Frame* frame = TRY(pages_.find_or_make(size_ / page_size));
    const size_t in_page = size_ % page_size, size = std::min<size_t>(bytes.size(), page_size - in_page);
    std::memcpy(frame->bytes() + in_page, bytes.data(), size);
    size_ += size;
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<> Arguments::add_argument(std::string_view text) {
  CHECK(variable_count_ == 0);
  TRY(charge(pointer_size));
  TRY(add_bytes(std::as_bytes(std::span(text))));
  TRY(add_bytes({&nul, 1}));
  ++argument_count_;
  return {};
}

Result<> Arguments::add_variable(std::string_view text) {
  TRY(charge(pointer_size));
  TRY(add_bytes(std::as_bytes(std::span(text))));
  TRY(add_bytes({&nul, 1}));
  ++variable_count_;
  return {};
}

// A null vector has no strings, as in Linux.
Result<> Arguments::add_vector(const GuestMemory& memory, uint64_t vector, uint64_t& count) {
  if (vector == 0) return {};
  for (uint64_t at = vector;; at += pointer_size) {
    uint64_t address = 0;
    TRY(memory.read(at, std::as_writable_bytes(std::span(&address, 1))));
    if (address == 0) return {};
    TRY(charge(pointer_size));
    TRY(add_string(memory, address));
    ++count;
  }
}

// Never beyond the page in which its NUL may be: what lies behind it may not be there.
Result<> Arguments::add_string(const GuestMemory& memory, uint64_t address) {
  std::array<std::byte, 512> chunk;
  for (uint64_t done = 0; done < string_size_max;) {
    const uint64_t wanted = std::min<uint64_t>({chunk.size(), page_size - (address + done) % page_size, string_size_max - done});
    const size_t size = memory.copy_in(address + done, std::span(chunk).first(wanted));
    const auto* end = size == 0 ? nullptr : static_cast<const std::byte*>(std::memchr(chunk.data(), 0, size));
    if (end != nullptr) return add_bytes({chunk.data(), static_cast<size_t>(end - chunk.data()) + 1});
    if (size < wanted) return fail(Errno::fault);
    TRY(add_bytes(std::span(chunk).first(size)));
    done += size;
  }
  return fail(Errno::too_big);
}

Result<> Arguments::prepend(std::string_view text) {
  if (text.size() + 1 > front_start_) return fail(Errno::too_big);
  TRY(charge(text.size() + 1 + pointer_size));
  front_start_ -= text.size() + 1;
  std::memcpy(front_.data() + front_start_, text.data(), text.size());
  front_[front_start_ + text.size()] = '\0';
  ++argument_count_;
  return {};
}

void Arguments::drop_first() {
  if (argument_count_ == 0) return;
  --argument_count_;
  if (front_size() > 0) {
    front_start_ += std::strlen(front_.data() + front_start_) + 1;
    return;
  }
  bool ended = false;
  while (!ended) {
    ended = pages_.find(skipped_ / page_size)->bytes()[skipped_ % page_size] == nul;
    ++skipped_;
  }
}

Result<> Arguments::put_interpreter(std::string_view interpreter, std::string_view argument, std::string_view script) {
  drop_first();
  TRY(prepend(script));
  if (!argument.empty()) TRY(prepend(argument));
  return prepend(interpreter);
}

}  // namespace cupel::libos
