// eventfd and signalfd: counts, semaphores, masks, and threads that wait for them.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include "state.h"

static int empty, five, semaphore, full, awaited, signals;
static pthread_t waiter;
static atomic_ulong woken;

static uint64_t take(int descriptor) {
    uint64_t value = 0;
    ssize_t got = read(descriptor, &value, sizeof value);
    REQUIRE(got == sizeof value || (got == -1 && errno == EAGAIN), "eventfd %d: %s", descriptor, strerror(errno));
    return value;
}

static void add(int descriptor, uint64_t value) {
    MUST(write(descriptor, &value, sizeof value));
}

static void *wait_for(void *argument) {
    uint64_t value;
    if (read(awaited, &value, sizeof value) != sizeof value)
        complain("a blocked read of an eventfd: %s", strerror(errno));
    atomic_store(&woken, value);
    return argument;
}

void prepare(const char *variant) {
    (void)variant;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGRTMIN + 3);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    signals = MUST(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    empty = MUST(eventfd(0, EFD_NONBLOCK));
    five = MUST(eventfd(5, EFD_NONBLOCK | EFD_CLOEXEC));
    semaphore = MUST(eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE));
    full = MUST(eventfd(0, EFD_NONBLOCK));
    add(full, UINT64_MAX - 1);
    awaited = MUST(eventfd(0, 0));
    waiter = start(wait_for, NULL);
    pause_for(20 * MILLISECOND);
}

static void first(void) {
    REQUIRE(take(empty) == 0, "an empty eventfd has a count");
    REQUIRE(take(five) == 5, "a count of 5 is lost");
    for (int each = 0; each < 3; each++)
        REQUIRE(take(semaphore) == 1, "a semaphore of 3 went down to 0 after %d", each);
    REQUIRE(take(semaphore) == 0, "a semaphore of 3 went down more often");
    uint64_t one = 1;
    REQUIRE(write(full, &one, sizeof one) == -1 && errno == EAGAIN, "a full eventfd takes more");
    REQUIRE(take(full) == UINT64_MAX - 1, "the highest count is lost");
    REQUIRE(!atomic_load(&woken), "a waiting thread woke up too early");
    add(awaited, 77);
    WORKS(pthread_join(waiter, NULL));
    REQUIRE(atomic_load(&woken) == 77, "a waiting thread got %lu", atomic_load(&woken));
}

void verify(int invocation) {
    if (invocation == 1)
        first();
    add(semaphore, 2);
    REQUIRE(take(semaphore) == 1 && take(semaphore) == 1 && take(semaphore) == 0, "not a semaphore any more");
    add(five, 2);
    add(five, 3);
    REQUIRE(take(five) == 5, "an eventfd does not add");
    REQUIRE(fcntl(five, F_GETFD) == FD_CLOEXEC && fcntl(empty, F_GETFD) == 0, "descriptor flags changed");
    REQUIRE(!(fcntl(awaited, F_GETFL) & O_NONBLOCK), "a blocking eventfd does not block");
    struct signalfd_siginfo info;
    REQUIRE(read(signals, &info, sizeof info) == -1 && errno == EAGAIN, "a signal is there too early");
    union sigval value = {.sival_int = 900 + invocation};
    MUST(sigqueue(getpid(), SIGRTMIN + 3, value));
    struct pollfd one = {.fd = signals, .events = POLLIN};
    REQUIRE(MUST(poll(&one, 1, 5000)) == 1, "a signalfd does not become readable");
    MUST(read(signals, &info, sizeof info));
    REQUIRE(info.ssi_signo == (unsigned)SIGRTMIN + 3 && info.ssi_int == 900 + invocation, "signal %u with value %d",
        info.ssi_signo, info.ssi_int);
    MUST(kill(getpid(), SIGUSR2));
    MUST(read(signals, &info, sizeof info));
    REQUIRE(info.ssi_signo == SIGUSR2, "signal %u", info.ssi_signo);
}
