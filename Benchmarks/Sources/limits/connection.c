#define _GNU_SOURCE // memmem

#include "connection.h"

#include "failure.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { head_size = 16 << 10 };

// Reads a head with its empty line and not a byte more: the body is to go straight to where it is needed. That is why
// the kernel is asked to show the bytes first. Returns false at the end of the connection.
static bool read_head(int socket, char *head) {
    size_t have = 0;
    while (have < head_size - 1) {
        ssize_t count = recv(socket, head + have, head_size - 1 - have, MSG_PEEK);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        const char *end = memmem(head, have + count, "\r\n\r\n", 4);
        size_t wanted = end != NULL ? (size_t)(end + 4 - head) - have : (size_t)count;
        if (recv(socket, head + have, wanted, MSG_WAITALL) != (ssize_t)wanted) {
            return false;
        }
        have += wanted;
        head[have] = 0;
        if (end != NULL) {
            return true;
        }
    }
    return false;
}

static const char *header_value(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strchr(head, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
        if (strncasecmp(line + 1, name, length) == 0 && line[1 + length] == ':') {
            return line + 1 + length + 1;
        }
    }
    return NULL;
}

// Where the body of `PUT /any/name?query HTTP/1.1` goes. Returns false if that names no file.
static bool make_path(char *path, const char *folder, const char *target) {
    size_t length = strcspn(target, " ?");
    const char *end = target + length;
    const char *name = end;
    while (name > target && name[-1] != '/') {
        name--;
    }
    length = end - name;
    bool is_folder = (length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.');
    return length > 0 && length <= NAME_MAX && !is_folder
        && snprintf(path, PATH_MAX, "%s/%.*s", folder, (int)length, name) < PATH_MAX;
}

static bool answer(int socket, const char *status, bool closes) {
    char text[128];
    int length = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: 0\r\n%s\r\n", status,
        closes ? "Connection: close\r\n" : "");
    return send(socket, text, length, MSG_NOSIGNAL) == length && !closes;
}

static bool serve_one(const struct connection *connection, struct receiver *receiver, char *head) {
    if (!read_head(connection->socket, head)) {
        return false;
    }
    const char *length = header_value(head, "Content-Length");
    char path[PATH_MAX];
    if (strncmp(head, "PUT ", 4) != 0) {
        return answer(connection->socket, "405 Method Not Allowed", true);
    }
    if (length == NULL) {
        return answer(connection->socket, "411 Length Required", true);
    }
    if (!make_path(path, connection->folder, head + 4)) {
        return answer(connection->socket, "400 Bad Request", true);
    }
    if (receiver_store(receiver, connection->socket, path, strtoull(length, NULL, 10)) == receiver_gone) {
        return false;
    }
    return answer(connection->socket, "201 Created", false);
}

void connection_serve(const struct connection *connection) {
    struct receiver receiver;
    receiver_make(&receiver, connection->kind);
    char *head = malloc(head_size);
    if (head == NULL) {
        fail(0, "no memory for a head");
    }
    while (serve_one(connection, &receiver, head)) {
    }
    free(head);
    receiver_destroy(&receiver);
    close(connection->socket);
}
