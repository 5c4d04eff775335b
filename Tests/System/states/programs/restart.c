// A thread in each system call that can wait: it goes on waiting after the snapshot, and ends as it should when what it waits for comes.
// Where signal(7) says that a stopped and continued process sees EINTR, a clone may see it too.
#include <arpa/inet.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "state.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

enum end { BYTE, FUTEX, SIGNAL, CONNECTION };

struct wait {
    const char *name;
    enum end end;
    bool may_be_interrupted;
    long (*call)(struct wait *); /* 0 for what is expected at the end */
    int descriptor, other; /* a pair */
    atomic_int word;
    pthread_t thread;
    atomic_int stage; /* 1: about to wait, 2: ended */
};

static struct sockaddr_in listening;
static const struct timespec long_time = {.tv_sec = 100000};

static long got(ssize_t count) {
    return count == 1 ? 0 : -1;
}

static long by_read(struct wait *wait) {
    char byte;
    return got(read(wait->descriptor, &byte, 1));
}

static long by_readv(struct wait *wait) {
    char byte;
    struct iovec part = {&byte, 1};
    return got(readv(wait->descriptor, &part, 1));
}

static long by_recvmsg(struct wait *wait) {
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return got(recvmsg(wait->descriptor, &message, 0));
}

static long by_recv_with_timeout(struct wait *wait) {
    char byte;
    struct timeval time = {.tv_sec = 100000};
    setsockopt(wait->descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    return got(recv(wait->descriptor, &byte, 1, 0));
}

static long by_poll(struct wait *wait) {
    struct pollfd one = {.fd = wait->descriptor, .events = POLLIN};
    return got(poll(&one, 1, -1));
}

static long by_poll_with_timeout(struct wait *wait) {
    struct pollfd one = {.fd = wait->descriptor, .events = POLLIN};
    return got(poll(&one, 1, 100000000));
}

static long by_ppoll(struct wait *wait) {
    struct pollfd one = {.fd = wait->descriptor, .events = POLLIN};
    return got(ppoll(&one, 1, &long_time, NULL));
}

static long by_select(struct wait *wait) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(wait->descriptor, &set);
    struct timeval time = {.tv_sec = 100000};
    return got(select(wait->descriptor + 1, &set, NULL, NULL, &time));
}

static long by_pselect(struct wait *wait) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(wait->descriptor, &set);
    return got(pselect(wait->descriptor + 1, &set, NULL, NULL, NULL, NULL));
}

static long by_epoll(struct wait *wait, int timeout) {
    static __thread int epoll;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};
    if (!epoll) {
        epoll = epoll_create1(EPOLL_CLOEXEC);
        epoll_ctl(epoll, EPOLL_CTL_ADD, wait->descriptor, &event);
    }
    return got(epoll_wait(epoll, &event, 1, timeout));
}

static long by_epoll_wait(struct wait *wait) {
    return by_epoll(wait, -1);
}

static long by_epoll_wait_with_timeout(struct wait *wait) {
    return by_epoll(wait, 100000000);
}

static long by_accept(struct wait *wait) {
    int client = accept(wait->descriptor, NULL, NULL);
    if (client >= 0)
        close(client);
    return client >= 0 ? 0 : -1;
}

static long by_futex(struct wait *wait) {
    return syscall(SYS_futex, &wait->word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static long by_futex_with_timeout(struct wait *wait) {
    return syscall(SYS_futex, &wait->word, FUTEX_WAIT_PRIVATE, 0, &long_time, NULL, 0);
}

static long by_futex_until(struct wait *wait) {
    struct timespec end = {.tv_sec = now(CLOCK_MONOTONIC) / SECOND + 100000};
    return syscall(SYS_futex, &wait->word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, &end, NULL, FUTEX_BITSET_MATCH_ANY);
}

static long by_futex_waitv(struct wait *wait) {
    struct { uint64_t value, address; uint32_t flags, reserved; } one = {0, (uintptr_t)&wait->word, 2 | 128, 0};
    return syscall(SYS_futex_waitv, &one, 1, 0, NULL, CLOCK_MONOTONIC);
}

/* These end by a signal with a handler. */
static long by_nanosleep(struct wait *wait) {
    (void)wait;
    struct timespec left = {0};
    if (nanosleep(&long_time, &left) == 0 || errno != EINTR)
        return -1;
    errno = ERANGE;
    return left.tv_sec > 99000 && left.tv_sec <= long_time.tv_sec ? 0 : -1;
}

static long by_clock_nanosleep(struct wait *wait) {
    (void)wait;
    struct timespec end = {.tv_sec = now(CLOCK_MONOTONIC) / SECOND + 100000};
    errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
    return errno == EINTR ? 0 : -1;
}

static long by_pause(struct wait *wait) {
    (void)wait;
    return pause() == -1 && errno == EINTR ? 0 : -1;
}

static long by_sigsuspend(struct wait *wait) {
    (void)wait;
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    sigdelset(&set, SIGUSR1);
    return sigsuspend(&set) == -1 && errno == EINTR ? 0 : -1;
}

static long by_sigwait(struct wait *wait, const struct timespec *time) {
    (void)wait;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    siginfo_t info;
    int signal = time ? sigtimedwait(&set, &info, time) : sigwaitinfo(&set, &info);
    return signal == SIGUSR1 ? 0 : -1;
}

static long by_sigwaitinfo(struct wait *wait) {
    return by_sigwait(wait, NULL);
}

static long by_sigtimedwait(struct wait *wait) {
    return by_sigwait(wait, &long_time);
}

static struct wait waits[] = {
    {"read", BYTE, false, by_read}, {"readv", BYTE, false, by_readv}, {"recvmsg", BYTE, false, by_recvmsg},
    {"recv with SO_RCVTIMEO", BYTE, true, by_recv_with_timeout}, {"poll", BYTE, false, by_poll},
    {"poll with a timeout", BYTE, false, by_poll_with_timeout}, {"ppoll", BYTE, false, by_ppoll}, {"select", BYTE, false, by_select},
    {"pselect", BYTE, false, by_pselect}, {"epoll_wait", BYTE, true, by_epoll_wait},
    {"epoll_wait with a timeout", BYTE, true, by_epoll_wait_with_timeout}, {"accept", CONNECTION, false, by_accept},
    {"futex", FUTEX, false, by_futex}, {"futex with a timeout", FUTEX, false, by_futex_with_timeout},
    {"futex with a point in time", FUTEX, false, by_futex_until}, {"futex_waitv", FUTEX, false, by_futex_waitv},
    {"nanosleep", SIGNAL, false, by_nanosleep}, {"clock_nanosleep", SIGNAL, false, by_clock_nanosleep},
    {"pause", SIGNAL, false, by_pause}, {"sigsuspend", SIGNAL, false, by_sigsuspend}, {"sigwaitinfo", SIGNAL, true, by_sigwaitinfo},
    {"sigtimedwait", SIGNAL, true, by_sigtimedwait},
};

static void *body(void *argument) {
    struct wait *wait = argument;
    atomic_store(&wait->stage, 1);
    long result;
    do
        result = wait->call(wait);
    while (result && errno == EINTR && wait->may_be_interrupted);
    if (result)
        complain("%s: %s", wait->name, strerror(errno));
    atomic_store(&wait->stage, 2);
    return argument;
}

/* Short waits, over and over: none may end too early, none may hang. */
static atomic_ulong rounds[4];
static atomic_bool leave;

static void *tick(void *argument) {
    long kind = (long)argument;
    static const struct timespec time = {.tv_nsec = 3000000};
    int word = 0;
    sigset_t none;
    sigemptyset(&none);
    sigaddset(&none, SIGUSR2);
    while (!atomic_load(&leave)) {
        uint64_t begin = now(CLOCK_MONOTONIC);
        struct pollfd nothing = {.fd = -1};
        long result = kind == 0 ? nanosleep(&time, NULL) : kind == 1 ? poll(&nothing, 1, 3) : kind == 2
            ? syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0)
            : sigtimedwait(&none, NULL, &time);
        int error = result == -1 ? errno : 0;
        if (error == EINTR && kind == 3)
            continue;
        if (error != (kind == 2 ? ETIMEDOUT : kind == 3 ? EAGAIN : 0))
            complain("a short wait of kind %ld: %s", kind, strerror(error));
        uint64_t end = now(CLOCK_MONOTONIC);
        if (end < begin + 2900000)
            complain("a short wait of kind %ld took %ld ns", kind, (long)(end - begin));
        atomic_fetch_add(&rounds[kind], 1);
    }
    return NULL;
}

static void handler(int signal) {
    (void)signal;
}

void prepare(const char *variant) {
    (void)variant;
    struct sigaction action = {.sa_handler = handler};
    MUST(sigaction(SIGUSR1, &action, NULL));
    for (int each = 0; each < COUNT(waits); each++) {
        struct wait *wait = &waits[each];
        if (wait->end == BYTE) {
            int ends[2];
            MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
            wait->descriptor = ends[0], wait->other = ends[1];
        } else if (wait->end == CONNECTION) {
            listening = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
            wait->descriptor = MUST(socket(AF_INET, SOCK_STREAM, 0));
            MUST(bind(wait->descriptor, (struct sockaddr *)&listening, sizeof listening));
            MUST(listen(wait->descriptor, 5));
            socklen_t length = sizeof listening;
            MUST(getsockname(wait->descriptor, (struct sockaddr *)&listening, &length));
        }
        wait->thread = start(body, wait);
    }
    for (long kind = 0; kind < 4; kind++)
        start(tick, (void *)kind);
    for (int each = 0; each < COUNT(waits); each++)
        UNTIL(atomic_load(&waits[each].stage) == 1, "%s did not start", waits[each].name);
    pause_for(50 * MILLISECOND); /* so that they wait in the kernel */
}

static void end(struct wait *wait) {
    if (wait->end == BYTE) {
        MUST(write(wait->other, "x", 1));
    } else if (wait->end == FUTEX) {
        atomic_store(&wait->word, 1);
        MUST(syscall(SYS_futex, &wait->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    } else if (wait->end == SIGNAL) {
        WORKS(pthread_kill(wait->thread, SIGUSR1));
    } else {
        int client = MUST(socket(AF_INET, SOCK_STREAM, 0));
        MUST(connect(client, (struct sockaddr *)&listening, sizeof listening));
        close(client);
    }
}

void verify(int invocation) {
    if (invocation > 1)
        return;
    for (long kind = 0; kind < 4; kind++) {
        unsigned long before = atomic_load(&rounds[kind]);
        UNTIL(atomic_load(&rounds[kind]) >= before + 3, "short waits of kind %ld hang", kind);
    }
    atomic_store(&leave, true);
    for (int each = 0; each < COUNT(waits); each++)
        REQUIRE(atomic_load(&waits[each].stage) == 1, "%s ended too early", waits[each].name);
    for (int each = 0; each < COUNT(waits); each++) {
        end(&waits[each]);
        UNTIL(atomic_load(&waits[each].stage) == 2, "%s does not end", waits[each].name);
        WORKS(pthread_join(waits[each].thread, NULL));
    }
}
