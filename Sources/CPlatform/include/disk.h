// What the kernel offers to disk writers and Swift's C library import does not show.

#ifndef SLUICE_DISK_H
#define SLUICE_DISK_H

#include <stdint.h>
#include <sys/types.h>

// Opens past the page cache. -1 with EINVAL where the file system has no such way.
int sluice_open_direct(const char *path, int flags);

// Reserves bytes of a file and extends its size to them. 0, or -1 with errno.
int sluice_reserve(int fd, int64_t start, int64_t length);

// Copies bytes between files inside the kernel, sharing extents where the file system can.
// Answers how many were copied (possibly fewer), or -1 with errno.
int64_t sluice_copy_range(int from, int64_t from_start, int to, int64_t to_start, int64_t length);

// Whether a range can be read without waiting for the disk. Exact where the kernel counts pages of its cache (Linux
// 6.5), else by looking at some of its bytes. Answers 0 where nobody can tell.
int sluice_is_cached(int fd, int64_t start, int64_t length);

// Makes the data of a file, and what is needed to find it again, durable.
int sluice_data_sync(int fd);

#endif
