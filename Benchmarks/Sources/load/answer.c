#define _GNU_SOURCE // strcasestr
#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void answer_begin(struct answer *answer, bool is_to_head) {
    // All but the line, which is not read before it is written.
    memset(answer, 0, offsetof(struct answer, line));
    answer->is_to_head = is_to_head;
}

bool answer_is_decided(const struct answer *answer) {
    return answer->state != answer_status_line && answer->status >= 200;
}

void answer_end(struct answer *answer) {
    answer->state = answer->state == answer_body_until_close ? answer_done : answer_bad;
}

void answer_skip(struct answer *answer, uint64_t count) {
    answer->left -= count;
    if (answer->left == 0) {
        answer->state = answer_done;
    }
}

static void take_status_line(struct answer *answer) {
    const char *line = answer->line;
    if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12 || line[8] != ' ') {
        answer->state = answer_bad;
        return;
    }
    int status = atoi(line + 9);
    if (status < 100 || status > 599) {
        answer->state = answer_bad;
        return;
    }
    answer->status = status;
    answer->closes = line[7] == '0';
    answer->state = answer_headers;
}

static const char *value_of(const char *line, const char *name) {
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':') {
        return NULL;
    }
    const char *value = line + length + 1;
    return value + strspn(value, " \t");
}

static void take_end_of_head(struct answer *answer) {
    if (answer->status < 200) {
        answer_begin(answer, answer->is_to_head);
        answer->has_begun = true;
    } else if (answer->is_to_head || answer->status == 204 || answer->status == 304) {
        answer->state = answer_done;
    } else if (answer->is_chunked) {
        answer->state = answer_chunk_size;
    } else if (answer->has_length) {
        answer->state = answer->left > 0 ? answer_length_body : answer_done;
    } else {
        answer->closes = true;
        answer->state = answer_body_until_close;
    }
}

static void take_header(struct answer *answer) {
    const char *value;
    if (answer->line[0] == 0) {
        take_end_of_head(answer);
    } else if ((value = value_of(answer->line, "Content-Length")) != NULL) {
        answer->has_length = true;
        answer->left = strtoull(value, NULL, 10);
    } else if ((value = value_of(answer->line, "Transfer-Encoding")) != NULL) {
        answer->is_chunked = strcasestr(value, "chunked") != NULL;
    } else if ((value = value_of(answer->line, "Connection")) != NULL) {
        answer->closes = strcasestr(value, "close") != NULL
            || (answer->closes && strcasestr(value, "keep-alive") == NULL);
    }
}

static void take_line(struct answer *answer) {
    char *end;
    switch (answer->state) {
    case answer_status_line:
        take_status_line(answer);
        break;
    case answer_headers:
        take_header(answer);
        break;
    case answer_chunk_size:
        answer->left = strtoull(answer->line, &end, 16);
        if (end == answer->line) {
            answer->state = answer_bad;
        } else {
            answer->state = answer->left > 0 ? answer_chunk : answer_trailer;
        }
        break;
    case answer_chunk_end:
        answer->state = answer->line[0] == 0 ? answer_chunk_size : answer_bad;
        break;
    case answer_trailer:
        answer->state = answer->line[0] == 0 ? answer_done : answer_trailer;
        break;
    default:
        answer->state = answer_bad;
    }
}

// Collects bytes up to the end of a line, across pieces.
static size_t gather_line(struct answer *answer, const char *bytes, size_t count) {
    const char *end = memchr(bytes, '\n', count);
    size_t used = end != NULL ? (size_t)(end - bytes) : count;
    size_t room = sizeof answer->line - 1 - answer->line_length;
    size_t kept = used < room ? used : room;
    memcpy(answer->line + answer->line_length, bytes, kept);
    answer->line_length += kept;
    if (end == NULL) {
        return used;
    }
    if (answer->line_length > 0 && answer->line[answer->line_length - 1] == '\r') {
        answer->line_length--;
    }
    answer->line[answer->line_length] = 0;
    answer->line_length = 0;
    take_line(answer);
    return used + 1;
}

static size_t take_body(
    struct answer *answer, const char *bytes, size_t count, answer_sink *sink, void *context) {
    size_t used = count;
    if (answer->state != answer_body_until_close) {
        used = answer->left < count ? answer->left : count;
        answer->left -= used;
        if (answer->left == 0) {
            answer->state = answer->state == answer_chunk ? answer_chunk_end : answer_done;
        }
    }
    sink(context, bytes, used);
    return used;
}

size_t answer_take(struct answer *answer, const char *bytes, size_t count, answer_sink *sink, void *context) {
    size_t used = 0;
    answer->has_begun = answer->has_begun || count > 0;
    while (used < count && answer->state != answer_done && answer->state != answer_bad) {
        switch (answer->state) {
        case answer_length_body:
        case answer_chunk:
        case answer_body_until_close:
            used += take_body(answer, bytes + used, count - used, sink, context);
            break;
        default:
            used += gather_line(answer, bytes + used, count - used);
        }
    }
    return used;
}
