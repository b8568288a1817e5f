#pragma once

#include <stddef.h>

// Says on stderr what went wrong (with the system's reason when `error` is not 0) and exits with status 1.
_Noreturn void fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
