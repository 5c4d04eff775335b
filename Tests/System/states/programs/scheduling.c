// How the process and its threads are scheduled, and settings of prctl(2) that nothing shows in /proc.
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "state.h"

static pid_t thread;
static const char *wanted;

struct found {
    int policy, thread_policy, nice, thread_nice, slack, dumpable, no_thp, subreaper, death, io, tsc, group, session;
    cpu_set_t processors;
};

static struct found before;

static void *body(void *argument) {
    thread = gettid();
    for (;;)
        pause();
    return argument;
}

static bool is(const char *name) {
    return !strcmp(wanted, name);
}

static struct found look(void) {
    struct found found = {0};
    found.policy = MUST(sched_getscheduler(0));
    found.thread_policy = MUST(sched_getscheduler(thread));
    found.nice = getpriority(PRIO_PROCESS, 0);
    found.thread_nice = getpriority(PRIO_PROCESS, thread);
    found.slack = MUST(prctl(PR_GET_TIMERSLACK));
    found.dumpable = MUST(prctl(PR_GET_DUMPABLE));
    found.no_thp = MUST(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    MUST(prctl(PR_GET_CHILD_SUBREAPER, &found.subreaper));
    MUST(prctl(PR_GET_PDEATHSIG, &found.death));
    found.io = MUST(syscall(SYS_ioprio_get, 1, 0));
    MUST(prctl(PR_GET_TSC, &found.tsc));
    found.group = getpgrp(), found.session = getsid(0);
    MUST(sched_getaffinity(thread, sizeof found.processors, &found.processors));
    return found;
}

void prepare(const char *variant) {
    wanted = variant;
    start(body, NULL);
    UNTIL(thread, "the thread did not start");
    struct sched_param none = {0};
    cpu_set_t first;
    CPU_ZERO(&first);
    MUST(sched_getaffinity(0, sizeof first, &first));
    if (is("policy")) {
        MUST(sched_setscheduler(0, SCHED_BATCH, &none));
        MUST(sched_setscheduler(thread, SCHED_IDLE, &none));
    } else if (is("nice")) {
        MUST(setpriority(PRIO_PROCESS, thread, 11));
    } else if (is("slack")) {
        MUST(prctl(PR_SET_TIMERSLACK, 123456));
    } else if (is("affinity")) {
        for (int each = CPU_SETSIZE - 1; CPU_COUNT(&first) > 1; each--)
            CPU_CLR(each, &first);
        MUST(sched_setaffinity(thread, sizeof first, &first));
    } else if (is("no-thp")) {
        MUST(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
    } else if (is("subreaper")) {
        MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    } else if (is("parent-death")) {
        MUST(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    } else if (is("not-dumpable")) {
        MUST(prctl(PR_SET_DUMPABLE, 0));
    } else if (is("io")) {
        MUST(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6));
    } else if (is("no-tsc")) {
        MUST(prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
    } else if (is("session")) {
        if (setsid() == -1)
            unavailable("%s", strerrorname_np(errno));
    } else if (is("membarrier")) {
        MUST(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
        MUST(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
    }
    before = look();
}

void verify(int invocation) {
    (void)invocation;
    struct found now = look();
#define SAME(name) REQUIRE(now.name == before.name, #name " is %d, before the snapshot %d", now.name, before.name)
    SAME(policy);
    SAME(thread_policy);
    SAME(nice);
    SAME(thread_nice);
    SAME(slack);
    SAME(dumpable);
    SAME(no_thp);
    SAME(subreaper);
    SAME(death);
    SAME(io);
    SAME(tsc);
    SAME(group);
    SAME(session);
    REQUIRE(CPU_EQUAL(&now.processors, &before.processors), "a thread runs on other processors");
    if (is("membarrier")) {
        MUST(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
        MUST(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
    }
}
