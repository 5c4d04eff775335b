// Descriptors that no clone could have.
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/un.h>

#include "refused.h"

static struct sockaddr_in listener(int type, int *descriptor) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *descriptor = MUST(socket(AF_INET, type, 0));
    MUST(bind(*descriptor, (struct sockaddr *)&address, sizeof address));
    if (type == SOCK_STREAM)
        MUST(listen(*descriptor, 5));
    socklen_t length = sizeof address;
    MUST(getsockname(*descriptor, (struct sockaddr *)&address, &length));
    return address;
}

static void connected(int type, const char *name) {
    int server;
    struct sockaddr_in address = listener(type, &server);
    int client = MUST(socket(AF_INET, type, 0));
    MUST(connect(client, (struct sockaddr *)&address, sizeof address));
    MUST(fcntl(client, F_DUPFD, 77));
    close(client);
    detail("fd 77 is a %s", name);
    detail("127.0.0.1:%d: close it in a before-snapshot hook", ntohs(address.sin_port));
}

static void tcp(void) {
    connected(SOCK_STREAM, "connected TCP socket to ");
}

static void unconnected_tcp(void) {
    MUST(socket(AF_INET, SOCK_STREAM, 0));
}

static void unconnected_unix(void) {
    MUST(socket(AF_UNIX, SOCK_STREAM, 0));
}

static struct sockaddr_un unix_address(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", scratch(name));
    return address;
}

static void unix_connected(void) {
    struct sockaddr_un address = unix_address("connected");
    int server = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(bind(server, (struct sockaddr *)&address, sizeof address));
    MUST(listen(server, 1));
    MUST(connect(client, (struct sockaddr *)&address, sizeof address));
}

static void pair_with_content(void) {
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    MUST(write(ends[0], "content", 7));
}

static void datagram_with_content(void) {
    int server;
    struct sockaddr_in address = listener(SOCK_DGRAM, &server);
    int client = MUST(socket(AF_INET, SOCK_DGRAM, 0));
    MUST(sendto(client, "content", 7, 0, (struct sockaddr *)&address, sizeof address));
}

static void waiting_connection(void) {
    int server;
    struct sockaddr_in address = listener(SOCK_STREAM, &server);
    int client = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(connect(client, (struct sockaddr *)&address, sizeof address));
    close(client);
}

static void inotify(void) {
    int descriptor = TRY(inotify_init1(IN_CLOEXEC));
    TRY(inotify_add_watch(descriptor, "/proc/self", IN_CREATE));
}

static void io_uring(void) {
    struct io_uring_params parameters = {0};
    TRY(syscall(SYS_io_uring_setup, 4, &parameters));
}

static void pty(void) {
    TRY(open("/dev/ptmx", O_RDWR | O_NOCTTY));
}

static void netlink(void) {
    TRY(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}

static void raw(void) {
    TRY(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static void lease(void) {
    int file = MUST(open(scratch("the-locked-file"), O_CREAT | O_RDWR, 0600));
    TRY(fcntl(file, F_SETLEASE, F_WRLCK));
}

static void pidfd(void) {
    TRY(syscall(SYS_pidfd_open, getpid(), 0));
}

static void userfault(void) {
    TRY(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */));
}

static void fanotify(void) {
    TRY(syscall(SYS_fanotify_init, 0x200 /* FAN_REPORT_FID */, O_RDONLY));
}

static void queue(void) {
    struct { long flags, maximum, size, count, reserved[4]; } attributes = {0, 2, 64, 0, {0}};
    TRY(syscall(SYS_mq_open, "the-queue", O_CREAT | O_RDWR, 0600, &attributes));
}

static void descriptor_under_way(void) {
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
    char byte = 'x', control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &(int){0}, sizeof(int));
    MUST(sendmsg(ends[0], &message, 0));
}

static void ghost_watch(void) {
    int epoll = MUST(syscall(SYS_epoll_create1, 0)), ends[2];
    MUST(pipe(ends));
    int copy = MUST(dup(ends[0]));
    struct { uint32_t events; uint64_t data; } __attribute__((packed)) event = {1, 2};
    MUST(syscall(SYS_epoll_ctl, epoll, 1, copy, &event));
    close(copy); /* still watched: the other descriptor keeps it open */
}

static void packets(void) {
    int ends[2];
    MUST(pipe2(ends, O_DIRECT));
    MUST(write(ends[1], "one", 3));
    MUST(write(ends[1], "two", 3));
}

static void fifo(void) {
    MUST(mkfifo(scratch("the-fifo"), 0600));
    int file = MUST(open(scratch("the-fifo"), O_RDWR));
    MUST(write(file, "content", 7));
}

static void async(void) {
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    MUST(fcntl(ends[0], F_SETOWN, getpid()));
    MUST(fcntl(ends[0], F_SETSIG, SIGRTMIN + 2));
    MUST(fcntl(ends[0], F_SETFL, O_ASYNC | O_RDWR));
}

static const struct state states[] = {
    {"tcp", tcp}, {"unconnected-tcp", unconnected_tcp}, {"unconnected-unix", unconnected_unix},
    {"unix", unix_connected}, {"pair-content", pair_with_content}, {"datagram", datagram_with_content},
    {"backlog", waiting_connection}, {"inotify", inotify}, {"io-uring", io_uring}, {"pty", pty},
    {"netlink", netlink}, {"raw", raw}, 
    {"lease", lease}, {"pidfd", pidfd}, {"userfaultfd", userfault}, {"fanotify", fanotify}, {"queue", queue},
    {"rights", descriptor_under_way}, {"ghost-watch", ghost_watch}, {"packets", packets}, {"fifo", fifo}, {"async", async},
};

void prepare(const char *variant) {
    set_up(variant, states, COUNT(states));
}

/* It came back although it should not: what it is like then matters to nobody. */
void verify(int invocation) {
    (void)invocation;
}
