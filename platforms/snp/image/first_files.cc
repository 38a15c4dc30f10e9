#include "platforms/snp/image/first_files.hh"

#include "libos/fd/fd_table.hh"
#include "libos/fd/host_stream.hh"
#include "libos/fs/device.hh"
#include "libos/fs/directory.hh"
#include "libos/fs/file_system.hh"
#include "libos/fs/unpack.hh"

namespace cupel::image {
namespace {

using libos::Device;

struct Named {
  std::string_view path;
  Device::Number number;
};
constexpr Named devices[]{{"/dev/null", Device::Number::null}, {"/dev/zero", Device::Number::zero}, {"/dev/full", Device::Number::full},
                          {"/dev/random", Device::Number::random}, {"/dev/urandom", Device::Number::urandom}};

}  // namespace

Result<> make_first_files(libos::Machine& machine, std::span<const std::byte> archive) {
  libos::FileSystem& files = machine.files();
  TRY(libos::unpack_tar(files, archive));
  const libos::Credentials& root = machine.first_task().credentials;
  const libos::Walker walker{files.root(), files.root(), &root};
  const libos::Place folder = TRY(files.walk(walker, "/dev", libos::Follow::yes));
  if (!folder.inode) TRY(files.make_directory(folder, root, 0755));
  for (const Named& device : devices) {
    const libos::Place place = TRY(files.walk(walker, device.path, libos::Follow::never));
    if (place.inode) continue;  // the archive's own
    const Ref<Device> made = TRY(make_counted<Device>(files.arena(), files.take_inode_number(), 0666u, root.euid, root.egid, device.number));
    libos::Entry* entry = TRY(place.parent->make_entry(place.name, made));
    made->link_count = 1;
    place.parent->link(*entry);
  }
  return {};
}

Result<> open_streams(libos::Task& task) {
  for (uint32_t stream = 0; stream < platform::HostStreams::count; ++stream) {
    const int32_t number = TRY(task.fds().reserve());
    task.fds().put(number, TRY(libos::HostStream::open(task, stream)), libos::CloseOnExec::no);
  }
  return {};
}

}  // namespace cupel::image
