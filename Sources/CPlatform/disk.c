#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__linux__)

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

int sluice_is_cached(int fd, int64_t start, int64_t length) {
    return length > 0 && byte_is_cached(fd, start + length - 1) && byte_is_cached(fd, start);
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
