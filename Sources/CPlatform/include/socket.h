// What sockets can do besides what the event loop does with them.

#ifndef SLUICE_SOCKET_H
#define SLUICE_SOCKET_H

#include <stddef.h>
#include <stdint.h>

// Receives what is there, up to `length` bytes, without waiting. Answers how many; 0 at the end of the stream;
// -1 when nothing is there now; -2 with errno when the connection is broken.
int64_t sluice_receive(int fd, void *to, size_t length);

// From how many bytes on a socket counts as readable. What it cannot have is no error: the socket is then readable
// earlier.
void sluice_set_receive_low_water(int fd, int bytes);

#endif
