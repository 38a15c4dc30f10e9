#pragma once
#include <array>
#include <string_view>

#include "libos/interface/memory.hh"
#include "libos/mm/page_store.hh"

namespace cupel::libos {

// The strings of argv and envp on their way from one program to the next: each NUL-terminated, argv's before envp's.
// What a guest has is read once, as it lies there at that moment.
class Arguments {
 public:
  static constexpr uint64_t string_size_max = 32 * page_size;  // MAX_ARG_STRLEN; beyond: E2BIG

  // `size_max`: of all strings and of the pointers to them.
  Arguments(Arena& arena, uint64_t size_max) : pages_(arena), size_max_(size_max) {}

  // First argv's strings, then envp's: E2BIG, EFAULT, ENOMEM.
  Result<> add_argument(std::string_view text);
  Result<> add_variable(std::string_view text);
  Result<> add_arguments(const GuestMemory& memory, uint64_t vector) { return add_vector(memory, vector, argument_count_); }
  Result<> add_variables(const GuestMemory& memory, uint64_t vector) { return add_vector(memory, vector, variable_count_); }
  // argv is never empty: a program given none finds one empty string, and its variables behind it.
  Result<> add_no_argument() { return prepend(""); }
  // A script's interpreter takes the place of argv[0], with these behind it; `argument` may be empty.
  Result<> put_interpreter(std::string_view interpreter, std::string_view argument, std::string_view script);

  uint64_t argument_count() const { return argument_count_; }
  uint64_t variable_count() const { return variable_count_; }
  // All strings, one behind the other, as pieces in order.
  uint64_t size() const { return front_size() + size_ - skipped_; }
  template <class Use>
  Result<> each_piece(Use use) const {
    if (front_size() > 0) TRY(use(std::as_bytes(std::span(front_)).subspan(front_start_)));
    for (uint64_t at = skipped_; at < size_;) {
      const uint64_t in_page = at % page_size, size = page_size - in_page < size_ - at ? page_size - in_page : size_ - at;
      TRY(use(std::span<const std::byte>(pages_.find(at / page_size)->bytes() + in_page, size)));
      at += size;
    }
    return {};
  }

 private:
  static constexpr size_t front_room = 3 * page_size;

  size_t front_size() const { return front_.size() - front_start_; }
  Result<> add_vector(const GuestMemory& memory, uint64_t vector, uint64_t& count);
  Result<> add_string(const GuestMemory& memory, uint64_t address);
  Result<> add_bytes(std::span<const std::byte> bytes);
  Result<> charge(uint64_t size);
  Result<> prepend(std::string_view text);
  void drop_first();

  PageStore pages_;
  const uint64_t size_max_;
  uint64_t charged_ = 0;
  uint64_t size_ = 0, skipped_ = 0;  // bytes in pages_; of these, how many have been dropped at the front
  uint64_t argument_count_ = 0, variable_count_ = 0;
  std::array<char, front_room> front_{};  // what interpreters put first, at its end
  size_t front_start_ = front_room;
};

}  // namespace cupel::libos
