#ifndef SLUICE_SLICES_H
#define SLUICE_SLICES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A reflected CRC of 32 bits by tables, eight bytes at a step. `slices[n]` takes a byte that n others follow.
typedef uint32_t slice_tables[8][256];

// Times x, modulo a polynomial that is given without its term x^32, reflected.
static inline uint32_t times_x(uint32_t polynomial, uint32_t modulus) {
    return (polynomial >> 1) ^ (modulus & (0u - (polynomial & 1u)));
}

static inline void fill_slices(slice_tables slices, uint32_t modulus) {
    for (uint32_t value = 0; value < 256; value++) {
        uint32_t state = value;
        for (int bit = 0; bit < 8; bit++) {
            state = times_x(state, modulus);
        }
        slices[0][value] = state;
    }
    for (uint32_t value = 0; value < 256; value++) {
        for (int slice = 1; slice < 8; slice++) {
            uint32_t state = slices[slice - 1][value];
            slices[slice][value] = (state >> 8) ^ slices[0][state & 255];
        }
    }
}

static inline uint64_t little_endian_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint32_t sum_slices(const slice_tables slices, uint32_t state, const uint8_t *bytes, size_t length) {
    while (length >= 8) {
        uint64_t word = little_endian_word(bytes) ^ state;
        state = slices[7][word & 255] ^ slices[6][(word >> 8) & 255] ^ slices[5][(word >> 16) & 255]
            ^ slices[4][(word >> 24) & 255] ^ slices[3][(word >> 32) & 255] ^ slices[2][(word >> 40) & 255]
            ^ slices[1][(word >> 48) & 255] ^ slices[0][word >> 56];
        bytes += 8;
        length -= 8;
    }
    for (; length != 0; length--) {
        state = (state >> 8) ^ slices[0][(state ^ *bytes++) & 255];
    }
    return state;
}

#endif
