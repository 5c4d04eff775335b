// The functions of CLinux.h: system calls that glibc has no wrapper for, and macros as functions. No logic.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/if_tun.h>
#include <linux/loop.h>
#include <linux/random.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

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
const int clinux_CLONE_FS = CLONE_FS;
const int clinux_SOCK_SEQPACKET = SOCK_SEQPACKET;
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

int clinux_tap_choose_index(int descriptor, unsigned int index) {
    return value_or_errno(ioctl(descriptor, TUNSETIFINDEX, &index));
}

int clinux_tap_persist(int descriptor) { return value_or_errno(ioctl(descriptor, TUNSETPERSIST, 1)); }

int clinux_pivot_root(const char *directory) {
    /* Its section NOTES: "." onto "." stacks the old root on the new, and detaching "." leaves the new alone. */
    if (chdir(directory) < 0 || syscall(SYS_pivot_root, ".", ".") < 0) return -errno;
    return value_or_errno(umount2(".", MNT_DETACH));
}

int clinux_stay_on_processor(int processor) {
    cpu_set_t processors;
    if (processor < 0) processor = sched_getcpu();
    if (processor < 0 || processor >= CPU_SETSIZE) return -EINVAL;
    CPU_ZERO(&processors);
    CPU_SET(processor, &processors);
    return value_or_errno(sched_setaffinity(0, sizeof processors, &processors));
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

int clinux_lock_range(int descriptor, off_t start, off_t length, off_t *past) {
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    *past = start;
    if (fcntl(descriptor, F_OFD_SETLK, &wanted) == 0) return 0;
    if (errno != EAGAIN && errno != EACCES) return -errno;
    if (fcntl(descriptor, F_OFD_GETLK, &wanted) < 0) return -errno;
    if (wanted.l_type != F_UNLCK) *past = wanted.l_len ? wanted.l_start + wanted.l_len : INT64_MAX;
    return -EAGAIN;
}

int clinux_pipe_of(int ends[2], uid_t user) {
    uid_t own = getuid();
    if (syscall(SYS_setresuid, user, (uid_t)-1, (uid_t)-1) < 0) return -errno;
    int result = value_or_errno(pipe2(ends, O_CLOEXEC));
    /* Who could become another can become itself. */
    if (syscall(SYS_setresuid, own, (uid_t)-1, (uid_t)-1) < 0) abort();
    return result;
}

int clinux_pidfd_open(pid_t pid) { return value_or_errno(syscall(SYS_pidfd_open, pid, 0)); }

int clinux_pidfd_send_signal(int pidfd, int signal) {
    return value_or_errno(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
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

enum { message_descriptors = 32 };
const size_t clinux_message_descriptors = message_descriptors;

union rights {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * message_descriptors)];
};

static int send_message(
    int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptors_count, int flags) {
    union rights control;
    if (descriptors_count > message_descriptors) return -EINVAL;
    struct iovec payload = {(void *)bytes, count};
    struct msghdr message = {.msg_iov = &payload, .msg_iovlen = 1};
    if (descriptors_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptors_count);
    }
    return value_or_errno(sendmsg(socket, &message, MSG_NOSIGNAL | flags));
}

int clinux_send_message(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptors_count) {
    return send_message(socket, bytes, count, descriptors, descriptors_count, MSG_DONTWAIT);
}

int clinux_send_descriptor(int socket, int descriptor, const void *bytes, size_t count) {
    int sent;
    do sent = send_message(socket, bytes, count, &descriptor, 1, 0);
    while (sent == -EINTR);
    return sent;
}

int clinux_receive_message(int socket, void *bytes, size_t count, int *descriptors, size_t *descriptors_count) {
    union rights control;
    struct iovec payload = {bytes, count};
    struct msghdr message = {
        .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    size_t room = *descriptors_count;
    *descriptors_count = 0;
    long received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (received < 0) return -errno;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t came = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < came; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (*descriptors_count < room)
                descriptors[(*descriptors_count)++] = descriptor;
            else
                close(descriptor);
        }
    }
    return (int)received;
}

ssize_t clinux_list_attributes(int descriptor, char *names, size_t size) {
    ssize_t count = flistxattr(descriptor, names, size);
    return count < 0 ? -errno : count;
}

int clinux_fsopen(const char *type) { return value_or_errno(fsopen(type, FSOPEN_CLOEXEC)); }

int clinux_fsconfig_set(int context, const char *key, const char *value) {
    return value_or_errno(fsconfig(context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0));
}

int clinux_fsconfig_create(int context) { return value_or_errno(fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0)); }

int clinux_fsmount(int context, unsigned int attributes) {
    return value_or_errno(fsmount(context, FSMOUNT_CLOEXEC, attributes));
}

int clinux_clone_mount(int mount) {
    return value_or_errno(open_tree(mount, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
}

int clinux_clone_mount_at(const char *path) {
    return value_or_errno(open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

int clinux_mount_attributes(int mount, uint64_t attributes) {
    struct mount_attr change = {.attr_set = attributes};
    return value_or_errno(syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &change, sizeof change));
}

int clinux_mount_owners(int mount, int users) {
    struct mount_attr change = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)users};
    return value_or_errno(syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &change, sizeof change));
}

int clinux_loop_find(int control) { return value_or_errno(ioctl(control, LOOP_CTL_GET_FREE)); }

int clinux_loop_attach(int loop, int file) {
    struct loop_config config;
    memset(&config, 0, sizeof config);
    config.fd = (uint32_t)file;
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    return value_or_errno(ioctl(loop, LOOP_CONFIGURE, &config));
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

int clinux_wait_pid(pid_t pid, int options, struct clinux_exit *result) {
    return wait_for(P_PID, pid, options, result);
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

int clinux_semaphore_wait(sem_t *semaphore, uint64_t time) {
    const struct timespec limit = {.tv_sec = time / 1000000000, .tv_nsec = time % 1000000000};
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, &limit) == 0 ? 0 : errno;
}

uint64_t clinux_timestamp_counter(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

#if defined(__x86_64__)
size_t clinux_processor_features(uint32_t values[clinux_processor_values]) {
    uint32_t a, b, c, d;
    size_t count = 0;
    const uint32_t has_saved_state = 1U << 27; /* OSXSAVE */
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    values[count++] = a; /* family, model, stepping; b holds the number of this very CPU */
    values[count++] = c;
    values[count++] = d;
    int is_saved = (c & has_saved_state) != 0;
    for (uint32_t leaf = 0; leaf < 2; leaf++) {
        if (!__get_cpuid_count(7, leaf, &a, &b, &c, &d)) a = b = c = d = 0;
        values[count++] = leaf ? a : b;
        values[count++] = c;
        values[count++] = d;
    }
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d)) c = d = 0;
    values[count++] = c;
    values[count++] = d;
    if (is_saved) {
        uint64_t state = clinux_enabled_xfeatures();
        values[count++] = (uint32_t)state;
        values[count++] = (uint32_t)(state >> 32);
        if (!__get_cpuid_count(0xD, 0, &a, &b, &c, &d)) b = 0;
        values[count++] = b; /* the size of what is saved */
    }
    return count;
}
#else
size_t clinux_processor_features(uint32_t values[clinux_processor_values]) {
    (void)values;
    return 0;
}
#endif
