// Threads: 1, 2, 17 or 60 of them, which count, sleep or wait for a futex, each with its id, name and stack; afterwards they end, are
// joined, and new ones start.
#include <linux/futex.h>
#include <sys/prctl.h>

#include "state.h"

enum { MOST = 64, STACK = 3000 };

struct thread {
    pthread_t handle;
    pid_t tid;
    int number;
    atomic_ulong steps;
    atomic_int gate, passed;
    bool intact;
};

static struct thread threads[MOST];
static int count;
static atomic_bool leave;

static bool named(pid_t tid, int number) {
    char path[64], name[32], wanted[32];
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    snprintf(wanted, sizeof wanted, "worker %d\n", number);
    int file = MUST(open(path, O_RDONLY | O_CLOEXEC));
    ssize_t length = MUST(read(file, name, sizeof name - 1));
    close(file);
    name[length] = 0;
    return !strcmp(name, wanted);
}

static __attribute__((noinline)) void work(struct thread *self) {
    char stack[STACK];
    fill(stack, sizeof stack, self->number);
    int turn = 0;
    while (!atomic_load(&leave)) {
        if (self->number % 3 == 0)
            sched_yield();
        else if (self->number % 3 == 1)
            pause_for(2 * MILLISECOND);
        else
            syscall(SYS_futex, &self->gate, FUTEX_WAIT_PRIVATE, turn, NULL, NULL, 0);
        if (atomic_load(&self->gate) != turn) {
            turn = atomic_load(&self->gate);
            self->intact = filled(stack, sizeof stack, self->number) && gettid() == self->tid;
            atomic_store(&self->passed, turn);
        }
        atomic_fetch_add(&self->steps, 1);
    }
}

static void *body(void *argument) {
    struct thread *self = argument;
    self->tid = gettid();
    char name[16];
    snprintf(name, sizeof name, "worker %d", self->number);
    prctl(PR_SET_NAME, name);
    atomic_store(&self->steps, 1);
    work(self);
    return self;
}

void prepare(const char *variant) {
    count = atoi(variant) - 1; /* beside this one */
    for (int each = 0; each < count; each++) {
        threads[each].number = each;
        threads[each].handle = start(body, &threads[each]);
    }
    for (int each = 0; each < count; each++)
        UNTIL(atomic_load(&threads[each].steps), "thread %d did not start", each);
}

static void *short_lived(void *argument) {
    return (char *)argument + 1;
}

static void check_new_threads(void) {
    pthread_t fresh[5];
    for (long each = 0; each < 5; each++)
        fresh[each] = start(short_lived, (void *)(each * 10));
    for (long each = 0; each < 5; each++) {
        void *result;
        WORKS(pthread_join(fresh[each], &result));
        REQUIRE(result == (void *)(each * 10 + 1), "a new thread gave another result");
    }
}

void verify(int invocation) {
    REQUIRE(gettid() == getpid(), "the main thread is not the process");
    check_new_threads();
    if (invocation > 1)
        return;
    char value[32];
    REQUIRE(field("/proc/self/status", "Threads", value, sizeof value), "no number of threads");
    UNTIL(field("/proc/self/status", "Threads", value, sizeof value) && atoi(value) == count + 1, "%s threads, not %d", value, count + 1);
    for (int each = 0; each < count; each++) {
        struct thread *thread = &threads[each];
        REQUIRE(named(thread->tid, each), "thread %d has another name", each);
        unsigned long before = atomic_load(&thread->steps);
        atomic_store(&thread->gate, 1);
        syscall(SYS_futex, &thread->gate, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
        UNTIL(atomic_load(&thread->passed) == 1 && atomic_load(&thread->steps) > before, "thread %d does not run", each);
        REQUIRE(thread->intact, "thread %d: its stack or id changed", each);
    }
    atomic_store(&leave, true);
    for (int each = 0; each < count; each++) {
        atomic_store(&threads[each].gate, 2);
        syscall(SYS_futex, &threads[each].gate, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
        void *result;
        WORKS(pthread_join(threads[each].handle, &result));
        REQUIRE(result == &threads[each], "thread %d ended with another result", each);
    }
}
