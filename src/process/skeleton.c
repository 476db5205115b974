#include "process/skeleton.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

/* What the libraries read while they run: shared objects, zone and locale data, entropy, the
 * machine's state. */
const char *const skeleton_always[] = { "/usr/lib", "/usr/share/zoneinfo", "/lib", "/lib64",
                                      "/dev/null", "/dev/urandom", "/proc", "/sys/devices/system/cpu",
                                      "/etc/ssl/openssl.cnf", "/etc/localtime", NULL };

const struct role_row *skeleton_find(const struct role_row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

bool skeleton_is_role(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "--role") == 0;
}

/* The folders behind the row's names, one text a folder. */
static const char **folders(const struct heritage *heritage, const char *const *names,
                            const char *const *more)
{
    size_t room = 1, count = 0;
    for (size_t i = 0; more && more[i]; i++)
        room++;
    for (size_t i = 0; i < ROLE_PATHS_MAX && names[i]; i++)
        room += 1 + strlen(heritage_text_if(heritage, names[i])); /* never fewer than its lines */
    const char **list = arena_array(heritage->arena, room, sizeof *list);
    if (!list)
        return NULL;
    for (size_t i = 0; more && more[i]; i++)
        list[count++] = more[i];
    for (size_t i = 0; i < ROLE_PATHS_MAX && names[i]; i++) {
        struct slice rest = slice_of(heritage_text_if(heritage, names[i])), part;
        while (slice_split(&rest, '\n', &part))
            if (part.len)
                list[count++] = arena_text(heritage->arena, part);
    }
    return list;
}

static bool shut_in(const struct role_row *row, const struct heritage *heritage, struct error *e)
{
    struct rlimit none = { 0, 0 };
    struct jail jail = { .write = folders(heritage, row->write, NULL),
                         .read = folders(heritage, row->read, skeleton_always),
                         .connect = row->connect, .fork = row->fork };
    if (!jail.write || !jail.read)
        return error_set(e, "not enough memory to start");
    setrlimit(RLIMIT_CORE, &none); /* a core file would hold passwords and logs */
    return jail_become_owner(heritage_text(heritage, "data"), e) && jail_enter(&jail, e);
}

int skeleton_main(const struct role_row *rows, char **argv)
{
    struct arena arena;
    struct heritage heritage;
    struct error e = ERROR_NONE;
    const struct role_row *row = skeleton_find(rows, argv[2]);
    int status = 3;
    arena_init(&arena, ARENA_NO_CEILING);
    log_init(row ? row->name : "haidang", LOG_INFO_);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* the supervisor killed: end in order */
    if (!row)
        error_set(&e, "there is no role '%s'", argv[2]);
    if (row && heritage_receive(HERITAGE_FD, &arena, &heritage, &e) && shut_in(row, &heritage, &e)) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* becoming another user has cleared it */
        prctl(PR_SET_NAME, row->name);
        status = row->run(&heritage);
    }
    if (e.set)
        log_error(&e, "cannot start");
    arena_free(&arena);
    return status;
}

int skeleton_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int skeleton_signal(int fd)
{
    struct signalfd_siginfo info;
    ssize_t got;
    do
        got = read(fd, &info, sizeof info);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}
