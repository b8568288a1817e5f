#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(int error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (error != 0) {
        fprintf(stderr, ": %s", strerror(error));
    }
    fputc('\n', stderr);
    exit(1);
}

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) {
        fail(0, "no memory for %zu x %zu bytes", count, size);
    }
    return memory;
}

void *reallocate(void *memory, size_t size) {
    void *grown = realloc(memory, size);
    if (grown == NULL) {
        fail(0, "no memory for %zu bytes", size);
    }
    return grown;
}
