/* fault - makes the disk and the clock of a running server fail on command. Preloaded by run.py into
 * `haidang serve`; never part of the product.
 *
 * The control file (HAIDANG_FAULT) is mapped by every process before its walls close; run.py writes
 * it. Only files of the archive and of the records are touched: their descriptors are noted when
 * they are opened. A write that is to fail in the middle writes its first half.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { AREA_ARCHIVE = 1, AREA_RECORDS = 2 };
enum { NO_FAULT, NO_SPACE, BROKEN_WRITE, BROKEN_SYNC, HALF_THEN_KILL, SLOW, BAD_SECTOR, GONE };
enum { DESCRIPTORS = 65536 };

/* As fault.py packs it: "<iiqqqq". */
struct control {
    _Atomic int32_t kind;
    _Atomic int32_t area;
    _Atomic int64_t countdown;   /* writes that still go well */
    _Atomic int64_t fired;
    _Atomic int64_t clock;       /* nanoseconds added to the wall clock */
    _Atomic int64_t inode;       /* of the file with the bad sector */
};

static struct control *control;
static _Atomic uint8_t areas[DESCRIPTORS];

/* The calls themselves, without libc's names for them: those are taken below, and other libraries
 * use them before any constructor has run. */
static ssize_t real_write(int fd, const void *bytes, size_t size)
{
    return syscall(SYS_write, fd, bytes, size);
}

static ssize_t real_pwrite(int fd, const void *bytes, size_t size, off64_t at)
{
    return syscall(SYS_pwrite64, fd, bytes, size, at);
}

static int real_openat(int at, const char *path, int flags, mode_t mode)
{
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

__attribute__((constructor)) static void fault_start(void)
{
    const char *path = getenv("HAIDANG_FAULT");
    int fd = path ? real_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (map != MAP_FAILED)
        control = map;
}

static int note(int fd, const char *path)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        atomic_store(&areas[fd], strstr(path, "/archive/") ? AREA_ARCHIVE
                                 : strstr(path, "/records/") ? AREA_RECORDS : 0);
    return fd;
}

/* The fault that meets this descriptor now, NO_FAULT for nearly all. */
static int meets(int fd, int one, int other)
{
    if (!control || fd < 0 || fd >= DESCRIPTORS)
        return NO_FAULT;
    int kind = atomic_load(&control->kind);
    if ((kind != one && kind != other) || !(atomic_load(&areas[fd]) & atomic_load(&control->area)))
        return NO_FAULT;
    if (atomic_fetch_sub(&control->countdown, 1) > 0)
        return NO_FAULT;
    atomic_fetch_add(&control->fired, 1);
    return kind;
}

static void die(void)
{
    atomic_store(&control->kind, NO_FAULT);   /* one death a fault */
    kill(getpid(), SIGKILL);
}

static int fails(int fd)
{
    int kind = meets(fd, NO_SPACE, BROKEN_WRITE);
    if (kind == NO_FAULT)
        kind = meets(fd, HALF_THEN_KILL, SLOW);
    return kind != NO_FAULT ? kind : meets(fd, GONE, GONE);
}

/* Nothing of that file can be read; or nothing at all, of a disk that is gone. */
static int read_fails(int fd)
{
    struct stat status;
    if (!control || (atomic_load(&control->kind) == BAD_SECTOR &&
                     (fstat(fd, &status) != 0 || (int64_t)status.st_ino != atomic_load(&control->inode))))
        return 0;
    errno = EIO;
    return meets(fd, BAD_SECTOR, GONE) != NO_FAULT;
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t at)
{
    return read_fails(fd) ? -1 : syscall(SYS_pread64, fd, bytes, size, at);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    return pread64(fd, bytes, size, at);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    int kind = fails(fd);
    if (kind == NO_FAULT)
        return real_write(fd, bytes, size);
    if (kind == SLOW) {
        usleep(20000);
        return real_write(fd, bytes, size);
    }
    if (size > 1)
        real_write(fd, bytes, size / 2);
    if (kind == HALF_THEN_KILL)
        die();
    errno = kind == NO_SPACE ? ENOSPC : EIO;
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    int kind = fails(fd);
    if (kind == NO_FAULT)
        return real_pwrite(fd, bytes, size, at);
    if (kind == SLOW) {
        usleep(20000);
        return real_pwrite(fd, bytes, size, at);
    }
    if (size > 1)
        real_pwrite(fd, bytes, size / 2, at);
    if (kind == HALF_THEN_KILL)
        die();
    errno = kind == NO_SPACE ? ENOSPC : EIO;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return pwrite64(fd, bytes, size, at);
}

static int sync_fails(int fd)
{
    if (meets(fd, BROKEN_SYNC, GONE) == NO_FAULT)
        return 0;
    errno = EIO;
    return 1;
}

int fsync(int fd)
{
    return sync_fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

/* The mode is there only when a file may be made. */
#define MODE_OF(flags, last) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list more; \
        va_start(more, last); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, flags)
    return note(real_openat(AT_FDCWD, path, flags, mode), path);
}

int open(const char *path, int flags, ...)
{
    MODE_OF(flags, flags)
    return note(real_openat(AT_FDCWD, path, flags, mode), path);
}

int openat64(int at, const char *path, int flags, ...)
{
    MODE_OF(flags, flags)
    return note(real_openat(at, path, flags, mode), path);
}

int openat(int at, const char *path, int flags, ...)
{
    MODE_OF(flags, flags)
    return note(real_openat(at, path, flags, mode), path);
}

int close(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        atomic_store(&areas[fd], 0);
    return (int)syscall(SYS_close, fd);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, id, now);
    if (result != 0 || id != CLOCK_REALTIME || !control)
        return result;
    int64_t by = atomic_load(&control->clock) + now->tv_nsec;
    now->tv_sec += (time_t)(by / 1000000000 - (by % 1000000000 < 0));
    now->tv_nsec = (long)((by % 1000000000 + 1000000000) % 1000000000);
    return 0;
}
