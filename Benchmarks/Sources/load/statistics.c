#include "statistics.h"

#include "failure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct kept_text {
    char *bytes;
    size_t length;
    size_t room;
};

int64_t nanoseconds_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

// Of this process with all its threads: libcurl may have some for itself.
static int64_t nanoseconds_of_cpu(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

void statistics_make(struct statistics *statistics, size_t count, bool keeps_texts) {
    memset(statistics, 0, sizeof *statistics);
    statistics->count = count;
    statistics->durations = allocate(count, sizeof *statistics->durations);
    for (size_t index = 0; index < count; index++) {
        statistics->durations[index] = -1;
    }
    if (keeps_texts) {
        statistics->texts = allocate(count, sizeof *statistics->texts);
    }
}

void statistics_start(struct statistics *statistics) {
    statistics->cpu = nanoseconds_of_cpu();
    statistics->begun = nanoseconds_now();
}

void statistics_stop(struct statistics *statistics) {
    statistics->ended = nanoseconds_now();
    statistics->cpu = nanoseconds_of_cpu() - statistics->cpu;
}

void statistics_received(struct statistics *statistics, size_t index, const char *bytes, size_t count) {
    statistics->bytes_received += count;
    if (statistics->texts == NULL) {
        return;
    }
    struct kept_text *text = &statistics->texts[index];
    if (text->room - text->length < count) {
        text->room = (text->length + count) * 2;
        text->bytes = reallocate(text->bytes, text->room);
    }
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
}

void statistics_answered(struct statistics *statistics, size_t index, unsigned status, int64_t duration) {
    statistics->durations[index] = duration;
    statistics->succeeded += status >= 200 && status < 400;
    statistics->statuses[status < 600 ? status : 0]++;
}

static int by_size(const void *one, const void *other) {
    int64_t left = *(const int64_t *)one;
    int64_t right = *(const int64_t *)other;
    return (left > right) - (left < right);
}

// The smallest duration that is not passed by this share of the answers, in milliseconds.
static double quantile(const int64_t *sorted, size_t count, double share) {
    if (count == 0) {
        return 0;
    }
    size_t rank = (size_t)(share * count);
    rank += rank < share * count;
    return sorted[rank > 0 ? rank - 1 : 0] / 1e6;
}

void statistics_print(struct statistics *statistics) {
    size_t answered = 0;
    int64_t *sorted = allocate(statistics->count, sizeof *sorted);
    for (size_t index = 0; index < statistics->count; index++) {
        if (statistics->durations[index] >= 0) {
            sorted[answered++] = statistics->durations[index];
        }
    }
    qsort(sorted, answered, sizeof *sorted, by_size);

    printf("{\"seconds\":%.6f,\"requests\":%zu,\"succeeded\":%zu,\"failed\":%zu,\"statuses\":{",
        (statistics->ended - statistics->begun) / 1e9, statistics->count, statistics->succeeded,
        statistics->count - statistics->succeeded);
    const char *separator = "";
    for (unsigned status = 0; status < 600; status++) {
        if (statistics->statuses[status] > 0) {
            printf("%s\"%u\":%llu", separator, status, (unsigned long long)statistics->statuses[status]);
            separator = ",";
        }
    }
    printf("},\"bytesSent\":%llu,\"bytesReceived\":%llu,", (unsigned long long)statistics->bytes_sent,
        (unsigned long long)statistics->bytes_received);
    printf("\"milliseconds\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f},\"cpuSeconds\":%.6f}\n",
        quantile(sorted, answered, 0.5), quantile(sorted, answered, 0.95), quantile(sorted, answered, 0.99),
        quantile(sorted, answered, 1), statistics->cpu / 1e9);
    free(sorted);
    if (fflush(stdout) != 0) {
        fail(errno, "cannot write the result");
    }
}

void statistics_write_texts(const struct statistics *statistics, const char *path) {
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        fail(errno, "cannot write %s", path);
    }
    for (size_t index = 0; index < statistics->count; index++) {
        const struct kept_text *text = &statistics->texts[index];
        size_t length = statistics->durations[index] >= 0 ? text->length : 0;
        for (size_t at = 0; at < length; at++) {
            char byte = text->bytes[at];
            putc(byte == '\n' || byte == '\r' ? ' ' : byte, file);
        }
        putc('\n', file);
    }
    bool wrong = ferror(file) != 0;
    if (fclose(file) != 0 || wrong) {
        fail(errno, "cannot write %s", path);
    }
}
