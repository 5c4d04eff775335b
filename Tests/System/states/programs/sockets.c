// Sockets: listening on TCP, IPv6, a path and an abstract name, a thread in accept, datagrams, socket pairs with one end and two.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include "state.h"

struct listener {
    int descriptor;
    struct sockaddr_storage address;
    socklen_t length;
};

static struct listener tcp, tcp6, path, abstract, served, served_once;
static struct listener datagrams, unbound_datagrams;
static int pairs[3][2], widow, connected, inner[2];
static const int types[3] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
static atomic_int accepted;

static void bind_to(struct listener *listener, int domain, int type, const void *address, socklen_t length) {
    listener->descriptor = socket(domain, type | SOCK_CLOEXEC, 0);
    REQUIRE(listener->descriptor >= 0, "socket %d: %s", domain, strerror(errno));
    int on = 1;
    if (domain != AF_UNIX)
        MUST(setsockopt(listener->descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    MUST(bind(listener->descriptor, address, length));
    listener->length = sizeof listener->address;
    MUST(getsockname(listener->descriptor, (struct sockaddr *)&listener->address, &listener->length));
}

static void listen_to(struct listener *listener, int domain, const void *address, socklen_t length) {
    bind_to(listener, domain, SOCK_STREAM, address, length);
    MUST(listen(listener->descriptor, 7));
}

static int reach(const struct listener *listener) {
    int client = MUST(socket(listener->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(connect(client, (const struct sockaddr *)&listener->address, listener->length) == 0, "connect to family %d: %s",
        listener->address.ss_family, strerror(errno));
    return client;
}

static void *serve(void *argument) {
    for (;;) {
        int client = accept4(served.descriptor, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0) {
            complain("a blocked accept: %s", strerror(errno));
            return argument;
        }
        atomic_fetch_add(&accepted, 1);
        if (write(client, "served", 6) != 6)
            complain("write to a client: %s", strerror(errno));
        close(client);
    }
}

void prepare(const char *variant) {
    (void)variant;
    struct sockaddr_in any = {.sin_family = AF_INET}, loopback = any;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listen_to(&tcp, AF_INET, &any, sizeof any);
    listen_to(&served, AF_INET, &loopback, sizeof loopback);
    listen_to(&served_once, AF_INET, &loopback, sizeof loopback);
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    if (probe >= 0) {
        listen_to(&tcp6, AF_INET6, &any6, sizeof any6);
        close(probe);
    }
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", scratch("listener"));
    listen_to(&path, AF_UNIX, &name, sizeof name);
    struct sockaddr_un hidden = {.sun_family = AF_UNIX};
    int size = snprintf(hidden.sun_path + 1, sizeof hidden.sun_path - 1, "states-%d", getpid());
    listen_to(&abstract, AF_UNIX, &hidden, sizeof(sa_family_t) + 1 + size);
    bind_to(&datagrams, AF_INET, SOCK_DGRAM, &loopback, sizeof loopback);
    unbound_datagrams.descriptor = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    inner[0] = reach(&served_once), inner[1] = MUST(accept4(served_once.descriptor, NULL, NULL, SOCK_CLOEXEC));
    MUST(write(inner[0], "unread", 6));
    connected = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    MUST(connect(connected, (struct sockaddr *)&datagrams.address, datagrams.length));
    for (int each = 0; each < 3; each++)
        MUST(socketpair(AF_UNIX, types[each] | (each == 1 ? SOCK_NONBLOCK : 0), 0, pairs[each]));
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    close(ends[0]);
    widow = ends[1];
    start(serve, NULL);
    pause_for(20 * MILLISECOND);
}

static void converse(const struct listener *listener) {
    int listening = 0;
    socklen_t length = sizeof listening;
    MUST(getsockopt(listener->descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length));
    REQUIRE(listening, "a socket does not listen any more");
    struct sockaddr_storage address;
    length = sizeof address;
    MUST(getsockname(listener->descriptor, (struct sockaddr *)&address, &length));
    REQUIRE(length == listener->length && !memcmp(&address, &listener->address, length), "a socket listens elsewhere");
    REQUIRE(fcntl(listener->descriptor, F_GETFD) == FD_CLOEXEC, "a listening socket lost FD_CLOEXEC");
    int client = reach(listener), server = MUST(accept(listener->descriptor, NULL, NULL));
    char answer[8] = "";
    MUST(write(client, "hello", 5));
    MUST(read(server, answer, sizeof answer));
    REQUIRE(!strcmp(answer, "hello"), "the connection gave '%s'", answer);
    close(client);
    REQUIRE(read(server, answer, 1) == 0, "the connection does not end");
    close(server);
}

static void check_pairs(void) {
    char answer[16] = "";
    for (int each = 0; each < 3; each++) {
        int type;
        socklen_t length = sizeof type;
        MUST(getsockopt(pairs[each][0], SOL_SOCKET, SO_TYPE, &type, &length));
        REQUIRE(type == types[each], "a socket pair of type %d is of type %d", types[each], type);
        REQUIRE(!(fcntl(pairs[each][0], F_GETFL) & O_NONBLOCK) == (each != 1), "O_NONBLOCK of a socket pair changed");
        for (int end = 0; end < 2; end++) {
            MUST(write(pairs[each][end], "abc", 3));
            MUST(write(pairs[each][end], "defg", 4));
            ssize_t got = MUST(read(pairs[each][!end], answer, sizeof answer));
            REQUIRE(got == (each == 0 ? 7 : 3), "a socket pair of type %d gave %zd bytes", type, got);
            if (each > 0)
                MUST(read(pairs[each][!end], answer, sizeof answer));
        }
    }
    REQUIRE(read(widow, answer, 1) == 0, "a socket whose peer is closed does not end");
    REQUIRE(send(widow, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE, "a socket whose peer is closed takes data");
}

static void check_datagrams(void) {
    char answer[8] = "";
    REQUIRE(recv(datagrams.descriptor, answer, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN, "a datagram out of nothing");
    MUST(sendto(unbound_datagrams.descriptor, "ping", 4, 0, (struct sockaddr *)&datagrams.address, datagrams.length));
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    MUST(recvfrom(datagrams.descriptor, answer, sizeof answer, 0, (struct sockaddr *)&from, &length));
    REQUIRE(!strcmp(answer, "ping"), "the datagram was '%s'", answer);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUST(sendto(datagrams.descriptor, "pong", 4, 0, (struct sockaddr *)&from, sizeof from));
    UNTIL(recv(unbound_datagrams.descriptor, answer, sizeof answer, 0) == 4, "no answer came");
    MUST(write(connected, "ping", 4));
    MUST(recvfrom(datagrams.descriptor, answer, sizeof answer, 0, (struct sockaddr *)&from, &length));
    MUST(sendto(datagrams.descriptor, "echo", 4, 0, (struct sockaddr *)&from, sizeof from));
    UNTIL(recv(connected, answer, sizeof answer, 0) == 4, "no answer came to a connected socket");
}

void verify(int invocation) {
    converse(&tcp);
    if (tcp6.descriptor)
        converse(&tcp6);
    converse(&path);
    converse(&abstract);
    char answer[8] = "";
    REQUIRE(atomic_load(&accepted) == invocation - 1, "accept returned %d times", atomic_load(&accepted));
    int client = reach(&served);
    MUST(read(client, answer, sizeof answer));
    REQUIRE(!strcmp(answer, "served"), "the thread in accept answered '%s'", answer);
    close(client);
    check_datagrams();
    check_pairs();
    for (int each = 0; each < 6; each++) {
        MUST(read(inner[1], answer, 1));
        REQUIRE(answer[0] == "unread"[each], "a connection within lost what was unread");
    }
    MUST(write(inner[1], "answer", 6));
    REQUIRE(recv(inner[0], answer, 6, MSG_WAITALL) == 6 && !memcmp(answer, "answer", 6), "a connection within is cut");
    MUST(write(inner[0], "unread", 6));
}
