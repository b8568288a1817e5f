#include "socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>

int64_t sluice_receive(int fd, void *to, size_t length) {
    ssize_t got;
    do {
        got = recv(fd, to, length, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got >= 0) {
        return got;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
}

void sluice_set_receive_low_water(int fd, int bytes) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}
