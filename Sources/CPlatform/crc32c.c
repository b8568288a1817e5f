#include "crc32c.h"

#include <string.h>

#include "slices.h"

// A checksum's register holds a polynomial over GF(2) of degree below 32, its bit 31 the coefficient of x^0
// ("reflected"). Everything below follows from one fact: zero bytes multiply the register by x^8 each, modulo the
// Castagnoli polynomial, and the register of a run of bytes is the sum (xor) of what its pieces give on their own.

// Without the term x^32, reflected: 0x1EDC6F41 read backwards.
#define CASTAGNOLI 0x82F63B78u

// The portable copy proceeds in steps that stay in the nearest cache until they are summed.
#define COPY_STEP 16384

typedef uint32_t (*kernel)(uint32_t state, uint8_t *restrict to, const uint8_t *restrict from, size_t length);

// Written before main by `prepare`, only read afterwards.
static slice_tables slices;
static kernel best;

// MARK: - Polynomials

static uint32_t product(uint32_t left, uint32_t right) {
    uint32_t sum = 0;
    for (int power = 31; power >= 0; power--) {
        sum ^= right & (0u - ((left >> power) & 1u));
        right = times_x(right, CASTAGNOLI);
    }
    return sum;
}

uint32_t sluice_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_length) {
    // The inversions of the two checksums cancel each other, so that no register has to be recovered.
    uint32_t power = 1u << 23;  // x^8, then its squares
    for (uint64_t rest = second_length; rest != 0; rest >>= 1) {
        if (rest & 1) {
            first = product(first, power);
        }
        power = product(power, power);
    }
    return first ^ second;
}

// MARK: - Portable

static uint32_t portable(uint32_t state, uint8_t *restrict to, const uint8_t *restrict from, size_t length) {
    if (to == NULL) {
        return sum_slices(slices, state, from, length);
    }
    while (length != 0) {
        size_t step = length < COPY_STEP ? length : COPY_STEP;
        memcpy(to, from, step);
        state = sum_slices(slices, state, to, step);
        to += step;
        from += step;
        length -= step;
    }
    return state;
}

// MARK: - The machine's instruction

#if defined(__x86_64__)

#include <nmmintrin.h>

#define ACCELERATED __attribute__((target("sse4.2")))
// As wide as the instruction's register, so that nothing is widened between two steps.
typedef uint64_t lane;

ACCELERATED static inline __attribute__((always_inline)) lane sum_word(lane state, uint64_t word) {
    return _mm_crc32_u64(state, word);
}

ACCELERATED static inline __attribute__((always_inline)) lane sum_byte(lane state, uint8_t byte) {
    return _mm_crc32_u8((uint32_t)state, byte);
}

static bool machine_has_instruction(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2");
}

#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ \
    && (defined(__ARM_FEATURE_CRC32) || defined(__linux__))

#include <arm_acle.h>

#define ACCELERATED __attribute__((target("crc")))
typedef uint32_t lane;

ACCELERATED static inline __attribute__((always_inline)) lane sum_word(lane state, uint64_t word) {
    return __crc32cd(state, word);
}

ACCELERATED static inline __attribute__((always_inline)) lane sum_byte(lane state, uint8_t byte) {
    return __crc32cb(state, byte);
}

#if defined(__ARM_FEATURE_CRC32)
static bool machine_has_instruction(void) {
    return true;
}
#else
#include <sys/auxv.h>

static bool machine_has_instruction(void) {
    return (getauxval(AT_HWCAP) & (1ul << 7)) != 0;  // HWCAP_CRC32 of the kernel's ABI
}
#endif

#endif

#if defined(ACCELERATED)

// The instruction delivers after three cycles and can be issued on each, so three lanes side by side hide the wait.
// Bytes in one lane, for long and for middling inputs: multiples of 8, not powers of two, so that the lanes (and those
// of the copy's target) do not fall into the same set of the cache.
#define LONG_LANE 5440
#define SHORT_LANE 192

// Multiplication by x^(8 * lane) as the sum of what each byte of the register contributes.
typedef uint32_t shift_table[4][256];

static shift_table long_shift;
static shift_table short_shift;

static void fill_shift(shift_table table, uint64_t zero_bytes) {
    for (int byte = 0; byte < 4; byte++) {
        for (uint32_t value = 1; value < 256; value++) {
            uint32_t others = value & (value - 1);
            table[byte][value] = others != 0
                ? table[byte][others] ^ table[byte][value ^ others]
                : sluice_crc32c_combine(value << (8 * byte), 0, zero_bytes);
        }
    }
}

static inline uint32_t shifted(const shift_table table, uint32_t state) {
    return table[0][state & 255] ^ table[1][(state >> 8) & 255] ^ table[2][(state >> 16) & 255]
        ^ table[3][state >> 24];
}

// Each word is read once: what is summed is what was stored, even if somebody changes the source meanwhile.
ACCELERATED static inline __attribute__((always_inline)) lane
take_word(lane state, uint8_t *restrict to, const uint8_t *restrict from, size_t offset) {
    uint64_t word;
    memcpy(&word, from + offset, sizeof word);
    if (to != NULL) {
        memcpy(to + offset, &word, sizeof word);
    }
    return sum_word(state, word);
}

ACCELERATED static inline __attribute__((always_inline)) uint32_t three_lanes(
    uint32_t state, uint8_t *restrict to, const uint8_t *restrict from, size_t lane_bytes, const shift_table shift
) {
    lane first = state;
    lane second = 0;
    lane third = 0;
    for (size_t offset = 0; offset < lane_bytes; offset += 8) {
        first = take_word(first, to, from, offset);
        second = take_word(second, to, from, lane_bytes + offset);
        third = take_word(third, to, from, 2 * lane_bytes + offset);
    }
    uint32_t two = shifted(shift, (uint32_t)first) ^ (uint32_t)second;
    return shifted(shift, two) ^ (uint32_t)third;
}

// Inlined twice, with and without a target, so that the inner loops do not ask.
ACCELERATED static inline __attribute__((always_inline)) uint32_t
take(uint32_t state, uint8_t *restrict to, const uint8_t *restrict from, size_t length) {
    size_t done = 0;
    for (; length - done >= 3 * LONG_LANE; done += 3 * LONG_LANE) {
        state = three_lanes(state, to == NULL ? NULL : to + done, from + done, LONG_LANE, long_shift);
    }
    for (; length - done >= 3 * SHORT_LANE; done += 3 * SHORT_LANE) {
        state = three_lanes(state, to == NULL ? NULL : to + done, from + done, SHORT_LANE, short_shift);
    }
    lane single = state;
    for (; length - done >= 8; done += 8) {
        single = take_word(single, to, from, done);
    }
    for (; done < length; done++) {
        uint8_t byte = from[done];
        if (to != NULL) {
            to[done] = byte;
        }
        single = sum_byte(single, byte);
    }
    return (uint32_t)single;
}

ACCELERATED static uint32_t
accelerated(uint32_t state, uint8_t *restrict to, const uint8_t *restrict from, size_t length) {
    return to == NULL ? take(state, NULL, from, length) : take(state, to, from, length);
}

#endif

// MARK: - Choice

// Runs before main, so that no call has to ask whether the tables are there.
__attribute__((constructor)) static void prepare(void) {
    fill_slices(slices, CASTAGNOLI);
    best = portable;
#if defined(ACCELERATED)
    if (machine_has_instruction()) {
        fill_shift(long_shift, LONG_LANE);
        fill_shift(short_shift, SHORT_LANE);
        best = accelerated;
    }
#endif
}

uint32_t sluice_crc32c(uint32_t crc, const void *bytes, size_t length) {
    return ~best(~crc, NULL, bytes, length);
}

uint32_t sluice_copy_crc32c(uint32_t crc, void *to, const void *from, size_t length) {
    return length == 0 ? crc : ~best(~crc, to, from, length);
}

uint32_t sluice_crc32c_portable(uint32_t crc, const void *bytes, size_t length) {
    return ~portable(~crc, NULL, bytes, length);
}

uint32_t sluice_copy_crc32c_portable(uint32_t crc, void *to, const void *from, size_t length) {
    return length == 0 ? crc : ~portable(~crc, to, from, length);
}

bool sluice_crc32c_is_accelerated(void) {
    return best != portable;
}
