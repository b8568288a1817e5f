#pragma once

#include <stdint.h>

// A way to bring a body from a socket into a file. Each connection has one, for all its requests.
struct receiver {
    enum receiver_kind { receiver_direct, receiver_splice } kind;
    char *block; // direct: 1 MiB, aligned
    int pipe[2]; // splice
};

void receiver_make(struct receiver *receiver, enum receiver_kind kind);
void receiver_destroy(struct receiver *receiver);

enum receiver_result { receiver_stored, receiver_gone };

// Brings the next `length` bytes of the socket into the file, replacing it. For `receiver_direct` they are on stable
// storage when it returns. `receiver_gone`: the client has ended the connection before. What fails here for another
// reason ends the program: a limit that is measured on a full disk is none.
enum receiver_result receiver_store(struct receiver *receiver, int socket, const char *path, uint64_t length);

enum receiver_result receive_direct(struct receiver *receiver, int socket, const char *path, uint64_t length);
enum receiver_result receive_splice(struct receiver *receiver, int socket, const char *path, uint64_t length);

enum { receiver_block_size = 1 << 20 };
