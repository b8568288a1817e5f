#define _GNU_SOURCE // splice

#include "failure.h"
#include "receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum receiver_result receive_splice(struct receiver *receiver, int socket, const char *path, uint64_t length) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) {
        fail(errno, "cannot open %s", path);
    }
    enum receiver_result result = receiver_stored;
    uint64_t left = length;
    while (left > 0) {
        size_t wanted = left < receiver_block_size ? left : receiver_block_size;
        ssize_t taken = splice(socket, NULL, receiver->pipe[1], NULL, wanted, SPLICE_F_MOVE | SPLICE_F_MORE);
        if (taken < 0 && errno == EINTR) {
            continue;
        }
        if (taken <= 0) {
            result = receiver_gone;
            break;
        }
        left -= taken;
        while (taken > 0) {
            ssize_t written = splice(receiver->pipe[0], NULL, file, NULL, taken, SPLICE_F_MOVE | SPLICE_F_MORE);
            if (written < 0 && errno == EINTR) {
                continue;
            }
            if (written <= 0) {
                fail(errno, "cannot write %s", path);
            }
            taken -= written;
        }
    }
    close(file);
    return result;
}
