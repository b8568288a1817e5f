#include "socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>

#if defined(__linux__)
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif

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

int64_t sluice_waiting_bytes(int fd) {
    int count = 0;
    return ioctl(fd, FIONREAD, &count) == 0 && count > 0 ? count : 0;
}

void sluice_set_receive_low_water(int fd, int bytes) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

int64_t sluice_acknowledged_bytes(int fd) {
#if defined(__linux__)
    struct tcp_info info;
    socklen_t length = sizeof info;
    size_t needed = offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && length >= needed) {
        return (int64_t)info.tcpi_bytes_acked;
    }
#else
    (void)fd;
#endif
    return -1;
}
