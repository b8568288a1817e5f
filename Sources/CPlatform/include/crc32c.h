#ifndef CPLATFORM_CRC32C_H
#define CPLATFORM_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 9260 appendix B) over `length` bytes that follow those of `crc`.
///
/// Inversion before and after is done here, so the checksum of no bytes is 0 and calls chain. `bytes` may be null
/// when `length` is 0; it needs no alignment. The machine's instruction is used where there is one.
uint32_t sluice_crc32c(uint32_t crc, const void *_Nullable bytes, size_t length);

/// Copies `length` bytes and returns what `sluice_crc32c` would for exactly the bytes that arrived in `to`.
///
/// The two areas must not overlap and need no alignment; either may be null when `length` is 0.
uint32_t sluice_copy_crc32c(uint32_t crc, void *_Nullable to, const void *_Nullable from, size_t length);

/// The same as `sluice_crc32c` without the machine's instruction.
uint32_t sluice_crc32c_portable(uint32_t crc, const void *_Nullable bytes, size_t length);

/// The same as `sluice_copy_crc32c` without the machine's instruction.
uint32_t sluice_copy_crc32c_portable(uint32_t crc, void *_Nullable to, const void *_Nullable from, size_t length);

/// The checksum of two runs of bytes one after the other, from the checksum of each and the length of the second.
///
/// Takes about two polynomial products for every binary digit of the length, whatever the length.
uint32_t sluice_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_length);

/// Whether `sluice_crc32c` uses the machine's instruction.
bool sluice_crc32c_is_accelerated(void);

#endif
