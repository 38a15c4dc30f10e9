#include "fuzz/program/strace_text.hh"

#include <algorithm>
#include <charconv>
#include <map>

namespace cupel::fuzz::strace {
namespace {

constexpr size_t depth_max = 16;  // of values in values
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); }
constexpr bool ends_value(char c) { return c == '\0' || c == ',' || c == ')' || c == ']' || c == '}'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // "name(args) = result"; false where that is not what the line is.
  bool call(Call& out) {
    out.name = word();
    if (out.name.empty() || !accept('(')) return false;
    while (!accept(')')) {
      if (at_end()) return false;
      const size_t before = at_;
      out.args.push_back(value(0));
      if (!accept(',') && peek() != ')') skip_to_end_of_value();
      if (at_ == before) ++at_;  // a bracket of the wrong kind
    }
    if (!accept('=')) return true;
    if (peek() == '?') return true;
    out.returned = true;
    out.result = static_cast<int64_t>(number());
    if (out.result == -1 && peek() == 'E') out.error = word();
    return true;
  }

 private:
  bool at_end() { return peek() == '\0'; }
  char peek() {
    for (;;) {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
      if (!text_.substr(at_).starts_with("/*")) break;
      const size_t end = text_.find("*/", at_);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c || c == '\0') return false;
    ++at_;
    return true;
  }
  bool accept(std::string_view token) {
    peek();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  std::string word() {
    peek();
    const size_t start = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  uint64_t number() {
    const bool negative = accept('-');
    peek();
    int base = 10;
    if (text_.substr(at_).starts_with("0x")) base = 16, at_ += 2;
    else if (text_.substr(at_).starts_with("0")) base = 8;
    uint64_t value = 0;
    const auto result = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value, base);
    at_ = static_cast<size_t>(result.ptr - text_.data());
    return negative ? ~value + 1 : value;
  }

  Value value(size_t depth) {
    Value out;
    const char first = peek();
    if (depth == depth_max || ends_value(first)) {
      skip_to_end_of_value();
      return out;
    }
    if (is_word(first) && !is_digit(first)) {
      const size_t start = at_;
      std::string label = word();
      if (accept('=')) {
        out = value(depth + 1);
        out.label = std::move(label);
        return out;
      }
      at_ = start;
    }
    const bool inverted = accept('~');
    if (accept('"')) {
      out.kind = Value::Kind::text;
      text(out.bytes);
      out.cut = accept("...");
    } else if (accept('[')) {
      list(out, ']', depth);
      if (inverted) out.kind = Value::Kind::unknown;
    } else if (accept('{')) {
      list(out, '}', depth);
    } else {
      terms(out);
    }
    // What a call changed is shown behind an arrow; what it was given counts.
    if (accept("=>")) value(depth + 1);
    return out;
  }

  // Elements have commas or, in sets of signals, spaces between them.
  void list(Value& out, char close, size_t depth) {
    out.kind = Value::Kind::list;
    while (!accept(close)) {
      if (at_end()) return;
      const size_t before = at_;
      out.items.push_back(value(depth + 1));
      accept(',');
      if (at_ == before) ++at_;  // a bracket of the wrong kind
    }
  }

  // Numbers and names joined by |, with the arithmetic that strace likes: 8192*1024.
  void terms(Value& out) {
    out.kind = Value::Kind::number;
    do {
      if (is_digit(peek()) || peek() == '-') {
        uint64_t number_here = number();
        while (accept('*')) number_here *= number();
        out.number |= number_here;
      } else {
        std::string name = word();
        if (name.empty() || peek() == '(') {  // makedev(...), and what else has brackets
          out.kind = Value::Kind::unknown;
          return skip_to_end_of_value();
        }
        if (name != "NULL") out.words.push_back(std::move(name));
      }
    } while (accept('|'));
  }

  void text(std::vector<std::byte>& out) {
    while (at_ < text_.size() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c == '\\' && at_ < text_.size()) c = escaped(text_[at_++]);
      out.push_back(static_cast<std::byte>(c));
    }
    if (at_ < text_.size()) ++at_;
  }
  char escaped(char c) {
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'v': return '\v';
      case 'f': return '\f';
      case 'x': return digits(16, 2);
      default: break;
    }
    if (c < '0' || c > '7') return c;
    --at_;
    return digits(8, 3);
  }
  char digits(int base, size_t count) {
    unsigned code = 0;
    const char* const begin = text_.data() + at_;
    const auto result = std::from_chars(begin, begin + std::min(count, text_.size() - at_), code, base);
    at_ += static_cast<size_t>(result.ptr - begin);
    return static_cast<char>(code);
  }

  // To the comma or bracket that ends the value we are in.
  void skip_to_end_of_value() {
    size_t depth = 0;
    std::vector<std::byte> unused;
    for (char c = peek(); c != '\0' && !(depth == 0 && ends_value(c)); c = peek()) {
      ++at_;
      if (c == '"') text(unused);
      else if (c == '(' || c == '[' || c == '{') ++depth;
      else if (c == ')' || c == ']' || c == '}') --depth;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Takes "123 " or "[pid 123] " from the line's beginning.
int64_t take_pid(std::string_view& line) {
  std::string_view rest = line;
  const bool bracketed = rest.starts_with("[pid ");
  if (bracketed) rest.remove_prefix(5);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  int64_t pid = 0;
  const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), pid);
  if (result.ec != std::errc{} || pid < 0) return 0;
  rest.remove_prefix(static_cast<size_t>(result.ptr - rest.data()));
  if (bracketed && rest.starts_with("]")) rest.remove_prefix(1);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  line = rest;
  return pid;
}

struct Record {
  int64_t pid;
  std::string text;
};

// Lines, with the halves of calls joined where they began.
std::vector<Record> join_lines(std::string_view text) {
  constexpr std::string_view unfinished = " <unfinished ...>", resumed = " resumed>";
  std::vector<Record> all;
  std::map<int64_t, size_t> waiting;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const int64_t pid = take_pid(line);
    if (line.starts_with("<... ")) {
      const size_t rest = line.find(resumed);
      const auto open = waiting.find(pid);
      if (rest == std::string_view::npos || open == waiting.end()) continue;
      all[open->second].text += line.substr(rest + resumed.size());
      waiting.erase(open);
      continue;
    }
    if (line.ends_with(unfinished)) {
      line.remove_suffix(unfinished.size());
      waiting[pid] = all.size();
    }
    all.push_back({pid, std::string(line)});
  }
  return all;
}

}  // namespace

std::vector<Call> read_trace(std::string_view text) {
  std::vector<Call> calls;
  for (const Record& record : join_lines(text)) {
    Call call;
    call.pid = record.pid;
    if (Reader(record.text).call(call)) calls.push_back(std::move(call));
  }
  return calls;
}

}  // namespace cupel::fuzz::strace
