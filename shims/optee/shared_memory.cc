#include "shims/optee/shared_memory.hh"

namespace cupel::optee {

TeeResult<ShmTable::Index> ShmTable::take() {
  for (Index index = 0; index < shm_max; ++index) {
    if (all_[index].kind == ShmKind::none) return index;
  }
  return refuse(Tee::out_of_memory);
}

TeeResult<ShmTable::Index> ShmTable::find(uint64_t cookie) const {
  for (Index index = 0; index < shm_max; ++index) {
    const Shm& one = all_[index];
    if ((one.kind == ShmKind::registered || one.kind == ShmKind::guarded) && one.cookie == cookie) return index;
  }
  return refuse(Tee::item_not_found);
}

TeeResult<> ShmTable::add(Index index, ShmKind kind, uint64_t cookie) {
  // Two of one name: whoever gives the first back would take the second's pages away.
  if (kind != ShmKind::temporary && find(cookie)) return refuse(Tee::bad_parameters);
  Shm& one = all_[index];
  one.kind = kind;
  one.cookie = cookie;
  one.refs = kind == ShmKind::registered ? 0 : 1;
  return {};
}

TeeResult<ShmTable::Index> ShmTable::get(uint64_t cookie) {
  const Index index = TRY(find(cookie));
  if (all_[index].kind == ShmKind::guarded) return refuse(Tee::access_denied);
  ++all_[index].refs;
  return index;
}

void ShmTable::put(Index index) {
  Shm& one = all_[index];
  CHECK(one.kind != ShmKind::none);
  CHECK(one.refs > 0);
  if (--one.refs == 0 && one.kind == ShmKind::temporary) drop(index);
}

TeeResult<> ShmTable::unregister(uint64_t cookie) {
  const Index index = TRY(find(cookie));
  if (all_[index].kind == ShmKind::guarded) return refuse(Tee::access_denied);
  // A call that uses it runs. It does not wait: a thread that waits is one that the normal world's other clients miss.
  if (all_[index].refs > 0) return refuse(Tee::busy);
  drop(index);
  return {};
}

void ShmTable::release(Index index) {
  CHECK(all_[index].kind == ShmKind::guarded);
  CHECK(all_[index].refs == 1);
  drop(index);
}

uint32_t ShmTable::references() const {
  uint32_t all = 0;
  for (const Shm& one : all_) all += one.refs;
  return all;
}

uint32_t ShmTable::count(ShmKind kind) const {
  uint32_t all = 0;
  for (const Shm& one : all_) all += one.kind == kind ? 1 : 0;
  return all;
}

void ShmTable::check() const {
  for (Index index = 0; index < shm_max; ++index) {
    const Shm& one = all_[index];
    if (one.kind == ShmKind::none) {
      CHECK(one.refs == 0);
      continue;
    }
    CHECK(one.page_count <= shm_pages_max);
    CHECK(one.offset < message::page_size);
    CHECK(one.offset + one.size <= uint64_t{one.page_count} * message::page_size);
    for (Index other = 0; other < index; ++other) {
      const bool named = one.kind != ShmKind::temporary && all_[other].kind != ShmKind::temporary && all_[other].kind != ShmKind::none;
      CHECK(!named || all_[other].cookie != one.cookie);
    }
  }
}

}  // namespace cupel::optee
