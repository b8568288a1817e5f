#pragma once

#include "answer.h"
#include "run.h"

#include <sys/socket.h>

// A keep-alive connection of the plain client, and what it is at.
struct connection {
    int socket; // -1: none yet, or closed
    bool is_connecting;
    bool is_blocked;  // the kernel takes no more; an edge of EPOLLOUT will tell
    bool is_readable; // there may be bytes to read
    bool has_ended;   // the server will send no more than is here already
    bool is_reused;   // it has carried a whole exchange before
    bool is_retried;
    bool is_ready;  // in the client's list
    bool is_proven; // a request of it is over, so the server knows of it
    const struct request *request; // NULL: idle
    size_t index;                  // of the request
    uint64_t sent;                 // of head and body
    uint64_t allowance;            // bytes of body that may be sent now
    int64_t begun;
    struct answer answer;
    struct connection *next_ready;
};

struct address {
    struct sockaddr_storage storage;
    socklen_t length;
    int family;
};

struct plain_client {
    struct run *run;
    struct address address;
    int poll;
    struct connection *connections;
    size_t opened; // how many have begun to work
    size_t proven;
    int64_t last_opening;
    size_t next_request; // in the list
    size_t finished;     // requests that are over, answered or not
    struct connection *first_ready;
    struct connection *last_ready;
    char *received; // shared by all: nothing stays in it from one call to the next
};

// Puts the connection at the end of those that get a turn without waiting for the kernel.
void connection_make_ready(struct plain_client *client, struct connection *connection);
// One turn: takes a request if it has none, reads what is there, sends one piece.
void connection_advance(struct plain_client *client, struct connection *connection);
// What epoll reported.
void connection_report(struct plain_client *client, struct connection *connection, uint32_t events);
