// Stands between a program and what it does below one folder (LD_PRELOAD). It records every change with its bytes,
// every sync and every HTTP answer, in the order in which the program could rely on them; it makes calls fail on
// demand; it makes writes and syncs slow; and it moves the clock. Settings, by environment:
//
//   PROBE_FOLDER   the folder, absolute, without links
//   PROBE_LOG      where to append records; nothing is recorded without it
//   PROBE_CONTROL  a file that holds a `struct control`; it may change at any time
//
// What is written through a mapping is not seen: of a database that is only the index of its log, which is made anew.

#define _GNU_SOURCE
#include "probe.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MAXIMUM_DESCRIPTORS 65536
#define REAL(type, name, ...)                                                       \
    static type (*real)(__VA_ARGS__);                                               \
    if (real == NULL) { real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name); }

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct file {
    uint64_t handle;
    int flags;
    char *path;
} files[MAXIMUM_DESCRIPTORS];
static uint64_t last_handle;
static uint64_t last_sync;
static char folder[PATH_MAX];
static size_t folder_bytes;
static int log_descriptor = -1;
static struct control *control;
static pid_t owner;

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("PROBE_FOLDER");
    const char *log = getenv("PROBE_LOG");
    const char *settings = getenv("PROBE_CONTROL");
    if (where != NULL) {
        strncpy(folder, where, sizeof folder - 1);
        folder_bytes = strlen(folder);
    }
    if (log != NULL) {
        log_descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    if (settings != NULL) {
        int descriptor = open(settings, O_RDWR | O_CLOEXEC);
        void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        control = page == MAP_FAILED ? NULL : page;
        close(descriptor);
    }
    owner = getpid();
    // Programs that it starts are not watched.
    unsetenv("LD_PRELOAD");
}

// MARK: - What is watched

static int is_watching(void) { return owner != 0 && folder_bytes > 0 && getpid() == owner; }

// The path below the folder, which begins with a slash or is empty; NULL outside of it.
static const char *below(const char *path) {
    if (path == NULL || !is_watching() || strncmp(path, folder, folder_bytes) != 0) { return NULL; }
    const char *rest = path + folder_bytes;
    if (*rest != '\0' && *rest != '/') { return NULL; }
    return strncmp(rest, "/..", 3) == 0 ? NULL : rest;
}

static struct file *watched(int descriptor) {
    if (descriptor < 0 || descriptor >= MAXIMUM_DESCRIPTORS || !is_watching()) { return NULL; }
    return files[descriptor].handle == 0 ? NULL : &files[descriptor];
}

// The caller holds the mutex.
static void append(
    uint32_t kind, uint64_t handle, uint32_t flags, int64_t offset, const char *path, const char *other,
    const struct iovec *data, int data_count
) {
    REAL(ssize_t, writev, int, const struct iovec *, int)
    struct iovec parts[64];
    struct record record = {kind, 0, 0, flags, handle, offset, 0};
    int count = 1;
    if (log_descriptor < 0 || data_count > 60) { return; }
    if (path != NULL) {
        record.path_bytes = (uint32_t)strlen(path);
        parts[count++] = (struct iovec){(void *)path, record.path_bytes};
    }
    if (other != NULL) {
        record.other_bytes = (uint32_t)strlen(other);
        parts[count++] = (struct iovec){(void *)other, record.other_bytes};
    }
    for (int index = 0; index < data_count; index++) {
        record.data_bytes += data[index].iov_len;
        parts[count++] = data[index];
    }
    parts[0] = (struct iovec){&record, sizeof record};
    int error = errno;
    // A record that is torn would make all that follow unreadable.
    size_t whole = sizeof record + record.path_bytes + record.other_bytes + record.data_bytes;
    if (real(log_descriptor, parts, count) != (ssize_t)whole) { abort(); }
    errno = error;
}

static void note(
    uint32_t kind, uint64_t handle, uint32_t flags, int64_t offset, const struct iovec *data, int data_count
) {
    pthread_mutex_lock(&mutex);
    append(kind, handle, flags, offset, NULL, NULL, data, data_count);
    pthread_mutex_unlock(&mutex);
}

// MARK: - Faults

static int is_unlucky(struct fault *fault) {
    int32_t one_in = __atomic_load_n(&fault->one_in, __ATOMIC_RELAXED);
    if (one_in <= 1) { return 1; }
    uint64_t mixed = __atomic_add_fetch(&control->seed, 0x9E3779B97F4A7C15u, __ATOMIC_RELAXED);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return (mixed ^ (mixed >> 31)) % (uint64_t)one_in == 0;
}

// Whether this call is to fail; sets errno then.
static int fails(int which, const char *path) {
    if (control == NULL || path == NULL) { return 0; }
    struct fault *fault = &control->faults[which];
    if (__atomic_load_n(&fault->left, __ATOMIC_ACQUIRE) <= 0) { return 0; }
    if (strstr(path, fault->filter) == NULL || !is_unlucky(fault)) { return 0; }
    if (__atomic_fetch_sub(&fault->left, 1, __ATOMIC_RELAXED) <= 0) { return 0; }
    __atomic_fetch_add(&fault->count, 1, __ATOMIC_RELAXED);
    errno = fault->error;
    return 1;
}

// Waits where a slow disk would: whoever relies on what is not done yet has time to be caught.
static void take_time(const char *path) {
    if (control == NULL || path == NULL) { return; }
    int32_t microseconds = __atomic_load_n(&control->delay.microseconds, __ATOMIC_ACQUIRE);
    if (microseconds > 0 && strstr(path, control->delay.filter) != NULL) { usleep((useconds_t)microseconds); }
}

// MARK: - Names

// The caller holds the mutex.
static int opened(int descriptor, const char *path, int flags) {
    if (descriptor >= 0 && descriptor < MAXIMUM_DESCRIPTORS) {
        free(files[descriptor].path);
        files[descriptor] = (struct file){++last_handle, flags, strdup(path)};
        append(OPENED, last_handle, (uint32_t)flags, 0, path, NULL, NULL, 0);
    }
    return descriptor;
}

#define OPEN(name)                                                                  \
    int name(const char *path, int flags, ...) {                                    \
        REAL(int, name, const char *, int, ...)                                     \
        va_list rest;                                                               \
        va_start(rest, flags);                                                      \
        mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;            \
        va_end(rest);                                                               \
        if (below(path) == NULL) { return real(path, flags, mode); }                \
        int is_change = (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;     \
        if (is_change && fails(CHANGES, below(path))) { return -1; }                \
        pthread_mutex_lock(&mutex);                                                 \
        int descriptor = opened(real(path, flags, mode), below(path), flags);       \
        pthread_mutex_unlock(&mutex);                                               \
        return descriptor;                                                          \
    }

OPEN(open)
OPEN(open64)

int close(int descriptor) {
    REAL(int, close, int)
    if (watched(descriptor) == NULL) { return real(descriptor); }
    pthread_mutex_lock(&mutex);
    free(files[descriptor].path);
    files[descriptor] = (struct file){0, 0, NULL};
    int result = real(descriptor);
    pthread_mutex_unlock(&mutex);
    return result;
}

// A change of one name, or of two.
#define CHANGE(kind, path, other, call)                                             \
    if (below(path) == NULL) { return call; }                                       \
    if (fails(CHANGES, below(path))) { return -1; }                                 \
    pthread_mutex_lock(&mutex);                                                     \
    int result = call;                                                              \
    if (result == 0) { append(kind, 0, 0, 0, below(path), below(other), NULL, 0); } \
    pthread_mutex_unlock(&mutex);                                                   \
    return result;

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *)
    CHANGE(RENAMED, from, to, real(from, to))
}

int unlink(const char *path) {
    REAL(int, unlink, const char *)
    CHANGE(REMOVED, path, NULL, real(path))
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t)
    CHANGE(FOLDER_MADE, path, NULL, real(path, mode))
}

int rmdir(const char *path) {
    REAL(int, rmdir, const char *)
    CHANGE(FOLDER_REMOVED, path, NULL, real(path))
}

// MARK: - Bytes

// Makes known what was written; a file may ask for every write to be durable at once.
static ssize_t written(struct file *file, int64_t offset, const struct iovec *data, int count, ssize_t done) {
    if (done <= 0) { return done; }
    struct iovec parts[60];
    size_t rest = (size_t)done;
    int used = 0;
    for (; used < count && used < 60 && rest > 0; used++) {
        parts[used] = data[used];
        if (parts[used].iov_len > rest) { parts[used].iov_len = rest; }
        rest -= parts[used].iov_len;
    }
    if (rest > 0) { abort(); }
    note(WRITTEN, file->handle, 0, offset, parts, used);
    if ((file->flags & O_DSYNC) != 0) {
        note(SYNC_BEGUN, file->handle, 0, -1, NULL, 0);
        note(SYNCED, file->handle, 0, -1, NULL, 0);
    }
    return done;
}

static int is_answer(const void *bytes, size_t length) {
    return is_watching() && length > 12 && memcmp(bytes, "HTTP/1.1 ", 9) == 0;
}

// Before it is sent: whoever sees the answer relies on what happened before.
static void answering(const void *bytes, size_t length) {
    if (!is_answer(bytes, length)) { return; }
    struct iovec head = {(void *)bytes, length < 1024 ? length : 1024};
    note(ANSWERED, 0, 0, 0, &head, 1);
}

// Half of it, in whole blocks where it has any.
static size_t cut_short(struct file *file, size_t length) {
    if (length < 2 || !fails(SHORT_WRITES, file->path)) { return length; }
    size_t blocks = length / 2 / 4096 * 4096;
    return blocks > 0 ? blocks : length / 2;
}

#define PWRITE(name, offset_type)                                                       \
    ssize_t name(int descriptor, const void *bytes, size_t length, offset_type offset) { \
        REAL(ssize_t, name, int, const void *, size_t, offset_type)                     \
        struct file *file = watched(descriptor);                                        \
        if (file == NULL) { return real(descriptor, bytes, length, offset); }           \
        take_time(file->path);                                                          \
        if (fails(WRITES, file->path)) { return -1; }                                   \
        length = cut_short(file, length);                                               \
        ssize_t done = real(descriptor, bytes, length, offset);                         \
        struct iovec data = {(void *)bytes, length};                                    \
        return written(file, offset, &data, 1, done);                                   \
    }

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define PWRITEV(name, offset_type)                                                              \
    ssize_t name(int descriptor, const struct iovec *vectors, int count, offset_type offset) {  \
        REAL(ssize_t, name, int, const struct iovec *, int, offset_type)                        \
        struct file *file = watched(descriptor);                                                \
        if (file == NULL) { return real(descriptor, vectors, count, offset); }                  \
        take_time(file->path);                                                                  \
        if (fails(WRITES, file->path)) { return -1; }                                           \
        if (count > 60) { count = 60; }                                                         \
        if (fails(SHORT_WRITES, file->path)) { count = (count + 1) / 2; }                       \
        return written(file, offset, vectors, count, real(descriptor, vectors, count, offset)); \
    }

PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

ssize_t write(int descriptor, const void *bytes, size_t length) {
    REAL(ssize_t, write, int, const void *, size_t)
    struct file *file = watched(descriptor);
    if (file == NULL) {
        answering(bytes, length);
        return real(descriptor, bytes, length);
    }
    if (fails(WRITES, file->path)) { return -1; }
    length = cut_short(file, length);
    ssize_t done = real(descriptor, bytes, length);
    struct iovec data = {(void *)bytes, length};
    return written(file, lseek(descriptor, 0, SEEK_CUR) - done, &data, 1, done);
}

ssize_t writev(int descriptor, const struct iovec *vectors, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int)
    struct file *file = watched(descriptor);
    if (file == NULL) {
        if (count > 0) { answering(vectors[0].iov_base, vectors[0].iov_len); }
        return real(descriptor, vectors, count);
    }
    if (fails(WRITES, file->path)) { return -1; }
    ssize_t done = real(descriptor, vectors, count);
    return written(file, lseek(descriptor, 0, SEEK_CUR) - done, vectors, count, done);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    REAL(ssize_t, sendmsg, int, const struct msghdr *, int)
    if (message->msg_iovlen > 0) { answering(message->msg_iov[0].iov_base, message->msg_iov[0].iov_len); }
    return real(descriptor, message, flags);
}

ssize_t copy_file_range(int from, off64_t *source, int to, off64_t *target, size_t length, unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned)
    struct file *file = watched(to);
    if (file == NULL) { return real(from, source, to, target, length, flags); }
    if (fails(WRITES, file->path)) { return -1; }
    off64_t start = target != NULL ? *target : lseek(to, 0, SEEK_CUR);
    ssize_t done = real(from, source, to, target, length, flags);
    if (done <= 0) { return done; }
    void *bytes = malloc((size_t)done);
    if (bytes == NULL || pread(to, bytes, (size_t)done, start) != done) { abort(); }
    struct iovec data = {bytes, (size_t)done};
    written(file, start, &data, 1, done);
    free(bytes);
    return done;
}

// A change of a file's size: `end` is what it is set to, or grows to.
#define SIZE(kind, end, call)                                                       \
    struct file *file = watched(descriptor);                                        \
    if (file != NULL && fails(WRITES, file->path)) { return -1; }                   \
    int result = call;                                                              \
    if (file != NULL && result == 0) { note(kind, file->handle, 0, end, NULL, 0); } \
    return result;

int ftruncate(int descriptor, off_t length) {
    REAL(int, ftruncate, int, off_t)
    SIZE(SIZED, length, real(descriptor, length))
}

int ftruncate64(int descriptor, off64_t length) {
    REAL(int, ftruncate64, int, off64_t)
    SIZE(SIZED, length, real(descriptor, length))
}

int fallocate(int descriptor, int mode, off_t start, off_t length) {
    REAL(int, fallocate, int, int, off_t, off_t)
    SIZE(RESERVED, start + length, real(descriptor, mode, start, length))
}

// MARK: - Syncs

#define SYNC(name)                                                                      \
    int name(int descriptor) {                                                          \
        REAL(int, name, int)                                                            \
        struct file *file = watched(descriptor);                                        \
        if (file == NULL) { return real(descriptor); }                                  \
        int64_t number = (int64_t)__atomic_add_fetch(&last_sync, 1, __ATOMIC_RELAXED);  \
        take_time(file->path);                                                          \
        note(SYNC_BEGUN, file->handle, 0, number, NULL, 0);                             \
        int result = fails(SYNCS, file->path) ? -1 : real(descriptor);                  \
        int error = errno;                                                              \
        note(result == 0 ? SYNCED : SYNC_FAILED, file->handle, 0, number, NULL, 0);     \
        errno = error;                                                                  \
        return result;                                                                  \
    }

SYNC(fsync)
SYNC(fdatasync)

// MARK: - The clock

int clock_gettime(clockid_t clock, struct timespec *moment) {
    REAL(int, clock_gettime, clockid_t, struct timespec *)
    int result = real(clock, moment);
    if (result == 0 && clock == CLOCK_REALTIME && control != NULL) { moment->tv_sec += control->clock_seconds; }
    return result;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
    REAL(int, gettimeofday, struct timeval *restrict, void *restrict)
    int result = real(moment, zone);
    if (result == 0 && control != NULL) { moment->tv_sec += control->clock_seconds; }
    return result;
}
