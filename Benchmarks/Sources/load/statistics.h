#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t nanoseconds_now(void);

struct kept_text;

// What became of the requests.
struct statistics {
    size_t count;
    size_t succeeded;       // a whole answer with a status from 200 to 399
    int64_t *durations;     // nanoseconds, for every request; -1 without a whole answer
    uint64_t statuses[600]; // whole answers only
    uint64_t bytes_sent;
    uint64_t bytes_received;
    int64_t begun;
    int64_t ended;
    int64_t cpu; // nanoseconds
    struct kept_text *texts; // NULL when nobody asked for them
};

void statistics_make(struct statistics *statistics, size_t count, bool keeps_texts);
void statistics_start(struct statistics *statistics);
void statistics_stop(struct statistics *statistics);

void statistics_received(struct statistics *statistics, size_t index, const char *bytes, size_t count);
void statistics_answered(struct statistics *statistics, size_t index, unsigned status, int64_t duration);

// One JSON object on stdout.
void statistics_print(struct statistics *statistics);
// The answers in the order of the requests, one line each; an empty line for a request without an answer.
void statistics_write_texts(const struct statistics *statistics, const char *path);
