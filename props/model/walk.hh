#pragma once
#include "props/model/call.hh"

// How names lead to files: path_resolution(7).
namespace cupel::props {

enum class Follow : uint8_t {
  yes,       // a symbolic link at the end is followed
  no,        // unless a slash comes after it
  never,     // not even then: for calls which make or remove the name itself
  creating,  // followed unless a slash comes after it: open(2) refuses to create "name/", whatever it is
};

// Where a path ends: the directory it comes to, and the last name in it.
struct Place {
  enum class Last : uint8_t { name, dot, dot_dot, root };
  InodeId directory;
  std::string_view name;        // of Last::name
  Last last = Last::name;
  bool slash = false;           // something comes after the last name: it has to be a directory
  InodeId inode = InodeId::none;  // what is there
  Errno trouble{};                // why nobody could look, if so; calls which never follow find that out late

  Result<> looked_up() const { return trouble == Errno{} ? Result<>{} : fail(trouble); }
};

// How far openat2(2)'s RESOLVE_ flags let a walk go.
struct Scope {
  enum class Edge : uint8_t {
    none,    // the whole file system
    closed,  // nothing above or outside of where the walk starts: EXDEV
    root,    // where the walk starts is the root
  } edge = Edge::none;
  bool links = true;  // symbolic links are followed; ELOOP where not
};

// Names are looked up from here: the root, the caller's directory or that of descriptor argument `index`: EBADF, ENOTDIR.
Result<InodeId> start_of(const Call& call, std::optional<size_t> index, std::string_view path);

// All but the last name must be there: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG.
Result<Place> place_of(const Call& call, std::optional<size_t> index, std::string_view path, Follow follow, Scope scope = {});

// What is at the end of the path; must be there.
Result<InodeId> inode_of(const Call& call, std::optional<size_t> index, std::string_view path, Follow follow, Scope scope = {});

}  // namespace cupel::props
