#include "libos/ipc/epoll.hh"

#include <algorithm>

#include "libos/machine/machine.hh"

namespace cupel::libos {
namespace {

constexpr uint32_t bit(EpollEvent event) { return static_cast<uint32_t>(event); }
constexpr uint32_t private_bits = bit(EpollEvent::exclusive) | bit(EpollEvent::wake_up) | bit(EpollEvent::one_shot) | bit(EpollEvent::edge);
constexpr auto read_event = static_cast<uint32_t>(PollEvent::in);
constexpr auto readable_events = static_cast<uint16_t>(read_event | static_cast<uint32_t>(PollEvent::read_normal));

}  // namespace

// ep_poll_callback() of Linux's fs/eventpoll.c.
void EpollItem::on_change(uint32_t events) {
  if ((interest.events & ~private_bits) == 0 || (events & interest.events) == 0) return;
  owner.note_ready(*this);
}

void EpollItem::on_file_gone() { owner.erase(*this); }

uint32_t EpollItem::ready(Task& task) const { return file.poll(task, nullptr) & interest.events; }

Epoll::~Epoll() {
  while (!items_.empty()) erase(*items_.begin());
}

void Epoll::note_ready(EpollItem& item) {
  if (!item.ready_hook.is_linked()) ready_.push_back(item);
  changed.wake_all(read_event);
}

void Epoll::erase(EpollItem& item) {
  items_.erase(items_.iterator_to(item));
  arena().destroy(&item);
}

// ep_loop_check() and what it calls of fs/eventpoll.c: each epoll is looked at once a round.
unsigned Epoll::depth_below(const Epoll& into, uint64_t round, unsigned depth) {
  if (round_ == round) return depth_;
  round_ = round;
  unsigned deepest = 0;
  for (const EpollItem& item : items_) {
    Epoll* const child = item.file.as_epoll();
    if (child == nullptr) continue;
    const bool too_deep = child == &into || depth > nests_max;
    deepest = std::max(deepest, too_deep ? nests_max + 1 : child->depth_below(into, round, depth + 1) + 1);
    if (deepest > nests_max) break;
  }
  return depth_ = deepest;
}

unsigned Epoll::depth_above(uint64_t round, unsigned depth) {
  if (round_ == round) return depth_;
  unsigned highest = 0;
  for (FileWatch& watch : watches) {
    if (depth <= nests_max) highest = std::max(highest, watch.epoll()->depth_above(round, depth + 1) + 1);
  }
  round_ = round;
  return depth_ = highest;
}

Result<> Epoll::add(Task& task, OpenFile& file, int32_t number, Interest interest) {
  if (Epoll* const child = file.as_epoll()) {
    const uint64_t round = task.machine().next_epoll_round();
    const unsigned below = child->depth_below(*this, round, 0);
    if (below > nests_max || below + 1 + depth_above(round, 0) > nests_max) return fail(Errno::loop);
  }
  if (items_.find({&file, number}) != items_.end()) return fail(Errno::exist);
  EpollItem* const item = TRY(arena().make<EpollItem>(*this, file, number, interest));
  items_.insert(*item);
  file.watches.push_back(*item);
  if (file.has_clock()) timed_.push_back(*item);
  file.tick(task);
  if ((file.poll(task, item) & item->interest.events) != 0) note_ready(*item);
  return {};
}

Result<> Epoll::change(Task& task, OpenFile& file, int32_t number, Interest interest) {
  const auto found = items_.find({&file, number});
  if (found == items_.end()) return fail(Errno::noent);
  if ((found->interest.events & bit(EpollEvent::exclusive)) != 0) return fail(Errno::inval);
  found->interest = interest;
  file.tick(task);
  if (found->ready(task) != 0) note_ready(*found);
  return {};
}

Result<> Epoll::remove(OpenFile& file, int32_t number) {
  const auto found = items_.find({&file, number});
  if (found == items_.end()) return fail(Errno::noent);
  erase(*found);
  return {};
}

// ep_send_events().
Result<uint64_t> Epoll::take(Task& task, uint64_t most, Sink& sink) {
  Ready looked_at;
  looked_at.swap(ready_);
  uint64_t count = 0;
  bool full = false;
  while (!looked_at.empty() && count < most && !full) {
    EpollItem& item = looked_at.front();
    looked_at.pop_front();
    const uint32_t events = item.ready(task);
    if (events == 0) continue;
    if (!sink.put(events, item.interest.data)) {
      looked_at.push_front(item);
      full = true;
      continue;
    }
    ++count;
    if ((item.interest.events & bit(EpollEvent::one_shot)) != 0) item.interest.events &= private_bits;
    else if ((item.interest.events & bit(EpollEvent::edge)) == 0) ready_.push_back(item);
  }
  ready_.splice(ready_.begin(), looked_at);
  if (full && count == 0) return fail(Errno::fault);
  return count;
}

uint16_t Epoll::poll(Task& task, Watcher* watcher) {
  if (watcher != nullptr) changed.add(*watcher);
  while (!ready_.empty()) {
    if (ready_.front().ready(task) != 0) return readable_events;
    ready_.pop_front();
  }
  return 0;
}

void Epoll::tick(Task& task) {
  for (EpollItem& item : timed_) item.file.tick(task);
}

platform::Nanoseconds Epoll::next_tick(Task& task) {
  platform::Nanoseconds next = platform::no_deadline;
  for (EpollItem& item : timed_) next = std::min(next, item.file.next_tick(task));
  return next;
}

void Epoll::check() const {
  for (const EpollItem& item : items_) {
    CHECK(&item.owner == this);
    CHECK(item.file.owner_count() > 0);
    CHECK(item.timed_hook.is_linked() == item.file.has_clock());
  }
}

}  // namespace cupel::libos
