#define _GNU_SOURCE
#include "home.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int outcome(long result) { return result < 0 ? errno : 0; }

/* Whether this process is dumpable, which the kernel takes away with every change of a thread's user: as it was before the first
 * of them, which another thread may be at right now. -1: not known yet. */
static int dumpable = -1;

static void note_dumpable(void) {
    int unknown = -1, now = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    __atomic_compare_exchange_n(&dumpable, &unknown, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The effective user counts as the maker of a user namespace. The real one follows, or execve in the child would count as one of a
 * set-user-ID program, which forgets its parent death signal. The saved one stays: it is the way back, and keeps the permitted
 * capabilities. Raw calls: glibc would change all threads. */
static int become(struct home *home, int64_t owner) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    if (syscall(SYS_capget, &header, home->capabilities) < 0) return errno;
    note_dumpable();
    uid_t user = geteuid();
    if (syscall(SYS_setresuid, (uid_t)owner, (uid_t)owner, (uid_t)-1) < 0) return errno;
    home->user = user;
    return outcome(syscall(SYS_capset, &header, home->capabilities));
}

static int become_oneself(struct home *home) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    uid_t user = (uid_t)home->user;
    if (syscall(SYS_setresuid, user, user, (uid_t)-1) < 0) return errno;
    if (dumpable == 1) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return outcome(syscall(SYS_capset, &header, home->capabilities));
}

int home_leave(struct home *home, const struct clinux_spawn_plan *plan) {
    *home = (struct home){.network = -1, .processes = -1, .user = -1};
    if (plan->network >= 0) {
        home->network = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (home->network < 0 || setns(plan->network, CLONE_NEWNET) < 0) return errno;
    }
    if (plan->processes >= 0) {
        home->processes = open("/proc/thread-self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
        if (home->processes < 0 || setns(plan->processes, CLONE_NEWPID) < 0) return errno;
    }
    return plan->owner < 0 ? 0 : become(home, plan->owner);
}

/* A thread that could not come back would start everything after this as a stranger, or in a stranger's namespaces: better none at
 * all. The kernel has no reason to refuse, to one that could leave. */
void home_return(struct home *home) {
    if (home->user >= 0 && become_oneself(home)) abort();
    if (home->network >= 0 && setns(home->network, CLONE_NEWNET) < 0) abort();
    if (home->processes >= 0 && setns(home->processes, CLONE_NEWPID) < 0) abort();
    if (home->network >= 0) close(home->network);
    if (home->processes >= 0) close(home->processes);
}
