#include "fuzz/replay/complaint.hh"

#include <algorithm>
#include <array>

namespace cupel::fuzz {
namespace {

constexpr auto npos = std::string_view::npos;

// The whole line that position `at` is in.
std::string_view line_around(std::string_view text, size_t at) {
  const auto before = text.rfind('\n', at);
  const auto begin = before == npos ? 0 : before + 1;
  return text.substr(begin, std::min(text.find('\n', at), text.size()) - begin);
}

std::string_view up_to(std::string_view text, std::string_view end) { return text.substr(0, std::min(text.find_first_of(end), text.size())); }

// "/any/where/libos/mm/mapping.cc:112:9" -> "libos/mm/mapping.cc:112"; empty where it is not a place of ours.
std::string our_place(std::string_view path) {
  for (const std::string_view layer : {"libos/", "shims/", "platforms/", "props/", "fuzz/", "bench/", "cli/"}) {
    const auto at = path.rfind(layer);
    if (at == npos || (at > 0 && path[at - 1] != '/')) continue;
    const auto place = path.substr(at);
    const auto line_end = place.find(':', std::min(place.find(':'), place.size() - 1) + 1);
    return std::string(place.substr(0, line_end));
  }
  return {};
}

// Of a stack as sanitizers print it ("    #3 0x55 in function file:line:column"), the first frame that is ours.
std::string first_frame_of_ours(std::string_view text) {
  for (auto at = text.find("\n    #"); at != npos; at = text.find("\n    #", at + 1)) {
    const auto line = line_around(text, at + 1);
    const auto place = our_place(line.substr(std::min(line.rfind(' '), line.size() - 1) + 1));
    if (!place.empty() && !place.starts_with("fuzz/engines/")) return place;
  }
  return {};
}

std::string value_after(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  return at == npos ? std::string() : std::string(up_to(text.substr(at + mark.size()), "\n"));
}

struct Mark {
  std::string_view text, oracle, kind;  // no kind: the word that follows is it
};
constexpr std::array marks{
    Mark{"CHECK failed: ", "invariants", "CHECK"},
    Mark{"ERROR: AddressSanitizer: ", "sanitizer", ""},
    Mark{"runtime error: ", "sanitizer", "undefined"},
    Mark{"WARNING: ThreadSanitizer: ", "sanitizer", ""},
    Mark{"ERROR: LeakSanitizer: ", "sanitizer", "leak"},
    Mark{"ERROR: libFuzzer: timeout", "liveness", "timeout"},
    Mark{"ERROR: libFuzzer: out-of-memory", "memory", "out-of-memory"},
    Mark{"Assertion", "sanitizer", "assertion"},
    Mark{"ERROR: libFuzzer: ", "sanitizer", ""},
};

}  // namespace

Complaint read_complaint(std::string_view text) {
  constexpr std::string_view finding = "CUPEL-FINDING oracle=";
  if (const auto at = text.find(finding); at != npos) {
    const auto said = text.substr(at);
    return {.oracle = value_after(said, finding), .kind = "finding", .place = {}, .line = std::string(line_around(text, at)),
            .call = value_after(said, "\n  call: "), .expected = value_after(said, "\n  expected: "), .got = value_after(said, "\n  got: ")};
  }
  for (const Mark& mark : marks) {
    const auto at = text.find(mark.text);
    if (at == npos) continue;
    const auto line = line_around(text, at);
    Complaint complaint{.oracle = std::string(mark.oracle), .kind = std::string(mark.kind), .place = {}, .line = std::string(line), .call = {}, .expected = {}, .got = {}};
    if (mark.kind.empty()) complaint.kind = up_to(text.substr(at + mark.text.size()), " \n");
    complaint.place = our_place(up_to(line, " "));
    if (complaint.place.empty()) complaint.place = first_frame_of_ours(text.substr(at));
    return complaint;
  }
  return {.oracle = "sanitizer", .kind = {}, .place = {}, .line = std::string(up_to(text, "\n")), .call = {}, .expected = {}, .got = {}};
}

}  // namespace cupel::fuzz
