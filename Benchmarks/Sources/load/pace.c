#include "pace.h"

enum { period = 100000000, periods_per_second = 10 };

void pace_make(struct pace *pace, uint64_t rate, size_t count, int64_t now) {
    *pace = (struct pace){.rate = rate, .count = count, .begun = now};
}

int64_t pace_due(const struct pace *pace) {
    return pace->begun + (int64_t)pace->round * period + (int64_t)((double)pace->next / pace->count * period);
}

size_t pace_take(struct pace *pace, int64_t now, uint64_t *bytes) {
    int64_t late = now - pace_due(pace);
    if (late > period) {
        pace->begun += late;
    }
    // The difference of two exact sums: nothing is lost to rounding over many rounds.
    *bytes = pace->rate * (pace->round + 1) / periods_per_second - pace->rate * pace->round / periods_per_second;
    size_t turn = pace->next++;
    if (pace->next == pace->count) {
        pace->next = 0;
        pace->round++;
    }
    return turn;
}
