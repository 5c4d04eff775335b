// The three interval timers of a process, periodic, and one that is far from its end.
#include <sys/time.h>

#include "state.h"

static atomic_int fired[65];
static const int signals[3] = {SIGALRM, SIGVTALRM, SIGPROF};
static bool far_away;

static void handler(int signal) {
    atomic_fetch_add(&fired[signal], 1);
}

void prepare(const char *variant) {
    far_away = strcmp(variant, "far") == 0;
    for (int which = 0; which < 3; which++) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = which == 0 ? SA_RESTART : 0};
        MUST(sigaction(signals[which], &action, NULL));
        struct itimerval value = {
            .it_interval = {.tv_usec = 20000 + 4000 * which}, .it_value = {.tv_sec = far_away ? 1000 : 0, .tv_usec = 20000}};
        MUST(setitimer(which, &value, NULL));
    }
}

void verify(int invocation) {
    (void)invocation;
    for (int which = 0; which < 3; which++) {
        struct itimerval value;
        MUST(getitimer(which, &value));
        REQUIRE(value.it_interval.tv_sec == 0 && labs(value.it_interval.tv_usec - 20000 - 4000 * which) <= 4000,
            "timer %d: interval %ld.%06ld", which, value.it_interval.tv_sec, value.it_interval.tv_usec);
        long longest = far_away ? 1001 : 1;
        REQUIRE(value.it_value.tv_sec <= longest && (!far_away || value.it_value.tv_sec >= 800), "timer %d: %ld s left", which,
            value.it_value.tv_sec);
        REQUIRE(value.it_value.tv_sec || value.it_value.tv_usec, "timer %d is not armed", which);
        int before = atomic_load(&fired[signals[which]]);
        REQUIRE(!far_away || before == 0, "timer %d fired too early", which);
        uint64_t end = now(CLOCK_MONOTONIC) + 20 * SECOND;
        while (!far_away && atomic_load(&fired[signals[which]]) < before + 3)
            REQUIRE(now(CLOCK_MONOTONIC) < end, "timer %d does not fire any more", which);
    }
}
