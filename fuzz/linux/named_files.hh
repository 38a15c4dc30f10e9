#pragma once
#include <vector>

#include "libos/fd/fd_table.hh"
#include "libos/interface/invocation.hh"
#include "libos/task/task.hh"

namespace cupel::fuzz {

// Compared, never followed: some may be closed by now.
using NamedFiles = std::vector<const libos::OpenFile*>;

// What the numbers in a call's array of descriptors, as poll(2) has one, stand for now; nullptr for those that stand for
// nothing. Empty for other calls.
NamedFiles named_files(const interface::Invocation& invocation, const libos::Task& task);

}  // namespace cupel::fuzz
