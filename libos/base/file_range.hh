#pragma once
#include <cstdint>

#include "libos/base/result.hh"

// Which bytes of a file a call may touch, as Linux bounds them. Offsets and sizes are registers as the guest sent them:
// a negative number is one above file_offset_max. No sum is formed before it is known to fit.
namespace cupel {

// The top of Linux's loff_t and ssize_t.
inline constexpr uint64_t file_offset_max = INT64_MAX;
// MAX_RW_COUNT: the most that one read or write moves, INT_MAX rounded down to a page.
inline constexpr uint64_t transfer_size_max = 0x7fff'f000;

// read(2), write(2) and their kin, `size` bytes at `offset`: how many the call may move at most. EINVAL where either is
// negative or their sum would be (rw_verify_area of fs/read_write.c).
template <class Word>
constexpr Result<Word> transfer_size(const Word& offset, const Word& size) {
  if (size > Word(file_offset_max)) return fail(Errno::inval);
  if (offset > Word(file_offset_max)) return fail(Errno::inval);
  if (size > Word(file_offset_max) - offset) return fail(Errno::inval);
  if (size > Word(transfer_size_max)) return Word(transfer_size_max);
  return size;
}

// A write into a file which may grow to `file_size_max` bytes: how many of `size` bytes at `offset` fit. EFBIG where
// none does; writing nothing always fits (generic_write_checks of fs/read_write.c).
template <class Word>
constexpr Result<Word> writable_size(const Word& offset, const Word& size, const Word& file_size_max) {
  if (size == Word(0)) return size;
  if (offset >= file_size_max) return fail(Errno::fbig);
  if (size > file_size_max - offset) return file_size_max - offset;
  return size;
}

// fallocate(2): the end of `size` bytes at `offset`. EINVAL where the offset is negative or the size is not positive,
// EFBIG where the end is past `file_size_max`, itself at most file_offset_max (vfs_fallocate of fs/open.c).
template <class Word>
constexpr Result<Word> allocation_end(const Word& offset, const Word& size, const Word& file_size_max) {
  if (offset > Word(file_offset_max)) return fail(Errno::inval);
  if (size == Word(0)) return fail(Errno::inval);
  if (size > Word(file_offset_max)) return fail(Errno::inval);
  if (offset > file_size_max) return fail(Errno::fbig);
  if (size > file_size_max - offset) return fail(Errno::fbig);
  return offset + size;
}

}  // namespace cupel
