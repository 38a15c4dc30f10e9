#pragma once
#include <boost/intrusive/set.hpp>

#include "libos/fd/open_file.hh"
#include "libos/fs/inode.hh"
#include "libos/sync/wait.hh"

namespace cupel::libos {

// What epoll_ctl(2) asks for beside poll(2)'s events.
enum class EpollEvent : uint32_t { exclusive = 1u << 28, wake_up = 1u << 29, one_shot = 1u << 30, edge = 1u << 31 };

class Epoll;

// One file in which an epoll is interested, by the number under which it was added. It ends with the file.
class EpollItem final : public boost::intrusive::set_base_hook<>, public Watcher, public FileWatch {
 public:
  struct Interest {
    uint32_t events;
    uint64_t data;
  };
  struct Key {
    const OpenFile* file;
    int32_t number;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  EpollItem(Epoll& owner, OpenFile& file, int32_t number, Interest interest) : owner(owner), key{&file, number}, file(file), interest(interest) {}
  void on_change(uint32_t events) override;
  void on_file_gone() override;
  Epoll* epoll() override { return &owner; }
  // What of its interest there is now.
  uint32_t ready(Task& task) const;

  Epoll& owner;
  const Key key;
  OpenFile& file;
  Interest interest;
  boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> ready_hook, timed_hook;
};

// epoll(7): the interest list is a tree; what may be ready is a list, so that waiting looks at nothing else.
class Epoll final : public OpenFile {
 public:
  using Interest = EpollItem::Interest;
  static constexpr unsigned nests_max = 4;  // how many epolls above each other watch one another

  explicit Epoll(Ref<Inode> inode) : OpenFile(static_cast<uint32_t>(OpenFlag::read_write)), inode_(std::move(inode)) {}
  ~Epoll() override;

  interface::Resource kind() const override { return interface::Resource::epoll; }
  bool can_read() const override { return false; }
  bool can_write() const override { return false; }
  Result<uint64_t> read(Task&, UserCursor&, const uint64_t*) override { return fail(Errno::inval); }
  Result<uint64_t> write(Task&, UserCursor&, const uint64_t*) override { return fail(Errno::inval); }
  Result<uint64_t> seek(Task&, int64_t, Whence) override { return 0; }  // Linux lets one, to no effect
  uint16_t poll(Task& task, Watcher* watcher) override;
  void tick(Task& task) override;
  platform::Nanoseconds next_tick(Task& task) override;
  bool has_clock() const override { return true; }
  Stat stat() const override { return anonymous_stat(*inode_); }
  Inode* inode() const override { return inode_.get(); }
  Epoll* as_epoll() override { return this; }
  void check() const override;

  // epoll_ctl(2). EEXIST; ELOOP: too many epolls above each other, or a circle of them; ENOMEM.
  Result<> add(Task& task, OpenFile& file, int32_t number, Interest interest);
  // ENOENT; EINVAL where the item is exclusive, which stays as it was made.
  Result<> change(Task& task, OpenFile& file, int32_t number, Interest interest);
  Result<> remove(OpenFile& file, int32_t number);

  // Where events go; false where there is no room.
  class Sink {
   public:
    virtual bool put(uint32_t events, uint64_t data) = 0;

   protected:
    ~Sink() = default;
  };
  // Gives away up to `most` events. EFAULT where the sink takes not even one; what was not given comes first next time.
  Result<uint64_t> take(Task& task, uint64_t most, Sink& sink);

  WaitQueue changed;
  const auto& items() const { return items_; }

 private:
  friend class EpollItem;
  struct KeyOf {
    using type = EpollItem::Key;
    type operator()(const EpollItem& item) const { return item.key; }
  };
  using Ready = boost::intrusive::list<EpollItem, boost::intrusive::member_hook<EpollItem, decltype(EpollItem::ready_hook), &EpollItem::ready_hook>, boost::intrusive::constant_time_size<false>>;
  using Timed = boost::intrusive::list<EpollItem, boost::intrusive::member_hook<EpollItem, decltype(EpollItem::timed_hook), &EpollItem::timed_hook>, boost::intrusive::constant_time_size<false>>;

  void note_ready(EpollItem& item);
  void erase(EpollItem& item);
  // How many epolls are above each other below this one, and above it; more than nests_max where `into` is among them.
  unsigned depth_below(const Epoll& into, uint64_t round, unsigned depth);
  unsigned depth_above(uint64_t round, unsigned depth);

  Ref<Inode> inode_;
  boost::intrusive::set<EpollItem, boost::intrusive::key_of_value<KeyOf>> items_;
  Ready ready_;
  Timed timed_;  // items whose file may become ready because time passes
  uint64_t round_ = 0;   // of the last search for circles that came here, and what it found
  unsigned depth_ = 0;
};

}  // namespace cupel::libos
