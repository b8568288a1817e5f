#define _GNU_SOURCE // accept4

#include "connection.h"
#include "failure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char usage[] = "usage: limits direct|splice --port P --folder DIR\n";

enum { backlog = 4096, stack_size = 128 << 10 };

struct options {
    enum receiver_kind kind;
    uint16_t port;
    const char *folder;
};

static _Noreturn void refuse(void) {
    fputs(usage, stderr);
    exit(1);
}

static void parse(struct options *options, int count, char **arguments) {
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'}, {"folder", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
    *options = (struct options){0};
    int option;
    while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
        long port;
        char *end;
        switch (option) {
        case 'p':
            port = strtol(optarg, &end, 10);
            if (*end != 0 || port < 1 || port > 65535) {
                refuse();
            }
            options->port = port;
            break;
        case 'f': options->folder = optarg; break;
        default: refuse();
        }
    }
    if (optind + 1 != count || options->port == 0 || options->folder == NULL) {
        refuse();
    }
    if (strcmp(arguments[optind], "direct") == 0) {
        options->kind = receiver_direct;
    } else if (strcmp(arguments[optind], "splice") == 0) {
        options->kind = receiver_splice;
    } else {
        refuse();
    }
}

static void stop(int signal) {
    (void)signal;
    _exit(0);
}

static int listen_on(uint16_t port) {
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0
        || bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 || listen(listener, backlog) < 0) {
        fail(errno, "cannot listen on port %u", port);
    }
    return listener;
}

static void *serve(void *context) {
    struct connection connection = *(struct connection *)context;
    free(context);
    connection_serve(&connection);
    return NULL;
}

static void accept_one(int listener, const struct options *options, const pthread_attr_t *attributes) {
    int one = 1;
    int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket < 0 && (errno == EINTR || errno == ECONNABORTED)) {
        return;
    }
    if (socket < 0 || setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0) {
        fail(errno, "cannot accept a connection");
    }
    struct connection *connection = malloc(sizeof *connection);
    if (connection == NULL) {
        fail(0, "no memory for a connection");
    }
    *connection = (struct connection){socket, options->kind, options->folder};
    pthread_t thread;
    int error = pthread_create(&thread, attributes, serve, connection);
    if (error != 0) {
        fail(error, "cannot start a thread");
    }
}

int main(int count, char **arguments) {
    struct options options;
    parse(&options, count, arguments);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    struct sigaction action = {.sa_handler = stop};
    pthread_attr_t attributes;
    if (sigaction(SIGTERM, &action, NULL) < 0 || pthread_attr_init(&attributes) != 0
        || pthread_attr_setstacksize(&attributes, stack_size) != 0
        || pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) != 0) {
        fail(errno, "cannot prepare");
    }
    int listener = listen_on(options.port);
    printf("listening on %u\n", options.port);
    if (fflush(stdout) != 0) {
        fail(errno, "cannot write to stdout");
    }
    while (true) {
        accept_one(listener, &options, &attributes);
    }
}
