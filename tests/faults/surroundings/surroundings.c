/* Bad surroundings for a server under test, preloaded into it: a disk that is full or read-only, a sync that fails, a clock that jumps.
 *
 * SURROUNDINGS names a file of 16 bytes that is mapped and may be changed at any time: milliseconds that the wall clock is ahead (int64),
 * the errno of every write to a file below SURROUNDINGS_FOLDER (int32, 0: none), the errno of every sync of one (int32, 0: none).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct surroundings {
    volatile int64_t clock_ms;
    volatile int32_t write_errno;
    volatile int32_t sync_errno;
};

static struct surroundings calm;
static struct surroundings *now = &calm;
static const char *folder;

__attribute__((constructor)) static void look_around(void) {
    const char *path = getenv("SURROUNDINGS");
    folder = getenv("SURROUNDINGS_FOLDER");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof calm, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED) now = mapped;
}

static int is_below(const char *path) {
    size_t length = folder ? strlen(folder) : 0;
    return length && strncmp(path, folder, length) == 0;
}

static int is_ours(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define UNLESS(error, is_meant) do { int why = (error); if (why && (is_meant)) { errno = why; return -1; } } while (0)

ssize_t write(int fd, const void *bytes, size_t count) { UNLESS(now->write_errno, is_ours(fd)); return syscall(SYS_write, fd, bytes, count); }
ssize_t writev(int fd, const struct iovec *pieces, int count) { UNLESS(now->write_errno, is_ours(fd)); return syscall(SYS_writev, fd, pieces, count); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { UNLESS(now->write_errno, is_ours(fd)); return syscall(SYS_pwrite64, fd, bytes, count, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { UNLESS(now->write_errno, is_ours(fd)); return syscall(SYS_pwrite64, fd, bytes, count, at); }
int ftruncate(int fd, off_t length) { UNLESS(now->write_errno, is_ours(fd)); return syscall(SYS_ftruncate, fd, length); }
int ftruncate64(int fd, off64_t length) { UNLESS(now->write_errno, is_ours(fd)); return syscall(SYS_ftruncate, fd, length); }
int fallocate(int fd, int mode, off_t at, off_t length) { UNLESS(now->write_errno, is_ours(fd)); return syscall(SYS_fallocate, fd, mode, at, length); }
int fsync(int fd) { UNLESS(now->sync_errno, is_ours(fd)); return syscall(SYS_fsync, fd); }
int fdatasync(int fd) { UNLESS(now->sync_errno, is_ours(fd)); return syscall(SYS_fdatasync, fd); }
int mkdir(const char *path, mode_t mode) { UNLESS(now->write_errno, is_below(path) && access(path, F_OK) != 0); return syscall(SYS_mkdir, path, mode); }

static int opened(int folder_fd, const char *path, int flags, mode_t mode) {
    int is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
    int is_written = (flags & O_ACCMODE) != O_RDONLY && now->write_errno == EROFS;
    UNLESS(now->write_errno, (is_new || is_written) && is_below(path));
    return syscall(SYS_openat, folder_fd, path, flags, mode);
}

#define MODE(flags) mode_t mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }

int clock_gettime(clockid_t clock, struct timespec *told) {
    int answer = REAL(clock_gettime)(clock, told);
    if (answer == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) told->tv_sec += now->clock_ms / 1000;
    return answer;
}

int gettimeofday(struct timeval *told, void *zone) {
    int answer = REAL(gettimeofday)(told, zone);
    if (answer == 0) told->tv_sec += now->clock_ms / 1000;
    return answer;
}

time_t time(time_t *told) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (told) *told = at.tv_sec;
    return at.tv_sec;
}
