#pragma once

#include "body.h"
#include "requests.h"
#include "statistics.h"

// What a client is to do.
struct run {
    const char *host;
    unsigned port;
    size_t connections;
    uint64_t rate; // bytes per second and connection; 0: no limit
    int64_t time_limit; // nanoseconds
    struct request_list list;
    struct body_source source;
    struct statistics statistics;
};

// Both send every request of the list and return false when the time limit ended them.
bool plain_client_run(struct run *run);
bool curl_client_run(struct run *run);
