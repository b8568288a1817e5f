#ifndef COUNTING_MALLOC_H
#define COUNTING_MALLOC_H

// A library to be preloaded: counts what the process asks the allocator for and, at its exit, writes
// `calls N` and `bytes N` to the file that this variable of the environment names. Without it nothing is counted.
#define COUNTING_MALLOC_FILE "COUNTING_MALLOC_FILE"

#endif
