#include "crc32.h"

#include "slices.h"

// Without the term x^32, reflected: 0x04C11DB7 read backwards.
#define GZIP_POLYNOMIAL 0xEDB88320u

// Written before main by `prepare`, only read afterwards.
static slice_tables slices;

__attribute__((constructor)) static void prepare(void) {
    fill_slices(slices, GZIP_POLYNOMIAL);
}

uint32_t sluice_crc32(uint32_t crc, const void *bytes, size_t length) {
    return ~sum_slices(slices, ~crc, bytes, length);
}
