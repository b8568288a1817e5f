#include "failure.h"
#include "run.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char usage[] =
    "usage: load --client curl|plain --port P [--host 127.0.0.1] --connections C --requests FILE\n"
    "            [--rate BYTES_PER_SECOND] [--responses FILE] [--time-limit SECONDS]\n";

struct options {
    const char *client;
    const char *host;
    const char *requests;
    const char *responses;
    uint64_t port;
    uint64_t connections;
    uint64_t rate;
    uint64_t seconds;
};

static _Noreturn void refuse(void) {
    fputs(usage, stderr);
    exit(1);
}

static uint64_t number(const char *name, const char *text, uint64_t least, uint64_t most) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != 0 || value < least || value > most) {
        fail(0, "--%s must be a number from %llu to %llu, not \"%s\"", name, (unsigned long long)least,
            (unsigned long long)most, text);
    }
    return value;
}

static void parse(struct options *options, int count, char **arguments) {
    static const struct option known[] = {
        {"client", required_argument, NULL, 'c'}, {"port", required_argument, NULL, 'p'},
        {"host", required_argument, NULL, 'h'}, {"connections", required_argument, NULL, 'n'},
        {"requests", required_argument, NULL, 'q'}, {"rate", required_argument, NULL, 'r'},
        {"responses", required_argument, NULL, 'a'}, {"time-limit", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct options){.host = "127.0.0.1", .seconds = 600};
    int option;
    while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
        switch (option) {
        case 'c': options->client = optarg; break;
        case 'p': options->port = number("port", optarg, 1, 65535); break;
        case 'h': options->host = optarg; break;
        case 'n': options->connections = number("connections", optarg, 1, 1000000); break;
        case 'q': options->requests = optarg; break;
        // Below ten bytes a second a tenth of a second gives less than a byte.
        case 'r': options->rate = number("rate", optarg, 10, UINT64_C(1) << 40); break;
        case 'a': options->responses = optarg; break;
        case 't': options->seconds = number("time-limit", optarg, 1, 1000000); break;
        default: refuse();
        }
    }
    bool is_known = options->client != NULL
        && (strcmp(options->client, "curl") == 0 || strcmp(options->client, "plain") == 0);
    if (optind != count || !is_known || options->port == 0 || options->connections == 0 || options->requests == NULL) {
        refuse();
    }
}

// Each connection is a descriptor, and the usual soft limit is a thousand.
static void raise_descriptor_limit(size_t connections) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        fail(errno, "cannot read the limit of open files");
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
        fail(errno, "cannot raise the limit of open files");
    }
    if (connections + 32 > limit.rlim_max) {
        fail(0, "%zu connections are too many: %llu files may be open", connections,
            (unsigned long long)limit.rlim_max);
    }
}

int main(int count, char **arguments) {
    struct options options;
    parse(&options, count, arguments);
    char authority[280];
    if (snprintf(authority, sizeof authority, "%s:%u", options.host, (unsigned)options.port) >= (int)sizeof authority) {
        fail(0, "the name of the host is too long");
    }
    struct run run = {
        .host = options.host,
        .port = options.port,
        .connections = options.connections,
        .rate = options.rate,
        .time_limit = options.seconds * INT64_C(1000000000),
    };
    request_list_read(&run.list, options.requests, authority);
    if (run.list.count == 0) {
        fail(0, "%s holds no request", options.requests);
    }
    if (run.connections > run.list.count) {
        run.connections = run.list.count; // The others would never be opened.
    }
    raise_descriptor_limit(run.connections);
    body_source_make(&run.source);
    statistics_make(&run.statistics, run.list.count, options.responses != NULL);

    bool has_ended = strcmp(options.client, "curl") == 0 ? curl_client_run(&run) : plain_client_run(&run);

    if (options.responses != NULL) {
        statistics_write_texts(&run.statistics, options.responses);
    }
    statistics_print(&run.statistics);
    return has_ended ? 0 : 1;
}
