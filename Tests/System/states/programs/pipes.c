// Pipes: empty, with content of every size up to full, of another capacity, and with one end only.
#include <poll.h>

#include "state.h"

struct pipe {
    int capacity; /* 0: as it comes */
    int content;
    int flags;
    int reader, writer, found_capacity;
};

static struct pipe pipes[] = {
    {.content = 0}, {.content = 1}, {.content = 10}, {.content = 32}, {.content = 33}, {.content = 5000, .flags = O_NONBLOCK},
    {.content = 65536}, {.content = 300000, .capacity = 1 << 20}, {.content = 100, .capacity = 4096},
    {.content = 0, .capacity = 262144, .flags = O_CLOEXEC},
};
static int orphan_reader, orphan_writer, swallowed;
static pthread_t blocked_reader, blocked_writer;
static int blocked_read[2], blocked_write[2];
static char buffer[1 << 20];
static atomic_int read_value, written;

static void *read_blocked(void *argument) {
    char byte = 0;
    ssize_t got = read(blocked_read[0], &byte, 1);
    if (got != 1)
        complain("a blocked read gave %zd: %s", got, strerror(errno));
    atomic_store(&read_value, byte);
    return argument;
}

static void *write_blocked(void *argument) {
    ssize_t put = write(blocked_write[1], buffer, 5000);
    if (put != 5000)
        complain("a blocked write gave %zd: %s", put, strerror(errno));
    atomic_store(&written, 1);
    return argument;
}

static void put(int descriptor, int size, int seed) {
    fill(buffer, size, seed);
    ssize_t done = MUST(write(descriptor, buffer, size));
    REQUIRE(done == size, "wrote %zd of %d bytes", done, size);
}

static void take(int descriptor, int size, int seed) {
    int have = 0;
    memset(buffer, 0, size);
    while (have < size) {
        ssize_t got = MUST(read(descriptor, buffer + have, size - have));
        REQUIRE(got > 0, "the pipe ended after %d of %d bytes", have, size);
        have += got;
    }
    REQUIRE(filled(buffer, size, seed), "%d bytes in a pipe are others now", size);
}

static bool empty(int descriptor) {
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    return MUST(poll(&one, 1, 0)) == 0;
}

void prepare(const char *variant) {
    (void)variant;
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    for (int each = 0; each < COUNT(pipes); each++) {
        struct pipe *pipe = &pipes[each];
        MUST(pipe2(ends, pipe->flags));
        pipe->reader = ends[0], pipe->writer = ends[1];
        if (pipe->capacity)
            MUST(fcntl(pipe->writer, F_SETPIPE_SZ, pipe->capacity));
        pipe->found_capacity = MUST(fcntl(pipe->reader, F_GETPIPE_SZ));
        if (pipe->content)
            put(pipe->writer, pipe->content, each);
    }
    MUST(pipe2(ends, 0));
    put(ends[1], 700, 91);
    close(ends[1]);
    orphan_reader = ends[0];
    MUST(pipe2(ends, O_NONBLOCK));
    close(ends[0]);
    orphan_writer = ends[1];
    MUST(pipe2(ends, 0)); /* at another number than it was made */
    swallowed = MUST(fcntl(ends[0], F_DUPFD, 300));
    put(ends[1], 50, 92);
    close(ends[0]);
    close(ends[1]);
    MUST(pipe2(blocked_read, 0));
    MUST(pipe2(blocked_write, 0));
    MUST(fcntl(blocked_write[1], F_SETPIPE_SZ, PAGE));
    put(blocked_write[1], PAGE, 93);
    blocked_reader = start(read_blocked, NULL);
    blocked_writer = start(write_blocked, NULL);
    pause_for(30 * MILLISECOND);
}

static void first(void) {
    for (int each = 0; each < COUNT(pipes); each++) {
        struct pipe *pipe = &pipes[each];
        take(pipe->reader, pipe->content, each);
    }
    take(orphan_reader, 700, 91);
    take(swallowed, 50, 92);
    REQUIRE(!atomic_load(&read_value) && !atomic_load(&written), "a blocked thread went on too early");
    MUST(write(blocked_read[1], "x", 1));
    WORKS(pthread_join(blocked_reader, NULL));
    REQUIRE(atomic_load(&read_value) == 'x', "a blocked read got another byte");
    take(blocked_write[0], PAGE, 93);
    for (int have = 0; have < 5000;)
        have += MUST(read(blocked_write[0], buffer, 5000 - have));
    WORKS(pthread_join(blocked_writer, NULL));
}

void verify(int invocation) {
    if (invocation == 1)
        first();
    for (int each = 0; each < COUNT(pipes); each++) {
        struct pipe *pipe = &pipes[each];
        REQUIRE(empty(pipe->reader), "pipe %d has more content than before", each);
        int capacity = MUST(fcntl(pipe->writer, F_GETPIPE_SZ));
        REQUIRE(capacity == pipe->found_capacity, "pipe %d: capacity %d, not %d", each, capacity, pipe->found_capacity);
        for (int end = 0; end < 2; end++) {
            int flags = MUST(fcntl(end ? pipe->writer : pipe->reader, F_GETFL));
            int expected = end ? O_WRONLY : O_RDONLY;
            REQUIRE((flags & (O_ACCMODE | O_NONBLOCK)) == (expected | (pipe->flags & O_NONBLOCK)), "pipe %d: flags %o", each, flags);
            int cloexec = MUST(fcntl(end ? pipe->writer : pipe->reader, F_GETFD));
            REQUIRE(cloexec == (pipe->flags & O_CLOEXEC ? FD_CLOEXEC : 0), "pipe %d: descriptor flags %d", each, cloexec);
        }
        put(pipe->writer, 2000, each + invocation);
        take(pipe->reader, 2000, each + invocation);
    }
    REQUIRE(read(orphan_reader, buffer, 1) == 0, "a pipe without writer does not end");
    REQUIRE(read(swallowed, buffer, 1) == 0, "a pipe without writer does not end");
    REQUIRE(write(orphan_writer, "x", 1) == -1 && errno == EPIPE, "a pipe without reader takes data");
}
