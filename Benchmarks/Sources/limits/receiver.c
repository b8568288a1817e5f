#define _GNU_SOURCE // pipe2, F_SETPIPE_SZ

#include "receiver.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void receiver_make(struct receiver *receiver, enum receiver_kind kind) {
    *receiver = (struct receiver){.kind = kind, .pipe = {-1, -1}};
    if (kind == receiver_direct) {
        void *block;
        int error = posix_memalign(&block, 4096, receiver_block_size);
        if (error != 0) {
            fail(error, "no memory for a block");
        }
        memset(block, 0, receiver_block_size);
        receiver->block = block;
        return;
    }
    if (pipe2(receiver->pipe, O_CLOEXEC) < 0 || fcntl(receiver->pipe[1], F_SETPIPE_SZ, receiver_block_size) < 0) {
        fail(errno, "cannot make a pipe of %d bytes", receiver_block_size);
    }
}

void receiver_destroy(struct receiver *receiver) {
    free(receiver->block);
    if (receiver->kind == receiver_splice) {
        close(receiver->pipe[0]);
        close(receiver->pipe[1]);
    }
}

enum receiver_result receiver_store(struct receiver *receiver, int socket, const char *path, uint64_t length) {
    return receiver->kind == receiver_direct ? receive_direct(receiver, socket, path, length)
                                             : receive_splice(receiver, socket, path, length);
}
