/* Interposes the calls that change files below a directory, by LD_PRELOAD: the Nth of them kills
 * the process before it is done, or each of them fails while a file exists. See faults.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int below(const char *path) {
    const char *under = getenv("FAULT_UNDER");
    return under && path && strncmp(path, under, strlen(under)) == 0;
}

static int file_below(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    /* The log's index is cut before it is made anew: it finds the room that it had. */
    if (getenv("FAULT_SPARES_INDEX") && length > 4 && strcmp(path + length - 4, "-shm") == 0)
        return 0;
    return below(path);
}

/* Whether the call is to fail; errno is set. `sync`: it makes durable, `grow`: it takes room. */
static int fault(int ours, int sync, int grow) {
    if (!ours)
        return 0;
    const char *at = getenv("FAULT_KILL_AT");
    if (at && atomic_fetch_add(&calls, 1) + 1 == atol(at))
        kill(getpid(), SIGKILL);
    const char *full = getenv("FAULT_FULL_WHILE"), *bad = getenv("FAULT_SYNC_WHILE");
    if (grow && full && access(full, F_OK) == 0)
        return errno = ENOSPC;
    if (sync && bad && access(bad, F_OK) == 0)
        return errno = EIO;
    return 0;
}

#define FD_CALL(type, name, sync, grow, declared, given)                                           \
    type name declared {                                                                           \
        return fault(file_below(fd), sync, grow) ? -1 : NEXT(name) given;                          \
    }
FD_CALL(int, fsync, 1, 0, (int fd), (fd))
FD_CALL(int, fdatasync, 1, 0, (int fd), (fd))
FD_CALL(int, ftruncate, 0, 0, (int fd, off_t n), (fd, n))
FD_CALL(int, ftruncate64, 0, 0, (int fd, off64_t n), (fd, n))

/* Writes between two of the calls above differ in nothing but bytes, so they are not counted. */
#define WRITE_CALL(name, declared, given)                                                          \
    ssize_t name declared {                                                                        \
        const char *full = getenv("FAULT_FULL_WHILE");                                             \
        if (full && access(full, F_OK) == 0 && file_below(fd)) {                                   \
            errno = ENOSPC;                                                                        \
            return -1;                                                                             \
        }                                                                                          \
        return NEXT(name) given;                                                                   \
    }
WRITE_CALL(write, (int fd, const void *b, size_t n), (fd, b, n))
WRITE_CALL(writev, (int fd, const struct iovec *b, int n), (fd, b, n))
WRITE_CALL(pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o))
WRITE_CALL(pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o))

int posix_fallocate(int fd, off_t o, off_t n) {
    return fault(file_below(fd), 0, 1) ? ENOSPC : NEXT(posix_fallocate)(fd, o, n);
}
int rename(const char *from, const char *to) {
    return fault(below(to), 0, 0) ? -1 : NEXT(rename)(from, to);
}
int mkdir(const char *path, mode_t mode) {
    if (access(path, F_OK) == 0)
        return NEXT(mkdir)(path, mode);
    return fault(below(path), 0, 1) ? -1 : NEXT(mkdir)(path, mode);
}
int unlink(const char *path) {
    return fault(below(path), 0, 0) ? -1 : NEXT(unlink)(path);
}
