#define _GNU_SOURCE // EPOLL_CLOEXEC

#include "plainclient.h"

#include "connection.h"
#include "failure.h"
#include "pace.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { events_per_wait = 512 };
// A server accepts connections one after the other, and what its backlog does not hold costs a second each: so long the
// kernel waits before it repeats a SYN. Hence the connections begin in groups, the next one when the server has come to
// most of the last, or at the latest after this time, as it may answer none before all are there.
enum { openings_at_once = 64, unproven_at_most = 64, opening_interval = 20000000 };

static void resolve(struct address *address, const char *host, unsigned port) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0) {
        fail(0, "cannot find %s: %s", host, gai_strerror(error));
    }
    memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
    address->length = found->ai_addrlen;
    address->family = found->ai_family;
    freeaddrinfo(found);
}

static void make_client(struct plain_client *client, struct run *run) {
    *client = (struct plain_client){.run = run};
    resolve(&client->address, run->host, run->port);
    client->poll = epoll_create1(EPOLL_CLOEXEC);
    if (client->poll < 0) {
        fail(errno, "cannot make an epoll descriptor");
    }
    client->connections = allocate(run->connections, sizeof *client->connections);
    for (size_t index = 0; index < run->connections; index++) {
        client->connections[index].socket = -1;
    }
    client->received = allocate(1, plain_receive_size);
}

static void destroy_client(struct plain_client *client) {
    for (size_t index = 0; index < client->run->connections; index++) {
        if (client->connections[index].socket >= 0) {
            close(client->connections[index].socket);
        }
    }
    close(client->poll);
    free(client->connections);
    free(client->received);
}

static bool must_open(const struct plain_client *client) {
    return client->opened < client->run->connections;
}

static void open_some(struct plain_client *client) {
    int64_t now = nanoseconds_now();
    bool may_open = client->opened - client->proven < unproven_at_most
        || now >= client->last_opening + opening_interval;
    if (!must_open(client) || !may_open) {
        return;
    }
    client->last_opening = now;
    for (int count = 0; count < openings_at_once && must_open(client); count++) {
        connection_make_ready(client, &client->connections[client->opened++]);
    }
}

// Those that become ready meanwhile have their turn after the next look at the kernel's events.
static void give_turns(struct plain_client *client) {
    struct connection *connection = client->first_ready;
    client->first_ready = NULL;
    client->last_ready = NULL;
    while (connection != NULL) {
        struct connection *next = connection->next_ready;
        connection->is_ready = false;
        connection_advance(client, connection);
        connection = next;
    }
}

static void give_allowances(struct plain_client *client, struct pace *pace) {
    int64_t now = nanoseconds_now();
    while (client->run->rate > 0 && pace_due(pace) <= now) {
        uint64_t bytes;
        size_t turn = pace_take(pace, now, &bytes);
        if (turn < client->opened) {
            client->connections[turn].allowance = bytes;
            connection_advance(client, &client->connections[turn]);
        }
    }
}

static int timeout(const struct plain_client *client, const struct pace *pace, int64_t deadline) {
    int64_t due = deadline;
    if (client->first_ready != NULL) {
        return 0;
    }
    if (client->run->rate > 0 && pace_due(pace) < due) {
        due = pace_due(pace);
    }
    if (must_open(client) && client->last_opening + opening_interval < due) {
        due = client->last_opening + opening_interval;
    }
    int64_t left = due - nanoseconds_now();
    return left <= 0 ? 0 : left / 1000000 + 1;
}

static void wait_for_events(struct plain_client *client, int timeout) {
    struct epoll_event events[events_per_wait];
    int count = epoll_wait(client->poll, events, events_per_wait, timeout);
    if (count < 0 && errno != EINTR) {
        fail(errno, "cannot wait for events");
    }
    for (int index = 0; index < count; index++) {
        connection_report(client, events[index].data.ptr, events[index].events);
    }
}

bool plain_client_run(struct run *run) {
    struct plain_client client;
    struct pace pace;
    make_client(&client, run);
    statistics_start(&run->statistics);
    pace_make(&pace, run->rate, run->connections, run->statistics.begun);
    int64_t deadline = run->statistics.begun + run->time_limit;
    while (client.finished < run->list.count && nanoseconds_now() < deadline) {
        give_allowances(&client, &pace);
        open_some(&client);
        give_turns(&client);
        if (client.finished < run->list.count) {
            wait_for_events(&client, timeout(&client, &pace, deadline));
        }
    }
    statistics_stop(&run->statistics);
    bool has_ended = client.finished == run->list.count;
    destroy_client(&client);
    return has_ended;
}
