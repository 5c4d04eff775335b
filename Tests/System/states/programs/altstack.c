// Alternate signal stacks: each thread's own, and handlers run on them.
#include "state.h"

enum { SIZE = 32768, THREADS = 3 };

static stack_t expected[THREADS];
static char *volatile seen[THREADS];
static __thread int self;
static atomic_int order[THREADS], done[THREADS];

static void handler(int signal) {
    char here;
    (void)signal;
    seen[self] = &here;
}

static void arm(int thread) {
    self = thread;
    stack_t stack = {.ss_sp = malloc(SIZE), .ss_size = SIZE, .ss_flags = thread == 1 ? (int)(1U << 31) /* SS_AUTODISARM */ : 0};
    if (sigaltstack(&stack, NULL))
        complain("sigaltstack: %s", strerror(errno));
    sigaltstack(NULL, &expected[thread]);
}

static void check(int thread) {
    stack_t found;
    sigaltstack(NULL, &found);
    if (found.ss_sp != expected[thread].ss_sp || found.ss_size != SIZE || found.ss_flags != expected[thread].ss_flags)
        complain("thread %d: alternate stack %p, %zu bytes, flags %x; before %p, flags %x", thread, found.ss_sp, found.ss_size,
            found.ss_flags, expected[thread].ss_sp, expected[thread].ss_flags);
    seen[thread] = NULL;
    pthread_kill(pthread_self(), SIGUSR1);
    char *start = expected[thread].ss_sp;
    if (seen[thread] < start || seen[thread] >= start + SIZE)
        complain("thread %d: the handler ran at %p, not on the alternate stack %p", thread, seen[thread], start);
}

static void *body(void *argument) {
    int thread = (int)(long)argument;
    arm(thread);
    for (int turn = 1;; turn++) {
        atomic_store(&done[thread], turn);
        while (atomic_load(&order[thread]) < turn)
            pause_for(MILLISECOND);
        check(thread);
    }
}

void prepare(const char *variant) {
    (void)variant;
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    MUST(sigaction(SIGUSR1, &action, NULL));
    arm(0);
    for (long thread = 1; thread < THREADS; thread++) {
        start(body, (void *)thread);
        UNTIL(atomic_load(&done[thread]) == 1, "thread %ld did not start", thread);
    }
}

void verify(int invocation) {
    check(0);
    for (int thread = 1; thread < THREADS; thread++) {
        atomic_store(&order[thread], invocation);
        UNTIL(atomic_load(&done[thread]) == invocation + 1, "thread %d does not run", thread);
    }
}
