#include "props/lift/formula_key.hh"

#include <fmt/format.h>

#include <cstdint>
#include <unordered_map>

namespace cupel::lift {
namespace {

// FNV-1a of 128 bits: two formulas of one's own making do not meet by chance.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char byte : text) value_ = (value_ ^ static_cast<unsigned char>(byte)) * prime;
    value_ = (value_ ^ 0x100) * prime;  // an end that no byte of a text can be
  }
  std::string text() const {
    return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(value_ >> 64), static_cast<uint64_t>(value_));
  }

 private:
  __extension__ using Word = unsigned __int128;
  static constexpr Word prime = (Word{1} << 88) + 0x13b;
  Word value_ = (Word{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
};

// Numbers the terms as they are first met, arguments before what they are arguments of, and hashes each once: its
// operation and the numbers of its arguments.
class Walk {
 public:
  explicit Walk(Hash& hash) : hash_(hash) {}

  size_t number(const z3::expr& term) {
    const auto known = numbers_.find(term.id());
    if (known != numbers_.end()) return known->second;
    std::string text = term.is_numeral() ? term.to_string() : operation(term.decl());
    for (unsigned index = 0; index < term.num_args(); ++index) text += fmt::format(" {}", number(term.arg(index)));
    hash_.add(text);
    return numbers_.emplace(term.id(), numbers_.size()).first->second;
  }

 private:
  static std::string operation(const z3::func_decl& decl) {
    std::string text = decl.to_string();
    const Z3_context context = decl.ctx();
    for (unsigned index = 0; index < Z3_get_decl_num_parameters(context, decl); ++index) {
      if (Z3_get_decl_parameter_kind(context, decl, index) != Z3_PARAMETER_INT) continue;
      text += fmt::format(" {}", Z3_get_decl_int_parameter(context, decl, index));  // an extract's ends
    }
    return text;
  }

  Hash& hash_;
  std::unordered_map<unsigned, size_t> numbers_;  // by Z3's id of the term
};

}  // namespace

std::string formula_key(const z3::expr_vector& conditions) {
  Hash hash;
  Walk walk(hash);
  for (const z3::expr condition : conditions) hash.add(fmt::format("assert {}", walk.number(condition)));
  return hash.text();
}

}  // namespace cupel::lift
