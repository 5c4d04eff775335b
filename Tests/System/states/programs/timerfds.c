// Timers with a descriptor: relative and absolute, periodic, with expirations nobody has read, disarmed, and on several clocks.
#include <poll.h>
#include <sys/timerfd.h>

#include "state.h"

static int far_off, absolute, periodic, expired, disarmed, passed, wall;
static uint64_t unread, deadline;

static int make(int clock, int flags, uint64_t value, uint64_t interval) {
    int descriptor = MUST(timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC));
    struct itimerspec time = {
        .it_value = {.tv_sec = value / SECOND, .tv_nsec = value % SECOND},
        .it_interval = {.tv_sec = interval / SECOND, .tv_nsec = interval % SECOND}};
    MUST(timerfd_settime(descriptor, flags, &time, NULL));
    return descriptor;
}

static uint64_t ticks(int descriptor) {
    char path[64], value[64];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    REQUIRE(field(path, "ticks", value, sizeof value), "%s has no ticks", path);
    return strtoull(value, NULL, 10);
}

static bool readable(int descriptor) {
    struct pollfd poll_one = {.fd = descriptor, .events = POLLIN};
    return MUST(poll(&poll_one, 1, 0)) == 1;
}

static uint64_t left(int descriptor, uint64_t *interval) {
    struct itimerspec time;
    MUST(timerfd_gettime(descriptor, &time));
    if (interval)
        *interval = time.it_interval.tv_sec * SECOND + time.it_interval.tv_nsec;
    return time.it_value.tv_sec * SECOND + time.it_value.tv_nsec;
}

static uint64_t take(int descriptor) {
    uint64_t count = 0;
    ssize_t got = read(descriptor, &count, sizeof count);
    REQUIRE(got == sizeof count || (got == -1 && errno == EAGAIN), "timerfd %d: %s", descriptor, strerror(errno));
    return got == sizeof count ? count : 0;
}

void prepare(const char *variant) {
    (void)variant;
    deadline = now(CLOCK_MONOTONIC) + 1000 * SECOND;
    far_off = make(CLOCK_MONOTONIC, 0, 1000 * SECOND, 7 * SECOND);
    absolute = make(CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, deadline, 0);
    wall = make(CLOCK_REALTIME, TFD_TIMER_ABSTIME, now(CLOCK_REALTIME) + 1000 * SECOND, 0);
    periodic = make(CLOCK_BOOTTIME, 0, 10 * MILLISECOND, 10 * MILLISECOND);
    expired = make(CLOCK_MONOTONIC, 0, MILLISECOND, 0);
    passed = make(CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, now(CLOCK_MONOTONIC) - SECOND, 0);
    disarmed = make(CLOCK_MONOTONIC, 0, 0, 0);
    /* Asking for the rest makes the kernel count what has expired since. */
    UNTIL(left(periodic, NULL) && ticks(periodic) >= 5 && ticks(expired) == 1 && ticks(passed) == 1, "the timers do not tick");
    unread = ticks(periodic);
    pause_for(15 * MILLISECOND); /* it expires once more, and then stands until someone asks */
}

void verify(int invocation) {
    uint64_t interval;
    uint64_t remaining = left(far_off, &interval);
    REQUIRE(interval == 7 * SECOND, "interval %lu of a timer that is far off", interval);
    REQUIRE(remaining > 800 * SECOND && remaining <= 1000 * SECOND, "%lu ns left of 1000 s", remaining);
    remaining = left(absolute, NULL);
    uint64_t due = now(CLOCK_MONOTONIC) + remaining;
    REQUIRE(due < deadline + SECOND && due + SECOND > deadline, "an absolute timer is due at %lu, not %lu", due, deadline);
    remaining = left(wall, NULL);
    REQUIRE(remaining > 800 * SECOND && remaining <= 1000 * SECOND, "%lu ns left of 1000 s of wall clock", remaining);
    REQUIRE(!readable(far_off) && !readable(absolute) && !readable(wall) && !readable(disarmed), "a timer expired too early");
    REQUIRE(left(disarmed, NULL) == 0 && take(disarmed) == 0, "a disarmed timer is armed");
    if (invocation == 1) {
        uint64_t count = take(periodic);
        REQUIRE(count >= unread, "%lu expirations, %lu before the snapshot", count, unread);
        REQUIRE(readable(expired) && take(expired) == 1, "an expiration nobody had read is lost");
        REQUIRE(readable(passed) && take(passed) == 1, "an expiration nobody had read is lost");
    }
    REQUIRE(take(expired) == 0 && left(expired, NULL) == 0, "a timer expired again");
    REQUIRE(left(periodic, &interval) <= 10 * MILLISECOND && interval == 10 * MILLISECOND, "interval %lu of a timer that ticks",
        interval);
    take(periodic);
    uint64_t count = 0;
    UNTIL((count += take(periodic)) >= 3, "a periodic timer does not tick any more");
    struct itimerspec soon = {.it_value = {.tv_nsec = MILLISECOND}};
    MUST(timerfd_settime(disarmed, 0, &soon, NULL));
    UNTIL(take(disarmed) == 1, "a timer armed after the snapshot does not expire");
    soon.it_value.tv_nsec = 0;
    MUST(timerfd_settime(disarmed, 0, &soon, NULL));
}
