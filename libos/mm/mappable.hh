#pragma once
#include <boost/intrusive/list.hpp>

#include "libos/mm/frame.hh"

namespace cupel::libos {

class AddressSpace;

// A place in an object's list of who maps it.
struct MappingHook : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {};

// What can stand behind a mapping: a file's pages, or memory that processes share.
class Mappable : public Counted {
 public:
  // The page of that index. EFAULT beyond the end (Linux raises SIGBUS), ENOMEM.
  virtual Result<Ref<Frame>> frame(uint64_t index) = 0;
  // What a load from that page would find, without bringing it into being: nullptr for zeros. EFAULT beyond the end,
  // EAGAIN where it would have to be fetched first.
  virtual Result<const std::byte*> look(uint64_t index) const = 0;
  virtual ~Mappable() = default;

  // Every vma over this object, so that truncation can take pages away from them.
  boost::intrusive::list<MappingHook, boost::intrusive::constant_time_size<false>> mappings;
};

}  // namespace cupel::libos
