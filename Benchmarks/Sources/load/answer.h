#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// An HTTP/1.1 answer, read as it comes (RFC 9112). It keeps one line at most, so ten thousand of them are small.
struct answer {
    enum {
        answer_status_line,
        answer_headers,
        answer_length_body,
        answer_chunk_size,
        answer_chunk,
        answer_chunk_end,
        answer_trailer,
        answer_body_until_close,
        answer_done,
        answer_bad,
    } state;
    bool has_begun;  // a byte of it was there
    bool is_to_head; // has no body whatever it says
    bool is_chunked;
    bool has_length;
    bool closes; // the connection is of no use after it
    uint16_t status;
    uint16_t line_length;
    uint64_t left;
    char line[200]; // longer lines are cut: what is read from them is short
};

typedef void answer_sink(void *context, const char *bytes, size_t count);

void answer_begin(struct answer *answer, bool is_to_head);
// Takes bytes until the answer is done or bad; returns how many it took. Bytes of the body go to `sink`.
size_t answer_take(struct answer *answer, const char *bytes, size_t count, answer_sink *sink, void *context);
// Bytes of the body that were read elsewhere, at most `left` in the state `answer_length_body`.
void answer_skip(struct answer *answer, uint64_t count);
// The connection has ended; the answer is done if nothing else could have told its end.
void answer_end(struct answer *answer);
// A final status is known: whatever is not sent by now is not wanted.
bool answer_is_decided(const struct answer *answer);
