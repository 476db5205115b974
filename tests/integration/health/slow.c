/* slow - a disk that is slow, or fails, when a test says so (LD_PRELOAD).
 *
 * The file named by HAIDANG_SLOW holds one line: how many milliseconds each sync takes ("300"), or
 * "eio" for a sync that fails. It is opened before the process shuts itself in.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int control = -1;

/* Only the pipeline's disk: `haidang --role pipeline`. */
static int is_pipeline(void)
{
    char text[256];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    return len > 0 && memmem(text, (size_t)len, "pipeline", 8) != NULL;
}

__attribute__((constructor)) static void open_control(void)
{
    if (!is_pipeline())
        return;
    const char *path = getenv("HAIDANG_SLOW");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    /* a high number: descriptor 3 is the heritage's */
    control = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 900);
    if (fd >= 0)
        close(fd);
}

static int held_up(void)
{
    char text[16] = "";
    if (control < 0 || pread(control, text, sizeof text - 1, 0) <= 0)
        return 0;
    if (strncmp(text, "eio", 3) == 0) {
        errno = EIO;
        return -1;
    }
    usleep((useconds_t)strtoul(text, NULL, 10) * 1000);
    return 0;
}

int fsync(int fd)
{
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return held_up() || next(fd) ? -1 : 0;
}

int fdatasync(int fd)
{
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return held_up() || next(fd) ? -1 : 0;
}
