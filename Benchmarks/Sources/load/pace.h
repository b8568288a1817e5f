#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Tells slow connections how much they may send: a tenth of the rate every 100 ms each, their turns spread evenly over
// that time. As all have the same period, their turns come in the order of their numbers and need no heap of timers.
struct pace {
    uint64_t rate; // bytes per second; 0: no limit, no turns
    size_t count;
    int64_t begun; // nanoseconds
    uint64_t round;
    size_t next;
};

void pace_make(struct pace *pace, uint64_t rate, size_t count, int64_t now);
// When the next turn is due.
int64_t pace_due(const struct pace *pace);
// Takes the next turn: whose it is and how many bytes it gives. Turns that were missed by more than a period are
// dropped, else a stalled machine would be followed by a burst.
size_t pace_take(struct pace *pace, int64_t now, uint64_t *bytes);
