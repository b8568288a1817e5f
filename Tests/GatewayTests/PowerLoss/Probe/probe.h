// What the probe and the tests tell each other; the tests read and write the same bytes (DiskProbe, DiskLog).

#ifndef SLUICE_PROBE_H
#define SLUICE_PROBE_H

#include <stdint.h>

enum { SYNCS, WRITES, SHORT_WRITES, CHANGES, FAULTS };

struct fault {
    int32_t left;    // how many more calls fail
    int32_t error;   // with what
    int32_t one_in;  // only one in so many, by chance; 0 and 1 mean each
    int32_t count;   // how many failed
    char filter[48]; // part of the path; empty for any
};

struct delay {
    int32_t microseconds;  // before each write and each sync
    char filter[60];       // part of the path
};

struct control {
    int64_t clock_seconds;  // added to the time of day
    uint64_t seed;
    struct fault faults[FAULTS];
    struct delay delay;
};

enum {
    OPENED = 1, WRITTEN, SIZED, RESERVED, SYNC_BEGUN, SYNCED, SYNC_FAILED, RENAMED, REMOVED, FOLDER_MADE,
    FOLDER_REMOVED, ANSWERED,
};

struct record {
    uint32_t kind;
    uint32_t path_bytes;
    uint32_t other_bytes;
    uint32_t flags;
    uint64_t handle;
    int64_t offset;
    uint64_t data_bytes;
};

#endif
