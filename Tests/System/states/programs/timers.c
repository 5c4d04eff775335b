// Timers of timer_create(2): several clocks and ways to notify, ids with gaps, overruns, and SIGEV_THREAD of the C library.
#include "state.h"

enum { TIMERS = 8 };

struct timer {
    int clock, notify, signal, flags;
    uint64_t value, interval;
    bool deleted;
};

static const struct timer timers[TIMERS] = {
    {CLOCK_MONOTONIC, SIGEV_SIGNAL, 40, 0, 20 * MILLISECOND, 20 * MILLISECOND, false},
    {CLOCK_MONOTONIC, SIGEV_SIGNAL, 41, 0, 0, 0, true},
    {CLOCK_REALTIME, SIGEV_THREAD_ID, 42, 0, 20 * MILLISECOND, 20 * MILLISECOND, false},
    {CLOCK_BOOTTIME, SIGEV_NONE, 0, 0, 1000 * SECOND, 3 * SECOND, false},
    {CLOCK_MONOTONIC, SIGEV_SIGNAL, 41, 0, 0, 0, true},
    {CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, 43, 0, 10 * MILLISECOND, 10 * MILLISECOND, false},
    {CLOCK_MONOTONIC, SIGEV_THREAD_ID, 44, 0, 0, 0, false},
    {CLOCK_MONOTONIC, SIGEV_SIGNAL, 45, TIMER_ABSTIME, 1000 * SECOND, 0, false},
};
enum { IDLE = 6, FAR = 7 };

static int ids[TIMERS];
static atomic_int fired[65], called;
static pid_t receiver;
static timer_t of_library;
static bool of_thread, of_other;
static int thread_clock;
static atomic_bool burning, made;

static void handler(int signal, siginfo_t *info, void *context) {
    (void)context;
    if (info->si_code != SI_TIMER || info->si_value.sival_int != signal * 11)
        complain("signal %d came with code %d and value %d", signal, info->si_code, info->si_value.sival_int);
    if (signal == 42 && gettid() != receiver)
        complain("signal 42 came to thread %d, not %d", gettid(), receiver);
    atomic_fetch_add(&fired[signal], 1);
}

static void callback(union sigval value) {
    if (value.sival_ptr != &called)
        complain("the library's timer gave another value");
    atomic_fetch_add(&called, 1);
}

static void *receive(void *argument) {
    (void)argument;
    receiver = gettid();
    for (;;)
        pause();
}

static struct itimerspec spec(uint64_t value, uint64_t interval) {
    return (struct itimerspec){
        .it_value = {.tv_sec = value / SECOND, .tv_nsec = value % SECOND},
        .it_interval = {.tv_sec = interval / SECOND, .tv_nsec = interval % SECOND}};
}

static void settime(int id, int flags, uint64_t value, uint64_t interval) {
    struct itimerspec time = spec(value + (flags & TIMER_ABSTIME ? now(CLOCK_MONOTONIC) : 0), interval);
    MUST(syscall(SYS_timer_settime, id, flags, &time, NULL));
}

static int create(int clock, int notify, int signal) {
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal, .sigev_value.sival_int = signal * 11};
    if (notify == SIGEV_THREAD_ID)
        event._sigev_un._tid = signal == 42 ? receiver : getpid();
    int id = -1;
    MUST(syscall(SYS_timer_create, clock, &event, &id));
    return id;
}

/* Makes a timer of this thread's clock, which goes while it burns. */
static void *burn(void *argument) {
    thread_clock = create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, 46);
    settime(thread_clock, 0, 5 * MILLISECOND, 5 * MILLISECOND);
    atomic_store(&made, true);
    for (;;) {
        while (atomic_load(&burning))
            ;
        pause_for(MILLISECOND);
    }
    return argument;
}

void prepare(const char *variant) {
    for (int signal = 40; signal <= 46; signal++) {
        struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
        MUST(sigaction(signal, &action, NULL));
    }
    of_thread = strcmp(variant, "thread-clock") == 0;
    if (of_thread) {
        thread_clock = create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, 46);
        settime(thread_clock, 0, 5 * MILLISECOND, 5 * MILLISECOND);
        return;
    }
    of_other = strcmp(variant, "other-thread-clock") == 0;
    if (of_other) {
        start(burn, NULL);
        UNTIL(atomic_load(&made), "the thread did not start");
        return;
    }
    start(receive, NULL);
    UNTIL(receiver, "the receiver did not start");
    for (int each = 0; each < TIMERS; each++)
        ids[each] = create(timers[each].clock, timers[each].notify, timers[each].signal);
    for (int each = 0; each < TIMERS; each++) {
        if (timers[each].deleted)
            MUST(syscall(SYS_timer_delete, ids[each]));
        else
            settime(ids[each], timers[each].flags, timers[each].value, timers[each].interval);
    }
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = callback, .sigev_value.sival_ptr = &called};
    MUST(timer_create(CLOCK_MONOTONIC, &event, &of_library));
    struct itimerspec time = spec(20 * MILLISECOND, 20 * MILLISECOND);
    MUST(timer_settime(of_library, 0, &time, NULL));
}

/* Burns processor time until a signal has come `count` times more. */
static void expect(int signal, int count) {
    int before = atomic_load(&fired[signal]);
    uint64_t end = now(CLOCK_MONOTONIC) + 20 * SECOND;
    while (atomic_load(&fired[signal]) < before + count)
        REQUIRE(now(CLOCK_MONOTONIC) < end, "the timer of signal %d does not fire any more", signal);
}

static void check_overrun(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, 44);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    settime(ids[IDLE], 0, MILLISECOND, MILLISECOND);
    pause_for(30 * MILLISECOND);
    siginfo_t info;
    int signal;
    while ((signal = sigwaitinfo(&set, &info)) == -1 && errno == EINTR)
        ;
    REQUIRE(signal == 44 && info.si_code == SI_TIMER, "signal %d with code %d came", signal, info.si_code);
    REQUIRE(info.si_overrun >= 5, "30 ms of 1 ms each overran %d times", info.si_overrun);
    settime(ids[IDLE], 0, 0, 0);
    struct timespec none = {0};
    sigtimedwait(&set, NULL, &none);
    MUST(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

void verify(int invocation) {
    (void)invocation;
    if (of_thread) {
        expect(46, 3);
        return;
    }
    if (of_other) {
        atomic_store(&burning, true);
        int before = atomic_load(&fired[46]);
        UNTIL(atomic_load(&fired[46]) >= before + 3, "the timer of another thread's clock does not fire any more");
        atomic_store(&burning, false);
        return;
    }
    for (int each = 0; each < TIMERS; each++) {
        const struct timer *timer = &timers[each];
        struct itimerspec left;
        long result = syscall(SYS_timer_gettime, ids[each], &left);
        if (timer->deleted) {
            REQUIRE(result == -1 && errno == EINVAL, "timer %d exists again", ids[each]);
            continue;
        }
        REQUIRE(result == 0, "timer %d: %s", ids[each], strerror(errno));
        uint64_t interval = left.it_interval.tv_sec * SECOND + left.it_interval.tv_nsec;
        REQUIRE(interval == timer->interval, "timer %d: interval %lu, not %lu", ids[each], interval, timer->interval);
        REQUIRE(timer->value < SECOND || (left.it_value.tv_sec > 800 && left.it_value.tv_sec <= 1000), "timer %d: %ld s left",
            ids[each], left.it_value.tv_sec);
        REQUIRE(timer->value || (!left.it_value.tv_sec && !left.it_value.tv_nsec), "timer %d was armed", ids[each]);
    }
    expect(40, 3);
    expect(42, 3);
    expect(43, 3);
    REQUIRE(!atomic_load(&fired[45]), "a timer fired 1000 s too early");
    check_overrun();
    int before = atomic_load(&called);
    UNTIL(atomic_load(&called) >= before + 3, "SIGEV_THREAD does not call any more");
    int another = create(CLOCK_MONOTONIC, SIGEV_NONE, 0);
    for (int each = 0; each < TIMERS; each++)
        REQUIRE(timers[each].deleted || ids[each] != another, "a new timer has the id of another");
    MUST(syscall(SYS_timer_delete, another));
}
