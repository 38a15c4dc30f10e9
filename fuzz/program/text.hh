#pragma once
#include <expected>
#include <string>
#include <vector>

#include "fuzz/program/grammar.hh"

// Programs as text, for people: one call a line, in strace's manner.
//
//   @policy mixed seed=9                        what the host grants: allow_all, deny_all or mixed
//   @schedule pct seed=7 depth=3                in_order, random or pct
//   r0 = openat(AT_FDCWD, "a", O_RDWR|O_CREAT, 0644)
//        write(r0, {01 02 ff*100}, 102)         bytes: hex, and "text" where they are text; then their count
//   r2 = pipe2(out, O_NONBLOCK)                 a struct the call fills in; r2.1 and r2.2 are the descriptors in it
//        poll([{r2.1, POLLIN, 0}], 1, -1)       structs by their fields
//        writev(r2.2, [{0, 4}, {4, 4}] "abcdefgh", 2)   iovecs; their bases are offsets into the data behind
//        read(r0, [16], 16)         ; task 1    room for 16 bytes; made by the second task
//        write(r0, edge("ab"), 3)               2 bytes before an unmapped page
//        stat(edge("a")+2, read_only(out))      other places: null, unmapped, beyond, and r1+8 in a mapping of r1's
//   @fault copy 1 at call 3                     allocation, copy or wait; calls count from 0
//   @tamper call 2 argument 1 byte 0 = 0xff
//   # a comment
//
// `rN` is a label: any number that an earlier line bears. Printing uses the index of the step. What a call answered may
// stand behind it (`= 3`, `= -1 EBADF`) and is skipped, so that a trace can be pasted.
namespace cupel::fuzz {

// Of a normal program; parse() gives back an equal one.
std::string print(const Grammar& grammar, const Program& program);
// One call as print() has it, without label, task and line end: how findings name a step.
std::string print_step(const Grammar& grammar, const Program& program, size_t step);

struct ParseError {
  size_t line = 1, column = 1;  // from 1
  std::string message;
  std::string text() const;     // "3:7: ...", to stand behind a file's name and a colon
};
struct Parsed {
  Program program;                   // normal
  std::vector<std::string> warnings;  // what was skipped: calls, arguments and fields which the interface does not have
};
// Programs survive changes of the interface: a call it does not have is skipped and what refers to it becomes -1,
// arguments that are missing are zero or empty, and superfluous ones are skipped.
std::expected<Parsed, ParseError> parse(const Grammar& grammar, std::string_view text);

}  // namespace cupel::fuzz
