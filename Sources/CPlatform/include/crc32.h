#ifndef CPLATFORM_CRC32_H
#define CPLATFORM_CRC32_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32 of gzip and PNG (RFC 1952 section 8) over `length` bytes that follow those of `crc`.
///
/// Inversion before and after is done here, so the checksum of no bytes is 0 and calls chain. `bytes` may be null
/// when `length` is 0; it needs no alignment. By tables, at about a tenth of the speed of `sluice_crc32c`.
uint32_t sluice_crc32(uint32_t crc, const void *_Nullable bytes, size_t length);

#endif
