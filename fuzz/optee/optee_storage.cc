// Stored objects over a hostile supplicant, with power that fails at any write.
#include <fmt/format.h>

#include "fuzz/optee/optee_target.hh"
#include "platforms/mock/tee/vault.hh"
#include "props/model/tee_storage.hh"

namespace cupel::fuzz::optee {
namespace {

namespace storage = tee::storage;
using snp::ArgDesc, snp::StepDesc;

constexpr uint64_t flag_sets[] = {1, 2, 3, 4, 7, 0x37, 0x33, 0x33, 0x31, 0x11, 0x13, 0x400, 0x407, 0x8, 0}, sizes[] = {0, 1, 16, 16, 64, 100, 1000, 1024, 1025}, offsets[] = {0, 1, 16, 64, 0xffff'ffff, 0x8000'0000, 0x7fff'ffff, 0xffff'fff0};
constexpr ArgDesc ta{"ta", 2}, id{"id", 4}, flags{"flags", 0x1'0000'0000, flag_sets}, which{"handle", 10}, size{"size", 1100, sizes}, file{"file", 9};
enum Kind : uint8_t { create, open, read, write, truncate, seek, rename_object, remove_object, close, restart, cut, fail_request, roll_back, roll_back_all, flip, lose, swap_files, kind_count };
constexpr StepDesc steps[] = {
    {"create", {ta, id, flags, size}, {}, 4}, {"open", {ta, id, flags}, {}, 4}, {"read", {ta, which, size}, {}, 4}, {"write", {ta, which, size}, {}, 5}, {"truncate", {ta, which, size}},
    {"seek", {ta, which, ArgDesc{"offset", 0x1'0000'0000, offsets}, {"whence", 4}}}, {"rename", {ta, which, id}}, {"remove", {ta, which}}, {"close", {ta, which}, {}, 2},
    {"restart"}, {"cut", {ArgDesc{"write", 6}}}, {"fail", {ArgDesc{"request", 6}}}, {"roll_back", {file, ArgDesc{"ago", 8}}}, {"roll_back_all", {ArgDesc{"ago", 16}}},
    {"flip", {file, ArgDesc{"bit", 8192}}}, {"lose", {file}}, {"swap", {file, file}},
};
static_assert(std::size(steps) == kind_count);

using Bytes8 = std::vector<uint8_t>;

class OpteeStorage final : public OpteeTarget {
 public:
  OpteeStorage() : OpteeTarget("optee_storage", {.steps = steps, .likely_acts = {}, .likely_words = {}, .likely_tales = {}}) {}

 private:
  void begin(uint64_t secret) override {
    vault_.begin(secret);
    storage_.emplace(vault_);
    model_ = {}, alternative_.reset(), handles_.clear(), violation_.reset();
    static_cast<void>(storage_->mount());
    tampered_ = unsure_ = false;
    seen_ = calls_ = content_ = 0;
  }
  void follow(std::span<const mock_tee::Act>) override {}
  void on_act(std::function<void(const mock_tee::Act&)>) override {}
  const std::optional<mock_tee::Violation>& violation() const override { return violation_; }
  uint64_t seen() const override { return seen_; }
  uint64_t calls_made() const override { return calls_; }

  [[noreturn]] void violate(std::string_view oracle, std::string expected, std::string got) {
    violation_ = {std::string(oracle), std::move(expected), std::move(got)};
    throw mock_tee::Stopped{};
  }

  static props::TeeStorageModel::Name model_name(uint64_t whose, uint64_t index) { return {static_cast<uint32_t>(whose), std::string(1 + index, static_cast<char>('a' + index))}; }
  static storage::Name name_of(uint64_t whose, uint64_t index) {
    storage::Name made{static_cast<uint32_t>(whose), static_cast<uint32_t>(1 + index), {}};
    std::ranges::fill(std::span(made.id).first(made.size), static_cast<uint8_t>('a' + index));
    return made;
  }
  // Bytes that no other write of this run has.
  Bytes8 fresh_content(uint64_t count) {
    Bytes8 made(count);
    ++content_;
    for (size_t at = 0; at < made.size(); ++at) made[at] = static_cast<uint8_t>(content_ * 37 + at * (content_ | 1) + (at >> 3));
    return made;
  }
  uint32_t handle_at(uint64_t index) const { return index < handles_.size() ? handles_[index] : static_cast<uint32_t>(index); }

  template <class T>
  static uint32_t code_of(const tee::TeeResult<T>& result) { return result ? 0 : static_cast<uint32_t>(result.error()); }

  // What came of a call, and what must have. A supplicant that lies may make any call fail; none may succeed with what is not there.
  std::string judge(uint32_t got, uint32_t expected, const props::TeeStorageModel& before) {
    ++calls_;
    seen_ = (seen_ ^ got) * 0x100'0000'01b3;
    if (got != expected && !(tampered_ && got != 0)) violate("model", fmt::format("result {:#x}", expected), fmt::format("{:#x}", got));
    if (got != 0 && expected == 0) model_ = before;
    if (!vault_.complaint().empty()) violate("nonce", vault_.complaint(), "it is not");
    storage_->check();
    return fmt::format("{:#x}", got);
  }

  std::string make(uint32_t got, uint32_t expected, const props::TeeStorageModel& before, uint32_t handle) {
    if (got == 0) handles_.push_back(handle);
    return judge(got, expected, before);
  }

  std::string perform_call(const snp::GuestStep& step) {
    const auto& [whose, index, third, fourth] = step.args;
    const auto caller = static_cast<uint32_t>(whose), handle = handle_at(index);
    const props::TeeStorageModel before = model_;
    switch (step.kind) {
      case create:
      case open: {
        const Bytes8 content = step.kind == create ? fresh_content(fourth) : Bytes8{};
        const auto modelled = [&](props::TeeStorageModel& model, std::optional<uint32_t> made) {
          return step.kind == create ? model.create(model_name(whose, index), static_cast<uint32_t>(third), content, made) : model.open(model_name(whose, index), static_cast<uint32_t>(third), made);
        };
        pending_ = model_;
        static_cast<void>(modelled(*pending_, {}));
        const auto got = step.kind == create ? storage_->create(name_of(whose, index), static_cast<uint32_t>(third), content) : storage_->open(name_of(whose, index), static_cast<uint32_t>(third));
        const uint32_t expected = modelled(model_, got ? std::optional(*got) : std::nullopt);
        if (got && std::ranges::find(handles_, *got) != handles_.end()) violate("model", "a handle is a new number", fmt::format("{:#x} again", *got));
        return make(code_of(got), expected, before, got.value_or(0));
      }
      case read: {
        Bytes8 to(third), expected;
        const auto got = storage_->read(caller, handle, to);
        const uint32_t code = model_.read(caller, handle, to.size(), expected);
        if (got && code == 0) {
          to.resize(*got);
          if (to != expected) violate("model", "an object holds what was written last", "something else was read");
        }
        return judge(code_of(got), code, before);
      }
      case write: {
        const Bytes8 bytes = fresh_content(third);
        pending_ = model_;
        static_cast<void>(pending_->write(caller, handle, bytes));
        const uint32_t got = code_of(storage_->write(caller, handle, bytes));
        return judge(got, model_.write(caller, handle, bytes), before);
      }
      case truncate: {
        pending_ = model_;
        static_cast<void>(pending_->truncate(caller, handle, third));
        const uint32_t got = code_of(storage_->truncate(caller, handle, third));
        return judge(got, model_.truncate(caller, handle, third), before);
      }
      case seek: {
        const uint32_t got = code_of(storage_->seek(caller, handle, static_cast<uint32_t>(third), static_cast<uint32_t>(fourth)));
        return judge(got, model_.seek(caller, handle, static_cast<int32_t>(third), static_cast<uint32_t>(fourth)), before);
      }
      case rename_object: {
        pending_ = model_;
        static_cast<void>(pending_->rename(caller, handle, model_name(whose, third)));
        const uint32_t got = code_of(storage_->rename(caller, handle, name_of(whose, third)));
        return judge(got, model_.rename(caller, handle, model_name(whose, third)), before);
      }
      case remove_object: {
        pending_ = model_;
        static_cast<void>(pending_->remove(caller, handle));
        const uint32_t got = code_of(storage_->remove(caller, handle));
        return judge(got, model_.remove(caller, handle), before);
      }
      default: {
        const uint32_t got = code_of(storage_->close(caller, handle));
        return judge(got, model_.close(caller, handle), before);
      }
    }
  }

  // All objects as they are now, read through handles of their own.
  std::optional<props::TeeStorageModel::Objects> stored() {
    props::TeeStorageModel::Objects all;
    for (uint64_t whose = 0; whose < 2; ++whose) {
      for (uint64_t index = 0; index < 4; ++index) {
        const auto handle = storage_->open(name_of(whose, index), storage::may_read);
        if (!handle) continue;
        Bytes8 content(storage::content_max);
        const auto got = storage_->read(static_cast<uint32_t>(whose), *handle, content);
        static_cast<void>(storage_->close(static_cast<uint32_t>(whose), *handle));
        if (!got) return {};
        content.resize(*got);
        all[model_name(whose, index)] = content;
      }
    }
    return all;
  }

  // After the machine has started anew: all is as it was, or, where power failed, as it was before that call or after it.
  std::string start(const props::TeeStorageModel::Objects* after) {
    vault_.restore_power();
    if (after != nullptr) alternative_ = *after;
    storage_.emplace(vault_);
    handles_.clear(), model_.restart();
    const auto mounted = storage_->mount();
    if (!mounted) {
      if (!tampered_) violate("model", "storage is there after a start", fmt::format("{:#x}", static_cast<uint32_t>(mounted.error())));
      unsure_ = true;
      return "not available";
    }
    const auto now = stored();
    if (!now) {
      if (!tampered_) violate("model", "every object can be read after a start", "one cannot");
      unsure_ = true;
      return "damaged";
    }
    const bool old = *now == model_.objects(), fresh = alternative_ && *now == *alternative_;
    if (!old && !fresh) violate("model", alternative_ ? "after a power cut all is old, or all is new" : "what is stored is what was", "it is something else");
    model_.set_objects(*now), alternative_.reset(), unsure_ = false;
    return "started";
  }

  std::string perform(const snp::GuestStep& step) override {
    const auto& [first, second, third, fourth] = step.args;
    switch (step.kind) {
      case restart: return start(nullptr);
      case cut: vault_.cut_power_at(static_cast<uint32_t>(first)); return "done";
      case fail_request: vault_.fail_at(static_cast<uint32_t>(first)), tampered_ = true; return "done";
      case roll_back: tampered_ |= vault_.roll_back(static_cast<uint32_t>(first), static_cast<uint32_t>(second)); return "done";
      case roll_back_all: tampered_ |= vault_.roll_back_all(static_cast<uint32_t>(first)); return "done";
      case flip: tampered_ |= vault_.flip(static_cast<uint32_t>(first), second); return "done";
      case lose: tampered_ |= vault_.lose(static_cast<uint32_t>(first)); return "done";
      case swap_files: tampered_ |= vault_.swap(static_cast<uint32_t>(first), static_cast<uint32_t>(second)); return "done";
      default: break;
    }
    if (unsure_) return "not asked";
    pending_.reset();
    try {
      return perform_call(step);
    } catch (const mock_tee::PowerCut&) {
      const auto after = pending_ ? pending_->objects() : model_.objects();
      return "power cut, " + start(&after);
    }
  }

  mock_tee::Vault vault_;
  std::optional<storage::Storage<mock_tee::Vault>> storage_;
  props::TeeStorageModel model_;
  std::optional<props::TeeStorageModel> pending_;  // as the call under way will leave it
  std::optional<props::TeeStorageModel::Objects> alternative_;  // where power failed: what else may be there
  std::vector<uint32_t> handles_;
  std::optional<mock_tee::Violation> violation_;
  bool tampered_ = false, unsure_ = false;  // the supplicant has lied; what is stored is not known
  uint64_t seen_ = 0, calls_ = 0, content_ = 0;
};

std::unique_ptr<Target> make_target() { return std::make_unique<OpteeStorage>(); }
constexpr TargetInfo info{"optee_storage", "OP-TEE stored objects over a hostile supplicant", make_target};
const TargetRegistration registered_target(info);

}  // namespace
}  // namespace cupel::fuzz::optee
