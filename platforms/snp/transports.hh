#pragma once
#include "platforms/snp/device_queue.hh"
#include "platforms/snp/exits.hh"

// What devices are for: blocks, packets and a 9P share, each a request and its answer in bounce buffers. Whatever a device says is
// judged as a form; its bytes stay its own word, and who takes them knows that.
namespace cupel::snp {

enum class DeviceKind : uint32_t { block = 1, packet_out, packet_in, share };
// A request's head: kind in [31:0], bytes that follow in [63:32]; then its argument. An answer's head: 0 for done in [31:0], bytes
// that follow in [63:32].
inline constexpr uint64_t request_head = 16, answer_head = 8, sector_size = 512, packet_size_max = slot_size - request_head;
inline constexpr unsigned polls_max = 64;  // for one answer, before the device is taken to be gone

// Whether an answer's head is of a request that was done, with as many bytes as came and as there is room for.
template <class Word>
constexpr bool answer_accepted(const Word& head, const Word& came, const Word& room) {
  const Word length = head >> Word(32);
  if ((head & Word(0xffff'ffff)) != Word(0)) return false;
  if (came < Word(answer_head)) return false;
  if (length > came - Word(answer_head)) return false;
  return static_cast<bool>(length <= room);
}

template <SnpHardware Hardware>
class Transport {
 public:
  Transport(DeviceQueue<Hardware>& queue, Exits<Hardware>& exits, uint64_t notify_gpa) : queue_(queue), exits_(exits), notify_gpa_(notify_gpa) {}

  // One request and its answer: how many bytes came. A device that does not answer, or answers something else, is given up for good.
  std::expected<uint64_t, Reason> call(DeviceKind kind, uint64_t argument, std::span<const uint8_t> bytes, std::span<uint8_t> answer);

  // One sector, whole.
  bool read_sector(uint64_t sector, std::span<uint8_t, sector_size> out) {
    const auto length = call(DeviceKind::block, sector, {}, out);
    return length && *length == sector_size;
  }
  bool send_packet(std::span<const uint8_t> packet) { return call(DeviceKind::packet_out, 0, packet, {}).has_value(); }
  std::expected<uint64_t, Reason> receive_packet(std::span<uint8_t> out) { return call(DeviceKind::packet_in, 0, {}, out); }
  // One 9P message of that type: how many bytes its answer has behind its head.
  std::expected<uint64_t, Reason> ask_share(uint8_t type, std::span<const uint8_t> body, std::span<uint8_t> answer);

 private:
  std::unexpected<Reason> give_up() {
    queue_.abandon();
    return std::unexpected(Reason::device);
  }
  std::expected<Completion, Reason> wait_for(uint64_t id);

  DeviceQueue<Hardware>& queue_;
  Exits<Hardware>& exits_;
  uint64_t notify_gpa_;
  uint16_t next_tag_ = 0;
};

template <SnpHardware Hardware>
std::expected<Completion, Reason> Transport<Hardware>::wait_for(uint64_t id) {
  for (unsigned polls = 0; polls < polls_max; ++polls) {
    // The device is told again each time: between two looks at its counter lies an exit.
    if (!exits_.mmio_write(notify_gpa_, 4, 1)) return give_up();
    const auto completion = queue_.poll();
    if (completion && completion->id == id) return completion;
    if (completion || queue_.broken()) return give_up();
  }
  return give_up();
}

template <SnpHardware Hardware>
std::expected<uint64_t, Reason> Transport<Hardware>::call(DeviceKind kind, uint64_t argument, std::span<const uint8_t> bytes, std::span<uint8_t> answer) {
  if (bytes.size() > slot_size - request_head || answer.size() > slot_size - answer_head) return std::unexpected(Reason::device);
  std::array<uint8_t, slot_size> buffer{};
  const uint64_t head = static_cast<uint64_t>(kind) | bytes.size() << 32;
  for (unsigned byte = 0; byte < 8; ++byte) {
    buffer[byte] = static_cast<uint8_t>(head >> (byte * 8));
    buffer[8 + byte] = static_cast<uint8_t>(argument >> (byte * 8));
  }
  for (size_t index = 0; index < bytes.size(); ++index) buffer[request_head + index] = bytes[index];
  const auto id = queue_.post({buffer.data(), request_head + bytes.size()}, answer_head + answer.size());
  if (!id) return std::unexpected(id.error());
  const auto completion = wait_for(*id);
  if (!completion) return std::unexpected(completion.error());
  std::array<uint8_t, slot_size> came{};
  queue_.take(*completion, came);
  uint64_t said = 0;
  for (unsigned byte = 0; byte < 8; ++byte) said |= uint64_t{came[byte]} << (byte * 8);
  if (!answer_accepted<uint64_t>(said, completion->length, answer.size())) return give_up();
  for (uint64_t index = 0; index < said >> 32; ++index) answer[index] = came[answer_head + index];
  return said >> 32;
}

template <SnpHardware Hardware>
std::expected<uint64_t, Reason> Transport<Hardware>::ask_share(uint8_t type, std::span<const uint8_t> body, std::span<uint8_t> answer) {
  constexpr uint64_t message_head = 7;
  std::array<uint8_t, packet_size_max> message{};
  if (body.size() > message.size() - message_head) return std::unexpected(Reason::device);
  const uint64_t size = message_head + body.size(), tag = next_tag_++;
  for (unsigned byte = 0; byte < 4; ++byte) message[byte] = static_cast<uint8_t>(size >> (byte * 8));
  message[4] = type, message[5] = static_cast<uint8_t>(tag), message[6] = static_cast<uint8_t>(tag >> 8);
  for (size_t index = 0; index < body.size(); ++index) message[message_head + index] = body[index];
  std::array<uint8_t, slot_size - answer_head> reply{};
  const auto length = call(DeviceKind::share, 0, {message.data(), size}, reply);
  if (!length) return length;
  uint64_t head = 0;
  for (unsigned byte = 0; byte < message_head; ++byte) head |= uint64_t{reply[byte]} << (byte * 8);
  // An answer's type is its request's and one.
  if (!reply_accepted<uint64_t>(head, *length, uint64_t{type} + 1, tag)) return give_up();
  const uint64_t came = (head & 0xffff'ffff) - message_head;
  if (came > answer.size()) return give_up();
  for (uint64_t index = 0; index < came; ++index) answer[index] = reply[message_head + index];
  return came;
}

}  // namespace cupel::snp
