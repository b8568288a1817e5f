#include "counting_malloc.h"

// Only glibc gives its allocator second names, under which it can be called from what stands in its place.
#if defined(__linux__)
#include <features.h>
#endif
#if defined(__GLIBC__)

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static uint64_t calls;
static uint64_t bytes;

static void count(size_t size) {
    __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&bytes, size, __ATOMIC_RELAXED);
}

void *malloc(size_t size) {
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    size_t whole;
    if (__builtin_mul_overflow(number, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    count(whole);
    return __libc_calloc(number, size);
}

// A block that grows counts with its new size: it may have been copied.
void *realloc(void *old, size_t size) {
    count(size);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    void *block = memalign(alignment, size);
    if (block == NULL) {
        return ENOMEM;
    }
    *result = block;
    return 0;
}

__attribute__((destructor)) static void tell(void) {
    // Before anything below allocates.
    uint64_t all_calls = __atomic_load_n(&calls, __ATOMIC_RELAXED);
    uint64_t all_bytes = __atomic_load_n(&bytes, __ATOMIC_RELAXED);
    const char *path = getenv(COUNTING_MALLOC_FILE);
    if (path == NULL) {
        return;
    }
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror("counting malloc: cannot open " COUNTING_MALLOC_FILE);
        _Exit(1);
    }
    int written = fprintf(
        file, "calls %llu\nbytes %llu\n", (unsigned long long)all_calls, (unsigned long long)all_bytes);
    if (fclose(file) != 0 || written < 0) {
        perror("counting malloc: cannot write " COUNTING_MALLOC_FILE);
        _Exit(1);
    }
}

#endif
