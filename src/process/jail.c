#include "process/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

/* Rights newer than the headers of Debian 12 (Landlock ABI 3). */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (UINT64_C(1) << 13)
#endif

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                                                \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                           \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

int jail_landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

static uint64_t handled_rights(int version)
{
    uint64_t rights = READING | WRITING | LANDLOCK_ACCESS_FS_EXECUTE;
    if (version >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
    return rights;
}

static bool allow(int ruleset, const char *path, uint64_t rights, struct error *e)
{
    FILE_AUTO fd = open(path, O_PATH | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0)
        return errno == ENOENT || error_errno(e, errno, "cannot look at %s", path);
    if (!S_ISDIR(info.st_mode)) /* only these rights mean something for a file */
        rights &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                  LANDLOCK_ACCESS_FS_TRUNCATE;
    struct landlock_path_beneath_attr beneath = { .allowed_access = rights, .parent_fd = fd };
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        return error_errno(e, errno, "cannot shut the process in at %s", path);
    return true;
}

static bool allow_all(int ruleset, const char *const *paths, uint64_t rights, struct error *e)
{
    for (; paths && *paths; paths++)
        if ((*paths)[0] && !allow(ruleset, *paths, rights, e))
            return false;
    return true;
}

static bool enter_landlock(const struct jail *jail, struct error *e)
{
    int version = jail_landlock_version();
    if (version == 0) {
        log_warning("this kernel has no Landlock: the process can read what its user can");
        return true;
    }
    uint64_t handled = handled_rights(version);
    struct landlock_ruleset_attr attributes = { .handled_access_fs = handled };
    FILE_AUTO ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0)
        return error_errno(e, errno, "cannot shut the process in");
    uint64_t writing = handled & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE;
    if (!allow_all(ruleset, jail->write, writing, e) || !allow_all(ruleset, jail->read, READING, e))
        return false;
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        return error_errno(e, errno, "cannot shut the process in");
    return true;
}

static bool enter_seccomp(const struct jail *jail, struct error *e)
{
    static const int refused[] = {
        SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
        SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
        SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(add_key),
        SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(userfaultfd),
        SCMP_SYS(open_by_handle_at), SCMP_SYS(acct), SCMP_SYS(swapon), SCMP_SYS(swapoff),
        SCMP_SYS(reboot), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(iopl),
        SCMP_SYS(ioperm), SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setresuid),
        SCMP_SYS(setresgid), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(syslog),
        SCMP_SYS(quotactl), SCMP_SYS(name_to_handle_at), SCMP_SYS(io_uring_setup),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter ? 0 : -ENOMEM;
    for (size_t i = 0; !failed && i < sizeof refused / sizeof *refused; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
    /* No socket of the network: what the role listens on was handed over. Nobody listens anew. */
    if (!failed && jail->connect)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(listen), 0);
    if (!failed && !jail->connect)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
                                  SCMP_A0(SCMP_CMP_NE, AF_UNIX));
    if (!failed && !jail->fork)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fork), 0);
    if (!failed && !jail->fork)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    if (!failed) /* its flags are in memory, out of a filter's sight: glibc then takes clone */
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (!failed)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    return failed == 0 || error_errno(e, -failed, "cannot shut the process in by seccomp");
}

bool jail_enter(const struct jail *jail, struct error *e)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(e, errno, "cannot give up gaining rights");
    return enter_landlock(jail, e) && enter_seccomp(jail, e);
}

bool jail_become_owner(const char *folder, struct error *e)
{
    struct stat info;
    if (geteuid() != 0)
        return true;
    if (stat(folder, &info) != 0)
        return error_errno(e, errno, "cannot look at %s", folder);
    if (info.st_uid == 0)
        return true;
    if (setgroups(0, NULL) != 0 || setresgid(info.st_gid, info.st_gid, info.st_gid) != 0 ||
        setresuid(info.st_uid, info.st_uid, info.st_uid) != 0)
        return error_errno(e, errno, "cannot become the owner of %s", folder);
    return true;
}
