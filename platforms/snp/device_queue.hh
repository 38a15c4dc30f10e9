#pragma once
#include <expected>

#include "platforms/snp/bounce.hh"

// A queue of requests to a device (block, 9P, packets) in one shared page: we write what is to be done, the device writes what it
// has done. Only our private table says what is outstanding.
namespace cupel::snp {

inline constexpr uint64_t queue_size = 8;
// The page: [0] number of requests posted, [8 + 16 * i] slot's address, [16 + 16 * i] bytes given in [31:0], room in [63:32];
// [0x800] number of requests done, [0x808 + 8 * i] id in [31:0], bytes written in [63:32].
inline constexpr uint64_t posted_at = 0, request_at = 8, done_at = 0x800, completion_at = 0x808;

// How many completions are new: the device's counter may run ahead of ours by what is outstanding, and by no more.
template <class Word>
constexpr bool completions_accepted(const Word& said, const Word& taken, const Word& outstanding) {
  return static_cast<bool>(((said - taken) & Word(0xffff'ffff)) <= outstanding);
}
// Whether a completion is of a request that is under way, within the room it was given.
template <class Word>
constexpr bool completion_accepted(const Word& id, const Word& length, bool outstanding, const Word& room) {
  if (id >= Word(queue_size)) return false;
  if (!outstanding) return false;
  return static_cast<bool>(length <= room);
}

struct Completion {
  uint64_t id, length;
};
// The head of a 9P answer: size[4] type[1] tag[2].
template <class Word>
constexpr bool reply_accepted(const Word& head, const Word& length, const Word& type, const Word& tag) {
  const Word size = head & Word(0xffff'ffff);
  if (size < Word(7)) return false;
  if (size > length) return false;
  if (((head >> Word(32)) & Word(0xff)) != type) return false;
  return static_cast<bool>(((head >> Word(40)) & Word(0xffff)) == tag);
}

template <SnpHardware Hardware>
class DeviceQueue {
 public:
  DeviceQueue(Bounce<Hardware>& bounce, Core<Hardware>& core, uint64_t gpa) : bounce_(bounce), core_(core), gpa_(gpa) {}
  void open();
  // Posts bytes with room for an answer; the request's id, or nothing where the queue is full.
  std::expected<uint64_t, Reason> post(std::span<const uint8_t> bytes, uint64_t room);
  // One completion, if there is a new one. A device that lies is given up for good: no request is answered any more.
  std::expected<Completion, Reason> poll();
  // The answer's bytes.
  void take(const Completion& completion, std::span<uint8_t> bytes) { bounce_.take(completion.id, bytes.first(completion.length < bytes.size() ? completion.length : bytes.size())); }
  bool broken() const { return broken_; }
  // No request is answered any more.
  void abandon() { broken_ = true; }

 private:
  std::unexpected<Reason> give_up() {
    broken_ = true;
    return std::unexpected(Reason::device);
  }
  struct Outstanding {
    bool posted = false;
    uint64_t room = 0;
  };
  Bounce<Hardware>& bounce_;
  Core<Hardware>& core_;
  uint64_t gpa_;
  std::array<Outstanding, queue_size> table_{};
  uint64_t posted_ = 0, taken_ = 0, outstanding_ = 0;
  bool broken_ = false;
};

template <SnpHardware Hardware>
void DeviceQueue<Hardware>::open() {
  for (uint64_t offset = 0; offset < 0x1000; offset += 8) core_.hardware.shared64(gpa_ + offset).write(0);
}

template <SnpHardware Hardware>
std::expected<uint64_t, Reason> DeviceQueue<Hardware>::post(std::span<const uint8_t> bytes, uint64_t room) {
  if (broken_ || bytes.size() > slot_size || room > slot_size) return std::unexpected(Reason::device);
  uint64_t id = 0;
  while (id < queue_size && table_[id].posted) ++id;
  if (id == queue_size) return std::unexpected(Reason::device);
  bounce_.give(id, bytes);
  table_[id] = {true, room};
  const uint64_t place = gpa_ + request_at + posted_ % queue_size * 16;
  core_.hardware.shared64(place).write(bounce_.slot_gpa(id));
  core_.hardware.shared64(place + 8).write(bytes.size() | room << 32);
  ++outstanding_;
  core_.hardware.shared64(gpa_ + posted_at).write(++posted_);
  return id;
}

template <SnpHardware Hardware>
std::expected<Completion, Reason> DeviceQueue<Hardware>::poll() {
  if (broken_) return std::unexpected(Reason::device);
  const auto said = core_.hardware.shared64(gpa_ + done_at).read_once(SITE("queue.done", "ahead of ours by what is outstanding at most", "a_device_completes_no_more_than_was_posted"))
                        .checked([&](uint64_t count) { return count <= 0xffff'ffff && completions_accepted<uint64_t>(count, taken_ & 0xffff'ffff, outstanding_); });
  if (!said) return give_up();
  if (*said == (taken_ & 0xffff'ffff)) return std::unexpected(Reason::general);  // nothing yet
  const auto judge = [&](uint64_t word) {
    const uint64_t id = word & 0xffff'ffff, length = word >> 32;
    return completion_accepted<uint64_t>(id, length, id < queue_size && table_[id].posted, id < queue_size ? table_[id].room : 0);
  };
  const auto entry = core_.hardware.shared64(gpa_ + completion_at + taken_ % queue_size * 8).read_once(SITE("queue.completion", "of a request under way, within its room", "a_completion_is_of_a_request_under_way_and_within_its_room")).checked(judge);
  if (!entry) return give_up();
  const Completion completion{*entry & 0xffff'ffff, *entry >> 32};
  table_[completion.id].posted = false;
  --outstanding_;
  ++taken_;
  return completion;
}

}  // namespace cupel::snp
