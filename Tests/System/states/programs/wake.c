// What a clone wakes up to: time that goes on and never back, randomness of its own, and what the platform tells it.
#include <sys/auxv.h>
#include <sys/random.h>

#include "state.h"

static uint64_t monotonic, boot, wall;
static char at_init[33];
static atomic_ulong backwards, looked;

/* Looks at the clock all the time, through the snapshot too. */
static void *watch(void *argument) {
    uint64_t last = now(CLOCK_MONOTONIC);
    for (;;) {
        uint64_t time = now(CLOCK_MONOTONIC);
        if (time < last)
            atomic_fetch_add(&backwards, 1);
        last = time;
        atomic_fetch_add(&looked, 1);
        pause_for(MILLISECOND);
    }
    return argument;
}

static void draw(char *text) {
    uint64_t drawn[2];
    MUST(getrandom(drawn, sizeof drawn, 0));
    sprintf(text, "%016lx%016lx", drawn[0], drawn[1]);
}

void prepare(const char *variant) {
    (void)variant;
    draw(at_init);
    start(watch, NULL);
    monotonic = now(CLOCK_MONOTONIC), boot = now(CLOCK_BOOTTIME), wall = now(CLOCK_REALTIME);
}

void verify(int invocation) {
    (void)invocation;
    REQUIRE(now(CLOCK_MONOTONIC) > monotonic && now(CLOCK_BOOTTIME) > boot && now(CLOCK_REALTIME) > wall, "a clock went back");
    unsigned long before = atomic_load(&looked);
    UNTIL(atomic_load(&looked) > before + 2, "the watching thread does not run");
    REQUIRE(!atomic_load(&backwards), "the monotonic clock went back");
    char drawn[33];
    draw(drawn);
    tell("unique", "%s", drawn);
    tell("shared", "%s", at_init);
    tell("time", "%lu", now(CLOCK_REALTIME));
    static const char *const names[] = {"Thaw-Generation", "Thaw-Entropy", "Thaw-Wall-Clock"};
    for (int each = 0; each < COUNT(names); each++) {
        const char *value = restore_header(names[each]);
        if (value)
            tell(names[each], "%s", value);
    }
}
