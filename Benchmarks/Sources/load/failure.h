#pragma once

#include <stddef.h>

// Says on stderr what went wrong (with the system's reason when `error` is not 0) and exits with status 1.
// A generator that has lost a socket or its memory has no number worth printing.
_Noreturn void fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Never NULL.
void *allocate(size_t count, size_t size);
void *reallocate(void *memory, size_t size);
