/* Records every call that changes files below a directory, and lets some of them fail. Loaded with
 * LD_PRELOAD; disk.py reads what it writes and says what the variables mean.
 *
 *   DISK_UNDER   the directory
 *   DISK_LOG     the record's file, outside of it; none: nothing is recorded
 *   DISK_FAIL    KIND:ERRNO:FROM:COUNT, KIND write or sync: calls FROM to FROM + COUNT - 1 fail
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define PATH 4096

/* One call at a time: the record's order is the order in which the disk was asked. */
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static long writes, syncs;

struct record {
    uint8_t kind; /* W write, S sync, T truncate, N new file, D new directory, R rename, U unlink */
    uint8_t failed;
    uint16_t path, other;
    uint64_t inode, offset, length;
} __attribute__((packed));

static const char *below(const char *path) {
    const char *under = getenv("DISK_UNDER");
    size_t length = under ? strlen(under) : 0;
    if (!under || !path || strncmp(path, under, length) != 0)
        return NULL;
    return path[length] == '/' || path[length] == 0 ? path : NULL;
}

static int file_below(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH - 1);
    path[length < 0 ? 0 : length] = 0;
    return below(path) != NULL;
}

static uint64_t inode_of(int fd) {
    struct stat found;
    return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

static void all(int log, const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t done = NEXT(write)(log, at, length);
        if (done <= 0)
            abort(); /* A record with a hole proves nothing. */
        at += done;
        length -= (size_t)done;
    }
}

static void note(uint8_t kind, int failed, const char *path, const char *other, uint64_t inode,
                 uint64_t offset, const void *bytes, uint64_t length) {
    static int log = -1;
    const char *name = getenv("DISK_LOG");
    if (!name)
        return;
    if (log < 0)
        log = NEXT(open)(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct record head = {kind, (uint8_t)failed, (uint16_t)strlen(path), (uint16_t)strlen(other),
                          inode, offset, length};
    all(log, &head, sizeof head);
    all(log, path, head.path);
    all(log, other, head.other);
    if (bytes)
        all(log, bytes, length);
}

/* Whether this call is one of those that fail; errno is set. */
static int fails(const char *kind, long *count) {
    const char *told = getenv("DISK_FAIL");
    char which[8];
    int code;
    long from, many;
    if (!told || sscanf(told, "%7[^:]:%d:%ld:%ld", which, &code, &from, &many) != 4)
        return 0;
    if (strcmp(which, kind) != 0)
        return 0;
    long number = ++*count;
    if (number < from || number >= from + many)
        return 0;
    errno = code;
    return 1;
}

#define GUARDED(body)                                                                              \
    do {                                                                                           \
        int kept_errno;                                                                            \
        pthread_mutex_lock(&order);                                                                \
        body;                                                                                      \
        kept_errno = errno;                                                                        \
        pthread_mutex_unlock(&order);                                                              \
        errno = kept_errno;                                                                        \
    } while (0)

static ssize_t written(int fd, const char *path, const void *b, size_t n, off_t at, int placed) {
    ssize_t done = -1;
    GUARDED({
        if (!fails("write", &writes)) {
            done = placed ? NEXT(pwrite)(fd, b, n, at) : NEXT(write)(fd, b, n);
            if (done > 0) {
                off_t offset = placed ? at : lseek(fd, 0, SEEK_CUR) - done;
                note('W', 0, path, "", inode_of(fd), (uint64_t)offset, b, (uint64_t)done);
            }
        }
    });
    return done;
}

ssize_t write(int fd, const void *b, size_t n) {
    char path[PATH];
    return file_below(fd, path) ? written(fd, path, b, n, 0, 0) : NEXT(write)(fd, b, n);
}
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) {
    char path[PATH];
    return file_below(fd, path) ? written(fd, path, b, n, at, 1) : NEXT(pwrite)(fd, b, n, at);
}
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) { return pwrite(fd, b, n, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[PATH];
    if (!file_below(fd, path))
        return NEXT(writev)(fd, parts, count);
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = written(fd, path, parts[i].iov_base, parts[i].iov_len, 0, 0);
        if (done < 0)
            return total > 0 ? total : -1;
        total += done;
        if ((size_t)done < parts[i].iov_len)
            break;
    }
    return total;
}

static int synced(int fd, int data) {
    char path[PATH];
    if (!file_below(fd, path))
        return data ? NEXT(fdatasync)(fd) : NEXT(fsync)(fd);
    int result = -1;
    GUARDED({
        int failed = fails("sync", &syncs);
        if (!failed)
            result = data ? NEXT(fdatasync)(fd) : NEXT(fsync)(fd);
        note('S', failed || result != 0, path, "", inode_of(fd), 0, NULL, 0);
    });
    return result;
}
int fsync(int fd) { return synced(fd, 0); }
int fdatasync(int fd) { return synced(fd, 1); }

int ftruncate(int fd, off_t length) {
    char path[PATH];
    if (!file_below(fd, path))
        return NEXT(ftruncate)(fd, length);
    int result;
    GUARDED({
        result = NEXT(ftruncate)(fd, length);
        if (result == 0)
            note('T', 0, path, "", inode_of(fd), (uint64_t)length, NULL, 0);
    });
    return result;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

static int opened(int at, const char *name, int flags, mode_t mode) {
    if (!below(name) || !(flags & (O_CREAT | O_TRUNC)))
        return NEXT(openat)(at, name, flags, mode);
    int fd;
    GUARDED({
        int there = access(name, F_OK) == 0;
        fd = NEXT(openat)(at, name, flags, mode);
        if (fd >= 0 && !there)
            note('N', 0, name, "", inode_of(fd), 0, NULL, 0);
        else if (fd >= 0 && (flags & O_TRUNC))
            note('T', 0, name, "", inode_of(fd), 0, NULL, 0);
    });
    return fd;
}

#define MODE(flags)                                                                                \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }
int open(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE(flags) return opened(at, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE(flags) return opened(at, name, flags, mode); }

int rename(const char *from, const char *to) {
    int result;
    if (!below(to))
        return NEXT(rename)(from, to);
    GUARDED({
        result = NEXT(rename)(from, to);
        if (result == 0)
            note('R', 0, from, to, 0, 0, NULL, 0);
    });
    return result;
}
int unlink(const char *name) {
    int result;
    if (!below(name))
        return NEXT(unlink)(name);
    GUARDED({
        result = NEXT(unlink)(name);
        if (result == 0)
            note('U', 0, name, "", 0, 0, NULL, 0);
    });
    return result;
}
int mkdir(const char *name, mode_t mode) {
    int result;
    if (!below(name))
        return NEXT(mkdir)(name, mode);
    GUARDED({
        result = NEXT(mkdir)(name, mode);
        if (result == 0)
            note('D', 0, name, "", 0, 0, NULL, 0);
    });
    return result;
}
