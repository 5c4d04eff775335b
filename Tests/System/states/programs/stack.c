// Stacks: what is on them, and that they grow; the main thread's down to its limit and not beyond.
#include <sys/wait.h>

#include "state.h"

enum { FRAME = 3000, DEPTH = 1000 }; /* 3 MB */

static atomic_int order, done;
static char *deepest;

/* Recurses, and checks on the way back that no frame was touched by another. */
static __attribute__((noinline)) int descend(int depth) {
    char frame[FRAME];
    fill(frame, sizeof frame, depth);
    int below = depth < DEPTH ? descend(depth + 1) : 0;
    return below + !filled(frame, sizeof frame, depth);
}

static void *body(void *argument) {
    char frame[20000];
    fill(frame, sizeof frame, 5);
    for (int turn = 1;; turn++) {
        atomic_store(&done, turn);
        while (atomic_load(&order) < turn)
            pause_for(MILLISECOND);
        if (!filled(frame, sizeof frame, 5))
            complain("a thread's stack changed");
        if (descend(0))
            complain("a thread's stack does not hold its frames");
    }
    return argument;
}

/* Below the limit's end the kernel gives SIGSEGV, on the alternate stack. */
static void on_overflow(int signal) {
    (void)signal;
    static const char answer[] = "overflow";

    syscall(SYS_write, *(int *)deepest, answer, sizeof answer);
    _exit(0);
}

void prepare(const char *variant) {
    (void)variant;
    REQUIRE(descend(900) == 0, "the stack does not hold its frames"); /* a little: it must grow later */
    start(body, NULL);
    UNTIL(atomic_load(&done) == 1, "the thread did not start");
}

static __attribute__((noinline)) int forever(volatile int depth) {
    char frame[FRAME];
    memset(frame, depth, sizeof frame);
    return (depth < 1 << 30 ? forever(depth + 1) : 0) + frame[depth % FRAME];
}

static void check_limit(void) {
    int ends[2];
    MUST(pipe(ends));
    pid_t child = MUST(fork());
    if (child == 0) {
        static char room[65536];
        stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
        sigaltstack(&stack, NULL);
        struct sigaction action = {.sa_handler = on_overflow, .sa_flags = SA_ONSTACK};
        sigaction(SIGSEGV, &action, NULL);
        deepest = (char *)&ends[1];
        forever(0);
    }
    close(ends[1]);
    char answer[16] = "";
    ssize_t got = read(ends[0], answer, sizeof answer);
    close(ends[0]);
    siginfo_t info;
    MUST(waitid(P_PID, child, &info, WEXITED));
    REQUIRE(got == 9 && !strcmp(answer, "overflow"), "endless recursion ended with status %d, not at the stack's limit", info.si_status);
}

void verify(int invocation) {
    char frame[20000];
    fill(frame, sizeof frame, 6);
    REQUIRE(descend(0) == 0, "the stack does not hold its frames");
    REQUIRE(filled(frame, sizeof frame, 6), "the stack changed");
    atomic_store(&order, invocation);
    UNTIL(atomic_load(&done) == invocation + 1, "the thread does not run");
    check_limit();
}
