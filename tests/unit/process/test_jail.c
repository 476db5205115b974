#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/jail.h"
#include "test.h"

/* Runs the function in a child that is shut in; its exit status. */
static int shut_in(bool fork_allowed, int (*function)(const char *inside, const char *outside))
{
    const char *inside = test_folder();
    const char *const write[] = { inside, NULL }, *const read[] = { "/usr/lib", "/proc", NULL };
    pid_t pid = fork();
    if (pid == 0) {
        struct jail jail = { write, read, fork_allowed };
        struct error e = ERROR_NONE;
        _exit(jail_enter(&jail, &e) ? function(inside, "/etc/passwd") : 99);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int touch(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/made", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && unlink(path) == 0 ? 0 : 1;
}

static int write_inside(const char *inside, const char *outside)
{
    (void)outside;
    return touch(inside);
}

static int read_outside(const char *inside, const char *outside)
{
    (void)inside;
    return open(outside, O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : 1;
}

static int write_read_only(const char *inside, const char *outside)
{
    (void)inside;
    (void)outside;
    return touch("/usr/lib") ? 0 : 1;
}

static int execute(const char *inside, const char *outside)
{
    (void)inside;
    (void)outside;
    execl("/usr/bin/true", "true", (char *)NULL);
    return errno == EPERM || errno == EACCES ? 0 : 1;
}

static int network(const char *inside, const char *outside)
{
    (void)inside;
    (void)outside;
    bool refused = socket(AF_INET, SOCK_STREAM, 0) < 0 && socket(AF_INET6, SOCK_DGRAM, 0) < 0 &&
                   socket(AF_NETLINK, SOCK_RAW, 0) < 0;
    int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return refused && local >= 0 ? 0 : 1;
}

static int new_process(const char *inside, const char *outside)
{
    (void)inside;
    (void)outside;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid > 0 ? 7 : 0;
}

TEST("inside, its own folder can be written") { CHECK_INT(shut_in(false, write_inside), 0); }
TEST("inside, no other file of the machine can be read")
{
    if (jail_landlock_version() == 0)
        SKIP("this kernel has no Landlock");
    CHECK_INT(shut_in(false, read_outside), 0);
}
TEST("inside, what may be read may not be written")
{
    if (jail_landlock_version() == 0)
        SKIP("this kernel has no Landlock");
    CHECK_INT(shut_in(false, write_read_only), 0);
}
TEST("inside, no program is started") { CHECK_INT(shut_in(true, execute), 0); }
TEST("inside, no socket of the network is made, local ones are") { CHECK_INT(shut_in(false, network), 0); }
TEST("inside, a process is made only by the role that says so")
{
    CHECK_INT(shut_in(false, new_process), 0);
    CHECK_INT(shut_in(true, new_process), 7);
}
