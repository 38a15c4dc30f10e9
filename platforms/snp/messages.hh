#pragma once
#include <expected>

#include "platforms/snp/ghcb.hh"
#include "platforms/snp/message_format.hh"

// Encrypted messages to the secure processor. What is sealed and opened lies in private memory; the shared pages see finished
// ciphertext, and are read once.
namespace cupel::snp {

template <class C>
concept MessageCipher = requires(const C& cipher, std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> in, std::span<uint8_t> out) {
  { cipher.seal(key, sequence, in, in, out, out) } -> std::same_as<bool>;
  { cipher.open(key, sequence, in, in, in, out) } -> std::same_as<bool>;
};

enum class MessageFault : uint8_t { key_destroyed, too_long };
struct MessagePages {
  uint64_t request, response, certificates;  // shared, page aligned, and three different ones
  uint64_t certificate_pages;
};
inline constexpr unsigned message_tries_max = 32;

template <SnpHardware Hardware, MessageCipher Cipher>
class Messages {
 public:
  Messages(Ghcb<Hardware>& ghcb, MessagePages pages, unsigned key_number, Cipher cipher = {}) : ghcb_(ghcb), core_(ghcb.core()), pages_(pages), number_(key_number), cipher_(cipher) {}
  ~Messages() { destroy_key(); }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  void set_key(const std::array<uint64_t, 4>& words, uint64_t sequence);
  bool alive() const { return alive_; }
  uint64_t sequence() const { return sequence_; }
  // Whether any byte of a key is held here.
  bool key_left() const {
    uint8_t all = 0;
    for (const uint8_t byte : key_) all = static_cast<uint8_t>(all | byte);
    return all != 0;
  }

  // Sends one message and gives its answer, which must have just this size. After any doubt the key is destroyed: a sequence
  // number must never stand for two ciphertexts.
  std::expected<void, MessageFault> exchange(uint8_t type, std::span<const uint8_t> payload, std::span<uint8_t> answer, bool extended = false);
  // The bytes of certificates that the last extended request brought: a copy, for whom it concerns to distrust.
  std::expected<uint64_t, MessageFault> copy_certificates(std::span<uint8_t> to);

 private:
  using Page = std::array<uint64_t, message::page_size / 8>;
  static std::span<uint8_t> bytes_of(Page& page) {
    return {reinterpret_cast<uint8_t*>(page.data()), sizeof page};  // SAFETY: an array of plain words, as bytes
  }
  bool seal(uint8_t type, std::span<const uint8_t> payload, uint64_t sequence);
  // Where a message of that size ends in its page.
  static constexpr uint64_t end_of(uint64_t size) { return (message::header_size + size + 7) / 8 * 8; }
  bool send(uint64_t answer_end, bool extended);
  void receive(uint64_t answer_end);
  bool open(uint8_t type, uint64_t sequence, std::span<uint8_t> answer);
  void destroy_key();

  Ghcb<Hardware>& ghcb_;
  Core<Hardware>& core_;
  MessagePages pages_;
  unsigned number_;
  [[no_unique_address]] Cipher cipher_;
  std::array<uint8_t, 32> key_{};
  bool alive_ = false;
  uint64_t sequence_ = 0;  // of the last answer, or what the secrets page starts with
  Page page_{};            // the message under way: private
  uint64_t used_ = 0, request_used_ = message::page_size;  // bytes of it, and of what the request's page may still hold
  uint64_t certificate_bytes_ = 0;
};

template <SnpHardware Hardware, MessageCipher Cipher>
void Messages<Hardware, Cipher>::set_key(const std::array<uint64_t, 4>& words, uint64_t sequence) {
  for (unsigned index = 0; index < key_.size(); ++index) key_[index] = static_cast<uint8_t>(words[index / 8] >> (index % 8 * 8));
  sequence_ = sequence;
  alive_ = true;
}

template <SnpHardware Hardware, MessageCipher Cipher>
void Messages<Hardware, Cipher>::destroy_key() {
  volatile uint8_t* bytes = key_.data();  // volatile: the zeros are stored although nobody reads them
  for (unsigned index = 0; index < key_.size(); ++index) bytes[index] = 0;
  alive_ = false;
}

template <SnpHardware Hardware, MessageCipher Cipher>
bool Messages<Hardware, Cipher>::seal(uint8_t type, std::span<const uint8_t> payload, uint64_t sequence) {
  page_.fill(0);
  const auto header = message::make_header<uint64_t>(sequence, type, payload.size(), number_);
  page_[message::sequence_at / 8] = header.sequence;
  page_[message::algorithm_at / 8] = header.first;
  page_[message::algorithm_at / 8 + 1] = header.second;
  used_ = end_of(payload.size());
  const auto bytes = bytes_of(page_);
  return cipher_.seal(key_, sequence, bytes.subspan(message::authenticated_from, message::authenticated_size), payload, bytes.subspan(message::header_size, payload.size()), bytes.first(message::tag_size));
}

// Until the secure processor has taken it. What is sent again is the same to the last bit.
template <SnpHardware Hardware, MessageCipher Cipher>
bool Messages<Hardware, Cipher>::send(uint64_t answer_end, bool extended) {
  certificate_bytes_ = 0;
  // What an earlier, longer request left in the page is overwritten as well; of the answer's page no more is ever read.
  const uint64_t request_end = used_ > request_used_ ? used_ : request_used_;
  request_used_ = used_;
  for (uint64_t offset = 0; offset < answer_end; offset += 8) core_.hardware.shared64(pages_.response + offset).write(0);
  for (uint64_t offset = 0; offset < request_end; offset += 8) core_.hardware.shared64(pages_.request + offset).write(page_[offset / 8]);
  for (unsigned tries = 0; tries < message_tries_max; ++tries) {
    const Answer answer = ghcb_.exchange({.event = extended ? ghcb::Event::extended_guest_request : ghcb::Event::guest_request, .info_1 = pages_.request, .info_2 = pages_.response,
                                          .in = {.rax = pages_.certificates, .rbx = pages_.certificate_pages}, .info_2_returned = true});
    if (answer.raised != ghcb::Raised::none) return false;
    switch (message::judge_outcome<uint64_t>(answer.info_2, extended)) {
      case message::Outcome::done:
        if (extended) certificate_bytes_ = pages_.certificate_pages * message::page_size;  // our own count, whatever RBX says
        return true;
      case message::Outcome::again: break;
      case message::Outcome::again_plain: extended = false; break;
      case message::Outcome::dead: return false;
    }
  }
  return false;
}

template <SnpHardware Hardware, MessageCipher Cipher>
void Messages<Hardware, Cipher>::receive(uint64_t answer_end) {
  const auto any = [](uint64_t word) { return word <= UINT64_MAX; };
  for (uint64_t offset = 0; offset < answer_end; offset += 8) {
    page_[offset / 8] = core_.hardware.shared64(pages_.response + offset).read_once(SITE("message.response", "header of this request's answer, then the tag over the copy", "an_answer_is_taken_only_for_its_own_request")).checked(any).value_or(0);
  }
}

template <SnpHardware Hardware, MessageCipher Cipher>
bool Messages<Hardware, Cipher>::open(uint8_t type, uint64_t sequence, std::span<uint8_t> answer) {
  const message::Header<uint64_t> header{page_[message::sequence_at / 8], page_[message::algorithm_at / 8], page_[message::algorithm_at / 8 + 1]};
  if (!message::answers<uint64_t>(header, sequence, type, answer.size(), number_)) return false;
  const auto bytes = bytes_of(page_);
  return cipher_.open(key_, sequence + 1, bytes.subspan(message::authenticated_from, message::authenticated_size), bytes.subspan(message::header_size, answer.size()), bytes.first(message::tag_size), answer);
}

template <SnpHardware Hardware, MessageCipher Cipher>
std::expected<void, MessageFault> Messages<Hardware, Cipher>::exchange(uint8_t type, std::span<const uint8_t> payload, std::span<uint8_t> answer, bool extended) {
  if (!alive_) return std::unexpected(MessageFault::key_destroyed);
  if (payload.size() > message::payload_max || answer.size() > message::payload_max) return std::unexpected(MessageFault::too_long);
  const uint64_t sequence = message::next_sequence<uint64_t>(sequence_);
  bool good = sequence != 0 && seal(type, payload, sequence) && send(end_of(answer.size()), extended);
  if (good) receive(end_of(answer.size()));
  good = good && open(type, sequence, answer);
  if (!good) {
    destroy_key();
    return std::unexpected(MessageFault::key_destroyed);
  }
  sequence_ = sequence + 1;
  return {};
}

template <SnpHardware Hardware, MessageCipher Cipher>
std::expected<uint64_t, MessageFault> Messages<Hardware, Cipher>::copy_certificates(std::span<uint8_t> to) {
  const auto any = [](uint64_t word) { return word <= UINT64_MAX; };
  const uint64_t size = certificate_bytes_ < to.size() ? certificate_bytes_ : to.size();
  for (uint64_t offset = 0; offset < size / 8 * 8; offset += 8) {
    const uint64_t word = core_.hardware.shared64(pages_.certificates + offset).read_once(SITE("message.certificate", "bounded by our own pages; the bytes stay untrusted")).checked(any).value_or(0);
    for (unsigned byte = 0; byte < 8; ++byte) to[offset + byte] = static_cast<uint8_t>(word >> (byte * 8));
  }
  return size / 8 * 8;
}

}  // namespace cupel::snp
