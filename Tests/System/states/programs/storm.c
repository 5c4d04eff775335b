// Threads that signal each other without pause, as the Go runtime does to preempt and profilers do to sample: at any instant some
// signal is under way.
#include <sys/syscall.h>

#include "state.h"

enum { THREADS = 3 };

static _Atomic(pthread_t) threads[THREADS];
static atomic_ulong sent[THREADS], received[THREADS];
static __thread int self;

static void handler(int signal) {
    (void)signal;
    atomic_fetch_add(&received[self], 1);
}

static void *body(void *argument) {
    self = (int)(long)argument;
    while (!threads[THREADS - 1])
        sched_yield();
    for (;;) {
        pthread_kill(threads[(self + 1) % THREADS], SIGURG);
        atomic_fetch_add(&sent[self], 1);
        if (atomic_load(&sent[self]) % 64 == 0)
            pause_for(100000);
    }
}

void prepare(const char *variant) {
    (void)variant;
    self = THREADS - 1;
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK};
    MUST(sigaction(SIGURG, &action, NULL));
    for (long thread = 0; thread < THREADS; thread++)
        threads[thread] = start(body, (void *)thread);
    for (int thread = 0; thread < THREADS; thread++)
        UNTIL(atomic_load(&received[thread]) > 100,
            "thread %d is signalled %lu times; the others sent %lu %lu %lu", thread, atomic_load(&received[thread]),
            atomic_load(&sent[0]), atomic_load(&sent[1]), atomic_load(&sent[2]));
}

void verify(int invocation) {
    (void)invocation;
    for (int thread = 0; thread < THREADS; thread++) {
        unsigned long was_sent = atomic_load(&sent[thread]), was_received = atomic_load(&received[thread]);
        UNTIL(atomic_load(&sent[thread]) > was_sent + 10, "thread %d does not run", thread);
        UNTIL(atomic_load(&received[thread]) > was_received + 10, "thread %d is not signalled any more", thread);
    }
}
