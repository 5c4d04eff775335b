// Each thread's blocked signals, and that signals sent after the snapshot stay pending while they are blocked.
#include <sys/resource.h>

#include "state.h"

enum { THREADS = 8 };

static uint64_t expected[THREADS];
static pid_t tids[THREADS];
static pthread_t threads[THREADS];
static atomic_int order, done[THREADS], handled[THREADS];
static __thread int self;

static void handler(int signal) {
    (void)signal;
    atomic_fetch_add(&handled[self], 1);
}

static uint64_t blocked(void) {
    uint64_t mask = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
    return mask;
}

static void check(int thread) {
    uint64_t found = blocked();
    if (found != expected[thread])
        complain("thread %d blocks %lx, before the snapshot %lx", thread, found, expected[thread]);
    sigset_t user;
    sigemptyset(&user);
    sigaddset(&user, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &user, NULL);
    int before = atomic_load(&handled[thread]);
    pthread_kill(pthread_self(), SIGUSR1);
    sigset_t pending;
    sigpending(&pending);
    if (!sigismember(&pending, SIGUSR1) || atomic_load(&handled[thread]) != before)
        complain("thread %d: a blocked signal is not pending", thread);
    pthread_sigmask(SIG_UNBLOCK, &user, NULL);
    if (atomic_load(&handled[thread]) != before + 1)
        complain("thread %d: an unblocked signal did not come", thread);
    uint64_t mask = expected[thread];
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
}

static void *body(void *argument) {
    int thread = self = (int)(long)argument;
    uint64_t mask = (UINT64_C(0x123456789ABCDEF1) << thread) & ~(UINT64_C(1) << (SIGUSR1 - 1));
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
    tids[thread] = gettid();
    expected[thread] = blocked();
    for (int turn = 1;; turn++) {
        atomic_store(&done[thread], turn);
        while (atomic_load(&order) < turn)
            syscall(SYS_futex, &order, 128 /* FUTEX_WAIT_PRIVATE */, turn - 1, NULL, NULL, 0);
        check(thread);
    }
}

void prepare(const char *variant) {
    (void)variant;
    struct sigaction action = {.sa_handler = handler};
    MUST(sigaction(SIGUSR1, &action, NULL));
    for (long thread = 0; thread < THREADS; thread++) {
        threads[thread] = start(body, (void *)thread);
        UNTIL(atomic_load(&done[thread]) == 1, "thread %ld did not start", thread);
    }
}

static uint64_t blocked_by(int thread) {
    char path[64], value[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/status", tids[thread]);
    REQUIRE(field(path, "SigBlk", value, sizeof value), "%s has no SigBlk", path);
    return strtoull(value, NULL, 16);
}

void verify(int invocation) {
    /* A thread that has not run yet in this clone still blocks everything. */
    for (int thread = 0; thread < THREADS; thread++)
        UNTIL(blocked_by(thread) == expected[thread], "thread %d blocks %lx, before the snapshot %lx", thread,
            blocked_by(thread), expected[thread]);
    atomic_store(&order, invocation);
    syscall(SYS_futex, &order, 129 /* FUTEX_WAKE_PRIVATE */, THREADS, NULL, NULL, 0);
    for (int thread = 0; thread < THREADS; thread++)
        UNTIL(atomic_load(&done[thread]) == invocation + 1, "thread %d does not run", thread);
}
