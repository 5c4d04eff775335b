#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/if_tun.h>
#include <linux/random.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CLinux.h"

const int clinux_O_TMPFILE = O_TMPFILE;
const int clinux_SEEK_DATA = SEEK_DATA;
const int clinux_SEEK_HOLE = SEEK_HOLE;
const int clinux_FALLOC_FL_KEEP_SIZE = FALLOC_FL_KEEP_SIZE;
const int clinux_FALLOC_FL_PUNCH_HOLE = FALLOC_FL_PUNCH_HOLE;
const int clinux_CLONE_NEWNS = CLONE_NEWNS;
const int clinux_CLONE_NEWPID = CLONE_NEWPID;
const int clinux_CLONE_NEWIPC = CLONE_NEWIPC;
const int clinux_CLONE_NEWUTS = CLONE_NEWUTS;
const int clinux_CLONE_NEWNET = CLONE_NEWNET;
const int clinux_CLONE_NEWUSER = CLONE_NEWUSER;
const int clinux_CLONE_NEWCGROUP = CLONE_NEWCGROUP;
const unsigned int clinux_MFD_CLOEXEC = MFD_CLOEXEC;
const unsigned int clinux_RLIMIT_MAXIMUM_RESOURCE = RLIM_NLIMITS - 1;

static int value_or_errno(long result) { return result < 0 ? -errno : (int)result; }

static int socket_flags(int nonblocking) { return SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0); }

int clinux_accept(int listener, int nonblocking) {
    return value_or_errno(accept4(listener, NULL, NULL, socket_flags(nonblocking)));
}

int clinux_socket(int domain, int type, int protocol, int nonblocking) {
    return value_or_errno(socket(domain, type | socket_flags(nonblocking), protocol));
}

int clinux_socketpair(int domain, int type, int nonblocking, int ends[2]) {
    return value_or_errno(socketpair(domain, type | socket_flags(nonblocking), 0, ends));
}

int clinux_statx(int directory, const char *path, int follow, struct statx *result) {
    int flags = AT_EMPTY_PATH | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
    /* A path that is meant to name a file must: the empty one is not the current directory. */
    if (directory == AT_FDCWD && !*path) return -ENOENT;
    return value_or_errno(statx(directory, path, flags, STATX_BASIC_STATS, result));
}

int clinux_tap_attach(int descriptor, const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.ifr_name) return -ENAMETOOLONG;
    memcpy(request.ifr_name, name, strlen(name));
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    return value_or_errno(ioctl(descriptor, TUNSETIFF, &request));
}

int clinux_random_add_entropy(int descriptor, const void *bytes, size_t count) {
    union {
        struct rand_pool_info info;
        unsigned char room[sizeof(struct rand_pool_info) + 512];
    } request;
    if (count > 512) return -EINVAL;
    request.info.entropy_count = (int)count * 8;
    request.info.buf_size = (int)count;
    memcpy(request.info.buf, bytes, count);
    return value_or_errno(ioctl(descriptor, RNDADDENTROPY, &request));
}

int clinux_random_reseed(int descriptor) { return value_or_errno(ioctl(descriptor, RNDRESEEDCRNG, 0)); }

int clinux_finit_module(int descriptor, const char *parameters, int flags) {
    return value_or_errno(syscall(SYS_finit_module, descriptor, parameters, flags));
}

int clinux_pidfd_open(pid_t pid) { return value_or_errno(syscall(SYS_pidfd_open, pid, 0)); }

int clinux_pidfd_send_signal(int pidfd, int signal) {
    return value_or_errno(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int clinux_send_descriptor(int socket, int descriptor, const void *bytes, size_t count) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec payload = {(void *)bytes, count};
    struct msghdr message = {
        .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    long sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : (int)sent;
}

int clinux_receive_descriptor(int socket) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec payload = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    long received;
    do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return -ENODATA;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
    return descriptor;
}

static int wait_for(int type, int id, int options, struct clinux_exit *result) {
    siginfo_t info;
    struct rusage usage;
    memset(&info, 0, sizeof info);
    memset(&usage, 0, sizeof usage);
    long outcome;
    do outcome = syscall(SYS_waitid, type, id, &info, options, &usage);
    while (outcome < 0 && errno == EINTR);
    if (outcome < 0) return -errno;
    result->pid = info.si_pid;
    result->code = info.si_code;
    result->status = info.si_status;
    result->peak_resident_kilobytes = usage.ru_maxrss;
    result->cpu_microseconds = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec +
                               usage.ru_stime.tv_usec;
    return 0;
}

int clinux_wait_pidfd(int pidfd, int options, struct clinux_exit *result) {
    return wait_for(P_PIDFD, pidfd, options, result);
}

int clinux_wait_any(int options, struct clinux_exit *result) { return wait_for(P_ALL, 0, options, result); }

int clinux_signal_descriptor(uint64_t signals) {
    sigset_t set;
    sigemptyset(&set);
    for (int signal = 1; signal <= 64; signal++)
        if (signals >> (signal - 1) & 1) sigaddset(&set, signal);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error) return -error;
    return value_or_errno(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

uint64_t clinux_timestamp_counter(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}
