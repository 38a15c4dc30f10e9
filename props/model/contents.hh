#pragma once
#include <optional>

#include "props/model/world.hh"

// What lies in guest memory, page by page, as far as calls have put it there: zeros or a file's bytes at first; a private
// page is a copy of these from when it is first stored into.
namespace cupel::props {

// Where the harness lays out arguments before each call; what lies there is not the model's to say.
bool is_slots(const World& world, uint64_t address);

// What must lie at `address`, which is not what was `seen` there, in one page; nothing where it is, or where nobody knows.
std::optional<std::string> contradiction(const World& world, SpaceId space, uint64_t address, std::span<const std::byte> seen);

// All of a space: see Model::look_at_memory().
std::optional<Mismatch> judge_memory(const World& world, SpaceId space, const GuestMemory& memory, std::span<const uint64_t> touched);

// A file's size and bytes: see Model::look_at_file().
std::optional<Mismatch> judge_file(const World& world, InodeId inode, const FileView& file);

// For people: what lies where.
std::string describe_memory(uint64_t address, std::span<const std::byte> bytes);

}  // namespace cupel::props
