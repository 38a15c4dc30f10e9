// Bounce buffers and device queues: what devices are given and give, in pages that the hypervisor changes at will.
#include <map>
#include <ranges>

#include "fuzz/snp/guest_target.hh"
#include "platforms/snp/device_queue.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

constexpr uint64_t lengths[] = {0, 1, 7, 8, 9, 100, 512, 1023, 1024, 1025, 4096};
using frames::pool, frames::pool_pages;
enum Kind : uint8_t { open, release, post, poll, request_9p, give, reuse, kind_count };
constexpr ArgDesc length{"length", 0x2000, lengths}, room{"room", 0x2000, lengths};
constexpr StepDesc steps[] = {{"open"}, {"release"}, {"post", {length, room}, {}, 3}, {"poll", {length}, {}, 3}, {"request_9p", {ArgDesc{"tag", 0x1'0000}}}, {"give", {ArgDesc{"slot", 16}, length}}, {"reuse"}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::device, Tale::device, Tale::words};
constexpr ActKind likely_acts[] = {ActKind::poke, ActKind::poke, ActKind::serve, ActKind::serve, ActKind::serve, ActKind::info_2, ActKind::partial, ActKind::stall};
constexpr uint64_t queue_gpa = address_of(frames::queue);
constexpr uint64_t likely_words[] = {1, 2, 8, 9, 0xffff'ffff, uint64_t{4} << 32, uint64_t{1024} << 32, uint64_t{2000} << 32 | 1, uint64_t{7} << 32, uint64_t{0xffff'ffff} << 32};

struct Guest : PagedProcessor {
  Guest(Hardware& hardware, std::span<Frame> states) : PagedProcessor(hardware, states), bounce(pages, pool, pool_pages), queue(bounce, core, queue_gpa) {}
  Bounce<Hardware> bounce;
  DeviceQueue<Hardware> queue;
  bool opened = false;
};

class SnpIo final : public GuestTarget<Guest> {
 public:
  SnpIo() : GuestTarget("snp_io", {steps, likely_acts, likely_words, likely_tales, open}) {}

 private:
  void begin(World& world) override {
    begin_record();
    launch(world, std::views::iota(pool, pool + pool_pages));
    world.hardware.map_shared(frames::queue);
    guest_.emplace(world.hardware, states_);
    posted_.clear();
    clear_ghcb();
    guest_->queue.open();
  }

  // Declared bytes are public; what lies behind them in the guest's memory is not.
  std::vector<uint8_t> bytes_of(World& world, uint64_t size) {
    std::vector<uint8_t> bytes(size + 64);
    for (size_t index = 0; index < bytes.size(); ++index) bytes[index] = index < size ? static_cast<uint8_t>(index * 5 + 1) : static_cast<uint8_t>(world.next_secret());
    return bytes;
  }

  std::string_view perform(World& world, const Step& step) override {
    auto& hardware = world.hardware;
    switch (step.kind) {
      case open:
        if (guest_->opened) return "refused";
        guest_->bounce.open();
        guest_->opened = true;
        return "done";
      case release:
        if (!guest_->opened) return "refused";
        guest_->bounce.release();
        guest_->opened = false;
        // Free memory is private, validated and zero: all of it.
        for (uint32_t frame = pool; frame < pool + pool_pages; ++frame) {
          if (!hardware.validated_by_guest(frame) || !hardware.mapped_encrypted(frame)) violate(world, "shadow", "freed pages are private and validated", "frame " + std::to_string(frame));
        }
        return "done";
      case reuse:
        // The pool's memory as the allocator's: something of ours goes there.
        if (!guest_->opened) {
          for (uint32_t frame = pool; frame < pool + pool_pages; ++frame) hardware.store_private(uint64_t{frame} << 12, world.next_secret());
        }
        return "done";
      default: break;
    }
    if (!guest_->opened) return "refused";
    if (step.kind == give) {
      const auto bytes = bytes_of(world, std::min<uint64_t>(step.args[1], 0x2000));
      guest_->bounce.give(step.args[0], {bytes.data(), static_cast<size_t>(step.args[1])});
      return "done";
    }
    if (step.kind == post || step.kind == request_9p) {
      const uint64_t size = step.kind == post ? step.args[0] : 23, answer_room = step.kind == post ? step.args[1] : 512;
      const auto bytes = bytes_of(world, size);
      const auto id = guest_->queue.post({bytes.data(), static_cast<size_t>(size)}, answer_room);
      if (!id) return "refused";
      if (posted_.contains(*id)) violate(world, "answer", "an id that is not under way", std::to_string(*id));
      posted_[*id] = {answer_room, step.kind == request_9p, step.args[0]};
      return "done";
    }
    return perform_poll(world, step);
  }

  std::string_view perform_poll(World& world, const Step& step) {
    const auto completion = guest_->queue.poll();
    if (!completion) return guest_->queue.broken() ? "given up" : "nothing";
    const auto found = posted_.find(completion->id);
    if (found == posted_.end()) violate(world, "answer", "a completion of a request under way", "id " + std::to_string(completion->id));
    const Posted posted = found->second;
    if (completion->length > posted.room) violate(world, "answer", "no more than the room that was given", std::to_string(completion->length) + " bytes");
    posted_.erase(found);
    std::vector<uint8_t> answer(completion->length);
    guest_->queue.take(*completion, answer);
    if (posted.is_9p && answer.size() >= 7) {
      uint64_t head = 0;
      for (unsigned byte = 0; byte < 7; ++byte) head |= uint64_t{answer[byte]} << (byte * 8);
      const bool good = reply_accepted<uint64_t>(head, answer.size(), 101, posted.tag);
      const bool truth = (head & 0xffff'ffff) >= 7 && (head & 0xffff'ffff) <= answer.size() && answer[4] == 101 && (answer[5] | answer[6] << 8) == static_cast<int>(posted.tag);
      if (good != truth) violate(world, "diff", "an answer of our own tag, whole", "another");
    }
    static_cast<void>(step);
    return "done";
  }

  bool legal(const World& world, const Step& step) override {
    if (world.hardware.terminated()) return false;
    if (step.kind == open) return !guest_->opened && states_[pool].state == PageState::private_valid;
    if (step.kind == release) return guest_->opened;
    return false;
  }

  struct Posted {
    uint64_t room;
    bool is_9p;
    uint64_t tag;
  };
  std::map<uint64_t, Posted> posted_;
};

const Registered<SnpIo> registered("snp_io", "SEV-SNP bounce buffers and device queues in memory that the hypervisor changes");

}  // namespace
}  // namespace cupel::fuzz::snp
