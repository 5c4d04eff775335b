// What belongs to a thread: its variables, keys, errno, segment bases, robust list, and the id that is cleared at its end.
#include <asm/prctl.h>

#include "state.h"

enum { THREADS = 4 };

struct own {
    pid_t tid;
    uint64_t fs, gs, robust, robust_size;
    void *variable;
};

static __thread uint64_t variable;
static __thread char block[3 * PAGE] __attribute__((aligned(4096)));
static pthread_key_t key;
static struct own owns[THREADS];
static atomic_int order, done[THREADS];

static struct own look(void) {
    struct own own = {.tid = gettid(), .variable = &variable};
    syscall(SYS_arch_prctl, ARCH_GET_FS, &own.fs);
    syscall(SYS_arch_prctl, ARCH_GET_GS, &own.gs);
    syscall(SYS_get_robust_list, 0, &own.robust, &own.robust_size);
    return own;
}

static void arm(int thread) {
    variable = 7000 + thread;
    fill(block, sizeof block, thread);
    pthread_setspecific(key, &owns[thread]);
    syscall(SYS_arch_prctl, ARCH_SET_GS, 0x10000000UL * (thread + 1) + 0x123);
    errno = 100 + thread;
    owns[thread] = look();
}

static void check(int thread) {
    if (errno != 100 + thread)
        complain("thread %d: errno %d", thread, errno);
    struct own found = look(), *was = &owns[thread];
    if (memcmp(&found, was, sizeof found))
        complain("thread %d: tid %d fs %lx gs %lx robust %lx, before the snapshot %d %lx %lx %lx", thread, found.tid, found.fs,
            found.gs, found.robust, was->tid, was->fs, was->gs, was->robust);
    if (variable != 7000U + thread || !filled(block, sizeof block, thread))
        complain("thread %d: its variables changed", thread);
    if (pthread_getspecific(key) != was)
        complain("thread %d: its key has another value", thread);
    errno = 100 + thread;
}

static void *body(void *argument) {
    int thread = (int)(long)argument;
    arm(thread);
    for (int turn = 1;; turn++) {
        atomic_store(&done[thread], turn);
        while (atomic_load(&order) < turn)
            pause_for(MILLISECOND);
        check(thread);
    }
}

void prepare(const char *variant) {
    (void)variant;
    WORKS(pthread_key_create(&key, NULL));
    for (long thread = 1; thread < THREADS; thread++) {
        start(body, (void *)thread);
        UNTIL(atomic_load(&done[thread]) == 1, "thread %ld did not start", thread);
    }
    arm(0);
}

void verify(int invocation) {
    errno = 100;
    check(0);
    REQUIRE(owns[0].tid == getpid(), "the main thread is %d in process %d", owns[0].tid, getpid());
    atomic_store(&order, invocation);
    for (int thread = 1; thread < THREADS; thread++)
        UNTIL(atomic_load(&done[thread]) == invocation + 1, "thread %d does not run", thread);
}
