#pragma once
#include "libos/fd/open_file.hh"
#include "libos/fs/inode.hh"
#include "libos/platform/host_streams.hh"

namespace cupel::libos {

// One of the host's streams, as a file of the machine's: what its first program finds as descriptors 0, 1 and 2.
class HostStream : public OpenFile {
 public:
  // EIO where the platform lends no such stream.
  static Result<Ref<HostStream>> open(Task& task, uint32_t stream);
  HostStream(platform::HostStreams& streams, uint32_t stream, Ref<Inode> inode)
      : OpenFile(static_cast<uint32_t>(OpenFlag::read_write)), streams_(streams), stream_(stream), inode_(std::move(inode)) {}

  interface::Resource kind() const override { return interface::Resource::any; }
  Result<uint64_t> read(Task& task, UserCursor& out, const uint64_t* at) override;
  Result<uint64_t> write(Task& task, UserCursor& in, const uint64_t* at) override;
  Result<uint64_t> seek(Task&, int64_t, Whence) override { return fail(Errno::spipe); }
  uint16_t poll(Task& task, Watcher* watcher) override;
  Stat stat() const override { return inode_->stat(); }
  Inode* inode() const override { return inode_.get(); }

 private:
  Result<> sleep_until(Task& task, platform::HostStreams::Ready wanted);

  platform::HostStreams& streams_;
  const uint32_t stream_;
  Ref<Inode> inode_;
};

}  // namespace cupel::libos
