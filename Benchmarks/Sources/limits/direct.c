#define _GNU_SOURCE // O_DIRECT, fallocate

#include "failure.h"
#include "receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

// What direct writes must be a multiple of, on every usual device.
enum { alignment = 4096 };

struct file {
    const char *path;
    int buffered;
    int direct; // the same as `buffered` where there is no direct I/O
};

static struct file open_file(const char *path, uint64_t length) {
    struct file file = {.path = path};
    file.buffered = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file.buffered < 0) {
        fail(errno, "cannot open %s", path);
    }
    file.direct = file.buffered;
    // A short body has nothing that could be written past the page cache.
    if (length >= alignment) {
        file.direct = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
        if (file.direct < 0 && errno == EINVAL) {
            file.direct = file.buffered;
        } else if (file.direct < 0) {
            fail(errno, "cannot open %s", path);
        }
    }
    // At once: else every write looks for room by itself, and the file falls into pieces.
    if (length > 0 && fallocate(file.buffered, 0, 0, length) < 0 && errno != EOPNOTSUPP) {
        fail(errno, "cannot reserve room for %s", path);
    }
    return file;
}

static void close_file(const struct file *file) {
    if (file->direct != file->buffered) {
        close(file->direct);
    }
    close(file->buffered);
}

static void write_at(const struct file *file, int descriptor, const char *bytes, size_t count, uint64_t offset) {
    while (count > 0) {
        ssize_t written = pwrite(descriptor, bytes, count, offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            fail(errno, "cannot write %s", file->path);
        }
        bytes += written;
        count -= written;
        offset += written;
    }
}

static bool receive_exactly(int socket, char *bytes, size_t count) {
    while (count > 0) {
        ssize_t received = recv(socket, bytes, count, MSG_WAITALL);
        if (received < 0 && errno == EINTR) {
            continue;
        }
        if (received <= 0) {
            return false;
        }
        bytes += received;
        count -= received;
    }
    return true;
}

enum receiver_result receive_direct(struct receiver *receiver, int socket, const char *path, uint64_t length) {
    struct file file = open_file(path, length);
    enum receiver_result result = receiver_stored;
    for (uint64_t offset = 0; offset < length;) {
        uint64_t left = length - offset;
        size_t count = left < receiver_block_size ? left : receiver_block_size;
        if (!receive_exactly(socket, receiver->block, count)) {
            result = receiver_gone;
            break;
        }
        size_t aligned = count - count % alignment;
        write_at(&file, file.direct, receiver->block, aligned, offset);
        write_at(&file, file.buffered, receiver->block + aligned, count - aligned, offset + aligned);
        offset += count;
    }
    // It covers both descriptors: what is synced is the file.
    if (result == receiver_stored && fdatasync(file.buffered) < 0) {
        fail(errno, "cannot sync %s", path);
    }
    close_file(&file);
    return result;
}
