#pragma once
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "fuzz/host/batch.hh"
#include "fuzz/host/child.hh"
#include "fuzz/host/sandbox.hh"

// The real kernel as somebody who runs batches of programs. Not thread-safe; dies with the thread that made it.
namespace cupel::host {

class Kernel {
 public:
  // `calls`: the numbers of those that programs may make. The error is for people.
  static std::expected<std::unique_ptr<Kernel>, std::string> start(const libos::Config& config, std::span<const uint16_t> calls);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  // Two batches, so that one is filled while the other runs.
  static constexpr size_t batch_count = 2;
  Batch& batch(size_t index) { return batches_[index]; }

  // Hands a batch over and returns at once. One at a time.
  void submit(Batch& batch);
  // Waits until it is done. A call that hangs is interrupted; a child that dies is replaced and the batch goes on with
  // the program after the one which killed it. An error means that there is no child any more.
  std::expected<void, std::string> finish(Batch& batch);

  // User and group ids up to this one exist in the sandbox.
  uint32_t ids_max() const { return sandbox_->ids_max(); }
  // Children that did not survive a program.
  uint64_t deaths() const { return deaths_; }

 private:
  Kernel() = default;
  std::expected<void, std::string> launch();
  void ask(const Batch& batch, uint32_t first_program);

  struct Unmap { void operator()(std::byte* memory) const; };
  using Shared = std::unique_ptr<std::byte, Unmap>;

  Shared memory_;
  Workplace place_;
  std::vector<Batch> batches_;
  std::vector<uint16_t> calls_;
  std::unique_ptr<Child> child_;
  std::optional<Sandbox> sandbox_;
  uint64_t deaths_ = 0;
};

}  // namespace cupel::host
