// What sockets can do besides what the event loop does with them.

#ifndef SLUICE_SOCKET_H
#define SLUICE_SOCKET_H

#include <stddef.h>
#include <stdint.h>

// Receives what is there, up to `length` bytes, without waiting. Answers how many; 0 at the end of the stream;
// -1 when nothing is there now; -2 with errno when the connection is broken.
int64_t sluice_receive(int fd, void *to, size_t length);

// How many bytes can be received without waiting.
int64_t sluice_waiting_bytes(int fd);

// From how many bytes on a socket counts as readable. What it cannot have is no error: the socket is then readable
// earlier.
void sluice_set_receive_low_water(int fd, int bytes);

// How many of the bytes that were sent the other side has acknowledged since the connection began; -1 where nobody
// can tell.
int64_t sluice_acknowledged_bytes(int fd);

#endif
