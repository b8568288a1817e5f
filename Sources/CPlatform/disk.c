#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>

int sluice_open_direct(const char *path, int flags) { return open(path, flags | O_DIRECT | O_CLOEXEC); }

int sluice_reserve(int fd, int64_t start, int64_t length) {
    int result;
    do {
        result = fallocate(fd, 0, start, length);
    } while (result != 0 && errno == EINTR);
    return result;
}

int64_t sluice_copy_range(int from, int64_t from_start, int to, int64_t to_start, int64_t length) {
    off64_t source = from_start;
    off64_t target = to_start;
    return copy_file_range(from, &source, to, &target, (size_t)length, 0);
}

static int byte_is_cached(int fd, int64_t place) {
    char byte;
    struct iovec vector = {&byte, 1};
    return preadv2(fd, &vector, 1, place, RWF_NOWAIT) == 1;
}

// Looked at where the kernel cannot count: so often that what lies between was read together with it.
static const int64_t cache_step = 256 << 10;

int sluice_is_cached(int fd, int64_t start, int64_t length) {
#if defined(SYS_cachestat)
    // Linux 6.5 and newer. The structures are those of <linux/mman.h>, which older headers do not have.
    struct {
        uint64_t offset;
        uint64_t length;
    } range = {(uint64_t)start, (uint64_t)length};
    struct {
        uint64_t cached;
        uint64_t dirty;
        uint64_t written_back;
        uint64_t evicted;
        uint64_t recently_evicted;
    } counts = {0, 0, 0, 0, 0};
    if (length > 0 && syscall(SYS_cachestat, fd, &range, &counts, 0U) == 0) {
        int64_t page = sysconf(_SC_PAGESIZE);
        int64_t pages = (start + length - 1) / page - start / page + 1;
        return counts.cached >= (uint64_t)pages;
    }
#endif
    for (int64_t place = start; place < start + length; place += cache_step) {
        if (!byte_is_cached(fd, place)) {
            return 0;
        }
    }
    return length > 0 && byte_is_cached(fd, start + length - 1);
}

int sluice_data_sync(int fd) { return fdatasync(fd); }

#else

int sluice_open_direct(const char *path, int flags) {
    (void)path;
    (void)flags;
    errno = EINVAL;
    return -1;
}

int sluice_reserve(int fd, int64_t start, int64_t length) {
    (void)start;
    (void)length;
    (void)fd;
    errno = EOPNOTSUPP;
    return -1;
}

int64_t sluice_copy_range(int from, int64_t from_start, int to, int64_t to_start, int64_t length) {
    (void)from;
    (void)from_start;
    (void)to;
    (void)to_start;
    (void)length;
    errno = EXDEV;
    return -1;
}

int sluice_is_cached(int fd, int64_t start, int64_t length) {
    (void)fd;
    (void)start;
    (void)length;
    return 0;
}

int sluice_data_sync(int fd) { return fcntl(fd, F_FULLFSYNC); }

#endif
