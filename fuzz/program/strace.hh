#pragma once
#include <string>
#include <vector>

#include "fuzz/program/grammar.hh"

// Recordings of real programs as fuzz programs. To be recorded with
//   strace -f -xx -v -s 65536 -o FILE PROGRAM ARG...
// (--follow-forks --strings-in-hex=all --no-abbrev --string-limit=65536); `-X raw` is understood as well.
namespace cupel::fuzz {

struct StraceOptions {
  size_t skip = 0;            // so many calls at the beginning are left out
  bool keep_loading = false;  // keep what the dynamic loader does after each execve(2)
  bool build_world = true;    // begin with calls that make the files and folders which the recorded program found
};

struct ImportedTrace {
  Program program;                    // normal
  std::vector<std::string> warnings;  // what was left out and how often
};

// Descriptors, mappings and task ids become references to the calls that gave them; calls on other descriptors, and such as
// the interface does not have, are left out; paths stay as they are; buffers are cut to buffer_max and their counts
// with them; what comes after steps_max calls is left out. The calls of tasks made by clone(2), fork(2), vfork(2) and clone3(2)
// (which becomes clone(2)) are those of other tasks of the program. Gives some program for any text.
ImportedTrace import_strace(const Grammar& grammar, std::string_view text, const StraceOptions& options = {});

}  // namespace cupel::fuzz
