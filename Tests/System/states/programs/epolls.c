// epoll: level, edge, one-shot before and after its shot, nested, with data, on every kind of descriptor that can be watched.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "state.h"

enum { LEVEL, EDGE, ARMED, FIRED, QUIET, TIMER, PIPE, NESTED, MEMBERS };

static int outer, inner, deep, members[MEMBERS], pipe_writer, number_free;
static const uint32_t events[MEMBERS] = {
    EPOLLIN, EPOLLIN | EPOLLET, EPOLLIN | EPOLLONESHOT, EPOLLIN | EPOLLONESHOT, EPOLLOUT, EPOLLIN, EPOLLIN | EPOLLRDHUP, EPOLLIN};
static const uint64_t data[MEMBERS] = {0, UINT64_MAX, 0x123456789ABCDEF0, 3, 1ULL << 63, 5, 6, 0x7777};

/* Which members are ready now, as bits. */
static unsigned ready(int epoll) {
    struct epoll_event found[MEMBERS];
    int count = MUST(epoll_wait(epoll, found, MEMBERS, 0));
    unsigned bits = 0;
    for (int each = 0; each < count; each++) {
        int member = 0;
        while (member < MEMBERS && data[member] != found[each].data.u64)
            member++;
        REQUIRE(member < MEMBERS, "epoll gave data %lx", found[each].data.u64);
        bits |= 1U << member;
    }
    return bits;
}

static void watch(int epoll, int member) {
    struct epoll_event event = {.events = events[member], .data.u64 = data[member]};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, members[member], &event));
}

static void set(int member, bool on) {
    uint64_t value = 1;
    if (on)
        MUST(write(members[member], &value, sizeof value));
    else
        MUST(read(members[member], &value, sizeof value));
}

void prepare(const char *variant) {
    (void)variant;
    outer = MUST(epoll_create1(EPOLL_CLOEXEC));
    inner = MUST(epoll_create1(0));
    deep = MUST(epoll_create1(0));
    for (int member = LEVEL; member <= QUIET; member++)
        members[member] = MUST(eventfd(0, EFD_NONBLOCK));
    members[TIMER] = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    int ends[2];
    MUST(pipe2(ends, O_NONBLOCK));
    members[PIPE] = ends[0], pipe_writer = ends[1];
    members[NESTED] = inner;
    for (int member = 0; member < MEMBERS; member++)
        watch(outer, member);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = data[PIPE]};
    MUST(epoll_ctl(deep, EPOLL_CTL_ADD, members[PIPE], &event));
    event.data.u64 = data[NESTED];
    MUST(epoll_ctl(inner, EPOLL_CTL_ADD, deep, &event));
    set(FIRED, true);
    REQUIRE(ready(outer) == (1U << FIRED | 1U << QUIET), "epoll is not ready as it must be");
    set(FIRED, false);
    event = (struct epoll_event){.events = EPOLLIN, .data.u64 = 1};
    number_free = MUST(eventfd(1, 0)); /* watched, then closed: no trace of it may come back */
    MUST(epoll_ctl(outer, EPOLL_CTL_ADD, number_free, &event));
    close(number_free);
}

void verify(int invocation) {
    const unsigned quiet = 1U << QUIET;
    REQUIRE(ready(outer) == quiet, "ready without reason: %x", ready(outer));
    set(FIRED, true);
    REQUIRE(ready(outer) == quiet, "a one-shot watch fired twice");
    struct epoll_event event = {.events = events[FIRED], .data.u64 = data[FIRED]};
    MUST(epoll_ctl(outer, EPOLL_CTL_MOD, members[FIRED], &event));
    REQUIRE(ready(outer) == (quiet | 1U << FIRED), "a one-shot watch cannot be armed again");
    set(FIRED, false);
    set(LEVEL, true);
    set(EDGE, true);
    if (invocation > 1) {
        event = (struct epoll_event){.events = events[ARMED], .data.u64 = data[ARMED]};
        MUST(epoll_ctl(outer, EPOLL_CTL_MOD, members[ARMED], &event));
    }
    set(ARMED, true);
    unsigned found = ready(outer);
    REQUIRE(found == (quiet | 1U << LEVEL | 1U << EDGE | 1U << ARMED), "ready: %x", found);
    found = ready(outer);
    REQUIRE(found == (quiet | 1U << LEVEL), "level, edge and one-shot are mixed up: %x", found);
    set(LEVEL, false);
    set(EDGE, false);
    set(ARMED, false);
    struct itimerspec soon = {.it_value = {.tv_nsec = MILLISECOND}};
    MUST(timerfd_settime(members[TIMER], 0, &soon, NULL));
    UNTIL(ready(outer) == (quiet | 1U << TIMER), "a watched timer does not become ready");
    set(TIMER, false);
    MUST(write(pipe_writer, "x", 1));
    REQUIRE(ready(outer) == (quiet | 1U << PIPE | 1U << NESTED), "nested epolls do not become ready: %x", ready(outer));
    REQUIRE(ready(inner) == 1U << NESTED && ready(deep) == 1U << PIPE, "nested epolls do not tell why");
    char byte;
    MUST(read(members[PIPE], &byte, 1));
    event = (struct epoll_event){.events = EPOLLIN};
    REQUIRE(epoll_ctl(outer, EPOLL_CTL_ADD, members[LEVEL], &event) == -1 && errno == EEXIST, "a watch is lost");
}
