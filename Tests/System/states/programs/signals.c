// The disposition of each of the 64 signals: default, ignored, or a handler with its flags, mask and restorer.
#include "state.h"

struct action {
    void *handler;
    uint64_t flags;
    void *restorer;
    uint64_t mask;
};

enum { SA_HAS_RESTORER = 0x04000000 };

void restorer_of_ours(void);
__asm__(".text\nrestorer_of_ours:\n mov $15, %eax\n syscall\n");

static struct action expected[65];
static volatile int delivered[65];
static volatile uint64_t mask_inside[65];
static volatile int value_inside[65];

static uint64_t bit(int signal) {
    return UINT64_C(1) << (signal - 1);
}

/* Not those that cannot be caught, and not those of the C library. */
static bool ours(int signal) {
    return signal != SIGKILL && signal != SIGSTOP && signal != 32 && signal != 33;
}

static void handler(int signal, siginfo_t *info, void *context) {
    (void)context;
    uint64_t mask = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
    mask_inside[signal] = mask;
    value_inside[signal] = info->si_value.sival_int;
    delivered[signal]++;
}

static void set(int signal, const struct action *action) {
    MUST(syscall(SYS_rt_sigaction, signal, action, NULL, 8));
}

static struct action current(int signal) {
    struct action found = {0};
    MUST(syscall(SYS_rt_sigaction, signal, NULL, &found, 8));
    return found;
}

static struct action wanted(int signal) {
    struct action action = {0};
    if (signal % 3 == 0) {
        action.handler = SIG_IGN;
    } else if (signal % 3 == 1) {
        action.handler = (void *)handler;
        action.flags = SA_SIGINFO | SA_HAS_RESTORER;
        action.flags |= signal & 1 ? SA_RESTART : 0;
        action.flags |= signal & 2 ? SA_NODEFER : 0;
        action.flags |= signal & 4 ? SA_ONSTACK : 0;
        action.flags |= signal & 8 ? SA_NOCLDSTOP : 0;
        action.flags |= signal & 16 ? SA_RESETHAND : 0;
        action.restorer = (void *)restorer_of_ours;
        action.mask = (UINT64_C(0x5DEECE66D1234567) * signal) & ~bit(SIGKILL) & ~bit(SIGSTOP) & ~bit(32) & ~bit(33);
    }
    return action;
}

void prepare(const char *variant) {
    (void)variant;
    for (int signal = 1; signal <= 64; signal++) {
        if (ours(signal)) {
            struct action action = wanted(signal);
            set(signal, &action);
        }
        expected[signal] = current(signal);
    }
}

static void deliver(int signal) {
    int before = delivered[signal];
    union sigval value = {.sival_int = 1000 + signal};
    MUST(sigqueue(getpid(), signal, value));
    bool handled = expected[signal].handler != SIG_IGN;
    REQUIRE(delivered[signal] == before + handled, "signal %d ran its handler %d times", signal, delivered[signal] - before);
    if (!handled)
        return;
    REQUIRE(value_inside[signal] == 1000 + signal, "signal %d came with value %d", signal, value_inside[signal]);
    uint64_t mask = expected[signal].mask | (expected[signal].flags & SA_NODEFER ? 0 : bit(signal));
    REQUIRE(mask_inside[signal] == mask, "signal %d: mask %lx in its handler, not %lx", signal, mask_inside[signal], mask);
    if (expected[signal].flags & SA_RESETHAND) {
        REQUIRE(current(signal).handler == SIG_DFL, "signal %d: SA_RESETHAND did nothing", signal);
        set(signal, &expected[signal]);
    }
}

void verify(int invocation) {
    (void)invocation;
    for (int signal = 1; signal <= 64; signal++) {
        struct action found = current(signal), *was = &expected[signal];
        REQUIRE(found.handler == was->handler && found.flags == was->flags && found.restorer == was->restorer
                && found.mask == was->mask,
            "signal %d: handler %p flags %lx restorer %p mask %lx, before the snapshot %p %lx %p %lx", signal, found.handler,
            found.flags, found.restorer, found.mask, was->handler, was->flags, was->restorer, was->mask);
    }
    for (int signal = 1; signal <= 64; signal++)
        if (ours(signal) && expected[signal].handler != SIG_DFL)
            deliver(signal);
    uint64_t mask = 1;
    MUST(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8));
    REQUIRE(mask == 0, "signals %lx stayed blocked", mask);
}
