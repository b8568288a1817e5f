#include "requests.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

bool request_tells_length(const struct request *request) {
    return request->body.kind != body_none || strcmp(request->method, "PUT") == 0
        || strcmp(request->method, "POST") == 0 || strcmp(request->method, "PATCH") == 0;
}

// The whole file with a 0 behind it. It is never freed: the requests point into it.
static char *read_file(const char *path, size_t *length) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) < 0) {
        fail(errno, "cannot read %s", path);
    }
    size_t size = status.st_size;
    char *bytes = allocate(size + 1, 1);
    size_t have = 0;
    while (have < size) {
        ssize_t count = read(descriptor, bytes + have, size - have);
        if (count < 0) {
            fail(errno, "cannot read %s", path);
        }
        if (count == 0) {
            break;
        }
        have += count;
    }
    close(descriptor);
    *length = have;
    return bytes;
}

// Replaces \r, \n, \t and \\ by what they stand for, in place. Returns the new length.
static size_t unescape(char *text, size_t line) {
    static const char letters[] = "rnt\\";
    static const char meanings[] = "\r\n\t\\";
    char *end = text;
    for (const char *at = text; *at != 0; at++) {
        if (*at != '\\') {
            *end++ = *at;
            continue;
        }
        at++;
        const char *letter = *at != 0 ? strchr(letters, *at) : NULL;
        if (letter == NULL) {
            fail(0, "line %zu: only \\r, \\n, \\t and \\\\ may follow a backslash in an escaped body", line);
        }
        *end++ = meanings[letter - letters];
    }
    *end = 0;
    return end - text;
}

static struct body parse_body(char *field, size_t line) {
    struct body body = {.kind = body_none};
    if (strcmp(field, "-") == 0) {
        return body;
    }
    if (strncmp(field, "text:", 5) == 0) {
        body.kind = body_text;
        body.text = field + 5;
        body.length = strlen(body.text);
        return body;
    }
    if (strncmp(field, "escaped:", 8) == 0) {
        body.kind = body_text;
        body.text = field + 8;
        body.length = unescape(field + 8, line);
        return body;
    }
    if (strncmp(field, "bytes:", 6) == 0 && field[6] >= '0' && field[6] <= '9') {
        char *end;
        errno = 0;
        body.kind = body_generated;
        body.length = strtoull(field + 6, &end, 10);
        if (*end == 0 && errno == 0) {
            return body;
        }
    }
    fail(0, "line %zu: the body must be -, bytes:N, text:... or escaped:..., not \"%s\"", line, field);
}

static bool is_header(const char *header, const char *name) {
    size_t length = strlen(name);
    return strncasecmp(header, name, length) == 0 && header[length] == ':';
}

static void render_head(struct request *request, const char *authority) {
    bool has_host = false;
    size_t size = strlen(request->method) + strlen(request->target) + strlen(authority) + 128;
    for (const char *const *header = request->headers; *header != NULL; header++) {
        has_host = has_host || is_header(*header, "Host");
        size += strlen(*header) + 2;
    }
    char *head = allocate(size, 1);
    char *end = head + sprintf(head, "%s %s HTTP/1.1\r\n", request->method, request->target);
    if (!has_host) {
        end += sprintf(end, "Host: %s\r\n", authority);
    }
    for (const char *const *header = request->headers; *header != NULL; header++) {
        end += sprintf(end, "%s\r\n", *header);
    }
    if (request_tells_length(request)) {
        end += sprintf(end, "Content-Length: %llu\r\n", (unsigned long long)request->body.length);
    }
    end += sprintf(end, "\r\n");
    request->head = head;
    request->head_length = end - head;
}

static void parse_request(struct request *request, char *text, size_t line, const char *authority) {
    size_t fields = 1;
    for (const char *at = text; *at != 0; at++) {
        fields += *at == '\t';
    }
    if (fields < 3) {
        fail(0, "line %zu: METHOD, TARGET and BODY are needed, separated by tabs", line);
    }
    request->method = strsep(&text, "\t");
    request->target = strsep(&text, "\t");
    request->body = parse_body(strsep(&text, "\t"), line);
    request->is_head = strcmp(request->method, "HEAD") == 0;
    if (request->method[0] == 0 || request->target[0] != '/') {
        fail(0, "line %zu: a method and a target that begins with / are needed", line);
    }
    const char **headers = allocate(fields - 3 + 1, sizeof *headers);
    request->headers = headers;
    for (char *header; (header = strsep(&text, "\t")) != NULL;) {
        if (header[0] == 0) {
            continue;
        }
        if (strchr(header, ':') == NULL) {
            fail(0, "line %zu: \"%s\" is not a header", line, header);
        }
        // They would contradict what the clients say of the body themselves.
        if (is_header(header, "Content-Length") || is_header(header, "Transfer-Encoding")
            || is_header(header, "Expect")) {
            fail(0, "line %zu: \"%s\": the length is told by BODY, and there is no Expect", line, header);
        }
        *headers++ = header;
    }
    render_head(request, authority);
}

void request_list_read(struct request_list *list, const char *path, const char *authority) {
    size_t length;
    char *text = read_file(path, &length);
    if (memchr(text, 0, length) != NULL) {
        fail(0, "%s holds a zero byte", path);
    }
    size_t lines = 1;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    list->requests = allocate(lines, sizeof *list->requests);
    list->count = 0;
    size_t number = 0;
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        number++;
        if (line[0] != 0) {
            parse_request(&list->requests[list->count++], line, number, authority);
        }
    }
}
