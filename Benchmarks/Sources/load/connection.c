#define _GNU_SOURCE // SOCK_NONBLOCK and its like

#include "connection.h"

#include "failure.h"
#include "plainclient.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

// What one connection sends before the others have their turn.
enum { piece_size = 1 << 20 };
// What is read in one call, and how often before the others have their turn.
enum { reads_per_turn = 4 };

void connection_make_ready(struct plain_client *client, struct connection *connection) {
    if (connection->is_ready) {
        return;
    }
    connection->is_ready = true;
    connection->next_ready = NULL;
    if (client->last_ready != NULL) {
        client->last_ready->next_ready = connection;
    } else {
        client->first_ready = connection;
    }
    client->last_ready = connection;
}

static void close_connection(struct connection *connection) {
    if (connection->socket >= 0) {
        close(connection->socket);
    }
    connection->socket = -1;
}

// The request is over. The next one begins in a turn of its own: from here it could end as deep as the list is long.
static void finish(struct plain_client *client, struct connection *connection) {
    connection->request = NULL;
    client->finished++;
    client->proven += !connection->is_proven;
    connection->is_proven = true;
    connection_make_ready(client, connection);
}

static bool open_connection(struct plain_client *client, struct connection *connection) {
    const struct address *address = &client->address;
    int one = 1;
    int new = socket(address->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (new < 0) {
        fail(errno, "cannot make a socket");
    }
    connection->socket = new;
    connection->is_connecting = false;
    connection->is_blocked = false;
    connection->is_readable = false;
    connection->has_ended = false;
    connection->is_reused = false;
    // Else the last short segment of a body waits for an acknowledgement that the other side delays.
    if (setsockopt(new, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0) {
        fail(errno, "cannot set TCP_NODELAY");
    }
    if (connect(new, (const struct sockaddr *)&address->storage, address->length) < 0) {
        if (errno != EINPROGRESS) {
            return false;
        }
        connection->is_connecting = true;
    }
    // Edges: one call for the life of the connection, however often it blocks.
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    if (epoll_ctl(client->poll, EPOLL_CTL_ADD, new, &event) < 0) {
        fail(errno, "cannot watch a socket");
    }
    return true;
}

// The connection is gone before the answer was whole.
static void break_off(struct plain_client *client, struct connection *connection) {
    bool is_untouched = connection->is_reused && !connection->is_retried && !connection->answer.has_begun
        && connection->sent <= connection->request->head_length;
    close_connection(connection);
    if (is_untouched) {
        // The server may close an idle connection at any time; that is nobody's failure.
        connection->is_retried = true;
        connection->sent = 0;
        answer_begin(&connection->answer, connection->request->is_head);
        if (open_connection(client, connection)) {
            connection_make_ready(client, connection);
            return;
        }
        close_connection(connection);
    }
    finish(client, connection);
}

static void begin_request(struct plain_client *client, struct connection *connection) {
    struct run *run = client->run;
    if (client->next_request == run->list.count) {
        return;
    }
    connection->index = client->next_request++;
    connection->request = &run->list.requests[connection->index];
    connection->sent = 0;
    connection->is_retried = false;
    connection->begun = nanoseconds_now();
    answer_begin(&connection->answer, connection->request->is_head);
    if (connection->socket >= 0 && connection->has_ended) {
        close_connection(connection);
    }
    if (connection->socket < 0 && !open_connection(client, connection)) {
        break_off(client, connection);
    }
}

static uint64_t request_size(const struct request *request) {
    return request->head_length + request->body.length;
}

static void complete(struct plain_client *client, struct connection *connection, bool is_followed) {
    struct statistics *statistics = &client->run->statistics;
    statistics_answered(
        statistics, connection->index, connection->answer.status, nanoseconds_now() - connection->begun);
    bool is_sent = connection->sent == request_size(connection->request);
    if (connection->answer.closes || connection->has_ended || !is_sent || is_followed) {
        close_connection(connection);
    } else {
        connection->is_reused = true;
    }
    finish(client, connection);
}

struct reader {
    struct statistics *statistics;
    size_t index;
};

static void keep(void *context, const char *bytes, size_t count) {
    struct reader *reader = context;
    statistics_received(reader->statistics, reader->index, bytes, count);
}

// A body that nobody looks at is dropped in the kernel: copying it would be most of what a download costs here.
static bool may_drop(const struct plain_client *client, const struct connection *connection) {
    return client->run->statistics.texts == NULL && connection->request != NULL
        && connection->answer.state == answer_length_body && connection->answer.left >= plain_receive_size;
}

static ssize_t read_once(struct plain_client *client, struct connection *connection) {
    if (!may_drop(client, connection)) {
        return recv(connection->socket, client->received, plain_receive_size, 0);
    }
    ssize_t count = recv(connection->socket, client->received, plain_receive_size, MSG_TRUNC);
    if (count > 0) {
        client->run->statistics.bytes_received += count;
        answer_skip(&connection->answer, count);
    }
    return count;
}

static void receive(struct plain_client *client, struct connection *connection) {
    for (int turn = 0; turn < reads_per_turn; turn++) {
        bool is_dropped = may_drop(client, connection);
        ssize_t count = read_once(client, connection);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && errno == EAGAIN) {
            connection->is_readable = false;
            return;
        }
        struct answer *answer = &connection->answer;
        if (connection->request == NULL) {
            // The end of an idle connection, or bytes that belong to no request.
            close_connection(connection);
            return;
        }
        size_t used = 0;
        if (count <= 0) {
            connection->has_ended = true;
            answer_end(answer);
        } else if (!is_dropped) {
            struct reader reader = {&client->run->statistics, connection->index};
            used = answer_take(answer, client->received, count, keep, &reader);
        }
        if (answer->state == answer_done) {
            connection->is_readable = false;
            complete(client, connection, !is_dropped && count > 0 && used < (size_t)count);
            return;
        }
        if (answer->state == answer_bad) {
            break_off(client, connection);
            return;
        }
        if (count < plain_receive_size && !connection->has_ended) {
            connection->is_readable = false;
            return;
        }
    }
    connection_make_ready(client, connection);
}

// The bytes to send now, head and body together, so that a small request is one call. Returns how many they are.
static size_t gather(const struct plain_client *client, const struct connection *connection, struct msghdr *message) {
    const struct request *request = connection->request;
    struct iovec *pieces = message->msg_iov;
    size_t total = 0;
    message->msg_iovlen = 0;
    uint64_t offset = 0;
    if (connection->sent < request->head_length) {
        total = request->head_length - connection->sent;
        pieces[message->msg_iovlen++] = (struct iovec){(char *)request->head + connection->sent, total};
    } else {
        offset = connection->sent - request->head_length;
    }
    uint64_t limit = client->run->rate > 0 ? connection->allowance : piece_size;
    if (offset < request->body.length && limit > 0) {
        size_t count;
        const char *bytes = body_piece(&client->run->source, &request->body, offset, &count);
        count = count < limit ? count : limit;
        pieces[message->msg_iovlen++] = (struct iovec){(char *)bytes, count};
        total += count;
    }
    return total;
}

static void count_sent(struct plain_client *client, struct connection *connection, size_t count) {
    size_t head_length = connection->request->head_length;
    uint64_t body_before = connection->sent > head_length ? connection->sent - head_length : 0;
    connection->sent += count;
    uint64_t body = connection->sent > head_length ? connection->sent - head_length - body_before : 0;
    client->run->statistics.bytes_sent += body;
    if (client->run->rate > 0) {
        connection->allowance -= body;
    }
}

static void send_piece(struct plain_client *client, struct connection *connection) {
    struct iovec pieces[2];
    struct msghdr message = {.msg_iov = pieces};
    size_t total = gather(client, connection, &message);
    if (total == 0) {
        return;
    }
    ssize_t count = sendmsg(connection->socket, &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) {
        count = 0;
    } else if (count < 0 && errno == EAGAIN) {
        connection->is_blocked = true;
        return;
    } else if (count < 0) {
        // The server has closed, perhaps after an answer; that can still be read.
        connection->has_ended = true;
        connection->is_readable = true;
        connection_make_ready(client, connection);
        return;
    }
    count_sent(client, connection, count);
    if ((size_t)count < total && count > 0) {
        // A short count is the same as the next call's EAGAIN, and spares it.
        connection->is_blocked = true;
    } else if (connection->sent < request_size(connection->request)
        && (client->run->rate == 0 || connection->allowance > 0)) {
        connection_make_ready(client, connection);
    }
}

void connection_advance(struct plain_client *client, struct connection *connection) {
    if (connection->request == NULL) {
        begin_request(client, connection);
    }
    if (connection->socket >= 0 && connection->is_readable) {
        receive(client, connection);
    }
    if (connection->socket < 0 || connection->request == NULL || connection->is_connecting || connection->is_blocked
        || connection->has_ended || answer_is_decided(&connection->answer)) {
        return;
    }
    send_piece(client, connection);
}

void connection_report(struct plain_client *client, struct connection *connection, uint32_t events) {
    if (connection->is_connecting) {
        int error = 0;
        socklen_t length = sizeof error;
        if (getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &error, &length) < 0 || error != 0) {
            break_off(client, connection);
            return;
        }
        connection->is_connecting = (events & EPOLLOUT) == 0;
    }
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        connection->has_ended = true;
        connection->is_readable = true;
    }
    if ((events & EPOLLIN) != 0) {
        connection->is_readable = true;
    }
    if ((events & EPOLLOUT) != 0) {
        connection->is_blocked = false;
    }
    connection_advance(client, connection);
}
