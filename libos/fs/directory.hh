#pragma once
#include <boost/intrusive/set.hpp>

#include "libos/fs/inode.hh"
#include "libos/fs/lower.hh"

namespace cupel::libos {

// A name in a directory.
struct Entry {
  boost::intrusive::set_member_hook<> by_name, by_cookie;
  uint64_t cookie = 0;   // its place in getdents64(2): larger is newer and comes first, as in tmpfs
  Ref<Inode> inode;
  uint16_t name_size = 0;
  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_size}; }  // SAFETY: allocated behind the entry
};

class Directory : public Inode {
 public:
  static constexpr uint64_t first_cookie = 3;  // 0 is ".", 1 is ".."
  static constexpr uint64_t end_cookie = INT32_MAX;

  Directory(uint64_t inode_number, uint32_t file_mode, uint32_t owner, uint32_t group) : Inode(inode_number, 040000 | file_mode, owner, group) { link_count = 2; }
  ~Directory() override;

  // "." has 20 bytes, ".." as well, and so has each entry.
  uint64_t size() const override { return 40 + 20 * entry_count_; }
  Entry* find(std::string_view name);
  // The same, asking the lower tree for what has not been asked for yet.
  Result<Entry*> look_up(std::string_view name);
  // Brings in all the lower tree has here, so that what is taken out does not come back.
  Result<> populate();
  bool empty() const { return entry_count_ == 0; }
  // An entry made but not yet linked, so that linking cannot fail.
  Result<Entry*> make_entry(std::string_view name, Ref<Inode> inode);
  void discard(Entry* entry);
  void link(Entry& entry);
  void unlink(Entry& entry);
  // The entry's place moves to the front, as after a rename.
  void renew(Entry& entry);
  // The newest entry whose cookie is at most `cookie`; nullptr at the end.
  Entry* at_or_before(uint64_t cookie);
  uint64_t newest_cookie() const;
  // Takes all entries out, deep ones too: cycles of directories and their parents end here.
  void clear();
  void check() const override;

  Lower lower;            // what stands behind it, until it was populated
  Ref<Directory> parent;  // itself for the root: then it is nullptr
  bool removed = false;   // rmdir'ed while open or someone's working directory

 private:
  struct NameOf {
    using type = std::string_view;
    std::string_view operator()(const Entry& entry) const { return entry.name(); }
  };
  struct CookieOf {
    using type = uint64_t;
    uint64_t operator()(const Entry& entry) const { return entry.cookie; }
  };
  boost::intrusive::set<Entry, boost::intrusive::member_hook<Entry, boost::intrusive::set_member_hook<>, &Entry::by_name>, boost::intrusive::key_of_value<NameOf>> names_;
  boost::intrusive::set<Entry, boost::intrusive::member_hook<Entry, boost::intrusive::set_member_hook<>, &Entry::by_cookie>, boost::intrusive::key_of_value<CookieOf>> cookies_;
  uint64_t entry_count_ = 0;
  uint64_t next_cookie_ = first_cookie;
};

}  // namespace cupel::libos
