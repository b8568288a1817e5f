#pragma once

#include <stddef.h>
#include <stdint.h>

// What the bodies of all requests are made of: 16 MiB that begin like an MP4 file and are repeated for longer bodies.
struct body_source {
    char *bytes;
};

enum { body_source_size = 16 << 20 };

// Makes and touches the bytes, so that neither page faults nor random numbers fall into the measured time.
void body_source_make(struct body_source *source);

struct body {
    enum { body_none, body_text, body_generated } kind;
    uint64_t length;
    const char *text;
};

// The bytes of `body` that begin at `offset`: where they are, and how many lie there in one piece.
const char *body_piece(const struct body_source *source, const struct body *body, uint64_t offset, size_t *count);
