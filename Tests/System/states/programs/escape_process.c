// Other processes, other identities, and files that are not the function's.
#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "escape.h"

#define ATTEMPT(name, call) \
    static int name(void) { \
        return ERROR_OF(call); \
    }

/* The error of opening a file. */
static int opened(const char *path, int flags) {
    int file = open(path, flags | O_CLOEXEC);
    if (file < 0)
        return errno;
    close(file);
    return 0;
}

static int written(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    int error = ERROR_OF(write(file, text, strlen(text)));
    close(file);
    return error;
}

#define OPEN(name, path) \
    static int name(void) { \
        return opened(path, O_RDONLY); \
    }
#define WRITE(name, path, text) \
    static int name(void) { \
        return written(path, text); \
    }

ATTEMPT(trace_init, ptrace(PTRACE_SEIZE, 1, NULL, NULL))

static int try_trace_me(void) {
    return ERROR_OF(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

/* In a child: a traced process would wait for its tracer for ever. */
static int trace_me(void) {
    return in_child(try_trace_me);
}

ATTEMPT(read_init, process_vm_readv(1, &(struct iovec){(char[8]){0}, 8}, 1, &(struct iovec){(void *)0x400000, 8}, 1, 0))
ATTEMPT(compare, syscall(SYS_kcmp, 1, getpid(), 2 /* KCMP_FILES */, 0, 0))
ATTEMPT(become_root, setuid(0))
ATTEMPT(become_another, setresuid(1000, 1000, 1000))
ATTEMPT(become_root_group, setgid(0))
ATTEMPT(join_groups, setgroups(1, (gid_t[]){0}))
ATTEMPT(give_away, chown("/tmp", 0, 0))
ATTEMPT(trusted_attribute, setxattr("/tmp", "trusted.escape", "x", 1, 0))
ATTEMPT(lower_nice, setpriority(PRIO_PROCESS, 0, -10))
ATTEMPT(real_time, sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}))
ATTEMPT(drop_from_bounding_set, prctl(PR_CAPBSET_DROP, 21, 0, 0, 0))
ATTEMPT(ambient_right, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0))
ATTEMPT(secure_bits, prctl(PR_SET_SECUREBITS, 1, 0, 0, 0))
ATTEMPT(allow_new_privileges, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0))
ATTEMPT(move_memory_map, prctl(PR_SET_MM, PR_SET_MM_START_BRK, 0x10000, 0, 0))
ATTEMPT(never_out_of_memory, written("/proc/self/oom_score_adj", "-1000") ? -1 : 0)
OPEN(shadow, "/etc/shadow")
OPEN(memory_of_init, "/proc/1/mem")
OPEN(environment_of_init, "/proc/1/environ")
OPEN(root_of_init, "/proc/1/root/etc/passwd")
OPEN(maps_of_init, "/proc/1/map_files")
OPEN(kernel_core, "/proc/kcore")
OPEN(kernel_messages, "/proc/kmsg")
OPEN(device_memory, "/dev/mem")
OPEN(device_kvm, "/dev/kvm")
OPEN(device_fuse, "/dev/fuse")
OPEN(device_loop, "/dev/loop-control")
OPEN(device_disk, "/dev/vda")
OPEN(device_tun, "/dev/net/tun")
WRITE(system_request, "/proc/sysrq-trigger", "h")
WRITE(kernel_setting, "/proc/sys/kernel/core_pattern", "|/tmp/x")
WRITE(network_setting, "/proc/sys/net/ipv4/ip_forward", "1")
WRITE(map_users, "/proc/self/uid_map", "0 0 1")
WRITE(map_groups, "/proc/self/gid_map", "0 0 1")
WRITE(time_offsets, "/proc/self/timens_offsets", "monotonic 1000 0")
WRITE(base_image, "/etc/passwd", "root::0:0::/:/bin/sh\n")
WRITE(code_image, "/var/task/bootstrap", "x")
WRITE(own_program, "/proc/self/exe", "x")

static int raise_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max == RLIM_INFINITY)
        return EPERM;
    limit.rlim_max++;
    return ERROR_OF(setrlimit(RLIMIT_NOFILE, &limit));
}

static int take_capabilities(void) {
    struct { uint32_t version; int pid; } header = {0x20080522, 0};
    struct { uint32_t effective, permitted, inheritable; } data[2] = {{~0U, ~0U, 0}, {0x1FF, 0x1FF, 0}};
    return ERROR_OF(syscall(SYS_capset, &header, data));
}

/* Enters each namespace of process 1: the errors of all but one are of no interest if one worked. */
static int enter_init(void) {
    static const char *const names[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"};
    int last = 0;
    for (int each = 0; each < COUNT(names); each++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/1/ns/%s", names[each]);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        last = file < 0 ? errno : ERROR_OF(setns(file, 0));
        if (file >= 0)
            close(file);
        if (!last)
            return 0;
    }
    return last;
}

static int descriptor_of_init(void) {
    int process = syscall(SYS_pidfd_open, 1, 0);
    int error = process < 0 ? errno : ERROR_OF(syscall(SYS_pidfd_getfd, process, 0, 0));
    if (process >= 0)
        close(process);
    return error;
}

static int enter_by_pidfd(void) {
    int process = syscall(SYS_pidfd_open, 1, 0);
    int error = process < 0 ? errno : ERROR_OF(setns(process, CLONE_NEWNET));
    if (process >= 0)
        close(process);
    return error;
}

static int trace_child(void) {
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    int error = ERROR_OF(ptrace(PTRACE_SEIZE, child, NULL, NULL));
    kill(child, SIGKILL);
    waitpid(child, NULL, __WALL);
    return error;
}

static bool of_this_process(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d", pid);
    return access(path, F_OK) == 0;
}

/* Any process that is neither this one nor process 1. */
static int signal_others(void) {
    int last = ESRCH;
    for (pid_t pid = 2; pid < 5000; pid++) {
        if (of_this_process(pid))
            continue;
        if (kill(pid, 0) == 0 || errno == EPERM)
            return 0;
        last = errno;
    }
    return last;
}

/* Process 1 ignores what comes from its own sandbox, if it may be sent at all; its end would be ours. */
static int kill_init(void) {
    int error = ERROR_OF(kill(1, SIGKILL));
    pause_for(20 * MILLISECOND);
    return error ? error : EPERM;
}

static int list_others(void) {
    for (pid_t pid = 2; pid < 5000; pid++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/status", pid);
        if (!of_this_process(pid) && access(path, F_OK) == 0)
            return 0;
    }
    return ENOENT;
}

static int join_cgroup(void) {
    static const char *const places[] = {
        "", "/cpu", "/memory", "/pids", "/freezer", "/cpu,cpuacct", "/unified", "/thaw", "/memory/thaw", "/system.slice"};
    int last = ENOENT;
    for (int each = 0; each < COUNT(places); each++) {
        char path[128];
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cgroup.procs", places[each]);
        last = written(path, "0");
        if (!last)
            return 0;
    }
    return last;
}

static int write_system(void) {
    static const char *const places[] = {
        "/sys/kernel/uevent_helper", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/power/state", "/sys/kernel/profiling"};
    int last = ENOENT;
    for (int each = 0; each < COUNT(places); each++)
        if (!(last = written(places[each], "x")))
            return 0;
    return last;
}

static int host_file(void) {
    const char *path = getenv("HOST_FILE");
    return path ? opened(path, O_RDONLY) : ENOENT;
}

/* The addresses in PLACES, "ADDRESS:PORT ADDRESS:PORT"; the host listens on all of them. */
static int reach(void) {
    char places[1024];
    snprintf(places, sizeof places, "%s", getenv("PLACES") ? getenv("PLACES") : "");
    int last = ENETUNREACH;
    for (char *place = strtok(places, " "); place; place = strtok(NULL, " ")) {
        char *port = strrchr(place, ':');
        *port++ = 0;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
        inet_pton(AF_INET, place, &address.sin_addr);
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct timeval patience = {.tv_sec = 1};
        setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        last = ERROR_OF(connect(client, (struct sockaddr *)&address, sizeof address));
        close(client);
        if (!last)
            return 0;
    }
    return last;
}

/* Addresses of other networks, by a datagram each: what sends it on answers that it cannot. */
static int reach_slots(void) {
    int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), last = ENETUNREACH;
    struct timeval patience = {.tv_sec = 1};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (uint32_t block = 0; block < 256 && last == ENETUNREACH; block++) {
        struct sockaddr_in address = {
            .sin_family = AF_INET, .sin_port = htons(9001), .sin_addr.s_addr = htonl(0x0A000001 | block << 16)};
        char answer;
        last = ERROR_OF(connect(client, (struct sockaddr *)&address, sizeof address));
        if (!last)
            last = ERROR_OF(send(client, "x", 1, 0));
        if (!last)
            last = ERROR_OF(recv(client, &answer, 1, 0));
    }
    close(client);
    return last;
}

#define ENTRY(name) {#name, name}
const struct attempt process_attempts[] = {
    ENTRY(trace_init), ENTRY(trace_child), ENTRY(read_init), ENTRY(compare), ENTRY(descriptor_of_init), ENTRY(become_root),
    ENTRY(become_another), ENTRY(become_root_group), ENTRY(join_groups), ENTRY(give_away), ENTRY(trusted_attribute), ENTRY(lower_nice),
    ENTRY(real_time), ENTRY(drop_from_bounding_set), ENTRY(ambient_right), ENTRY(secure_bits), ENTRY(allow_new_privileges),
    ENTRY(move_memory_map), ENTRY(never_out_of_memory), ENTRY(shadow), ENTRY(memory_of_init), ENTRY(environment_of_init),
    ENTRY(root_of_init), ENTRY(maps_of_init), ENTRY(kernel_core), ENTRY(kernel_messages), ENTRY(device_memory), ENTRY(device_kvm),
    ENTRY(device_fuse), ENTRY(device_loop), ENTRY(device_disk), ENTRY(device_tun), ENTRY(system_request), ENTRY(kernel_setting),
    ENTRY(network_setting), ENTRY(map_users), ENTRY(map_groups), ENTRY(time_offsets), ENTRY(base_image), ENTRY(code_image),
    ENTRY(own_program), ENTRY(raise_limit), ENTRY(take_capabilities), ENTRY(enter_init), ENTRY(enter_by_pidfd), ENTRY(signal_others),
    ENTRY(kill_init), ENTRY(list_others), ENTRY(join_cgroup), ENTRY(write_system), ENTRY(host_file), ENTRY(reach), ENTRY(reach_slots),
    ENTRY(trace_me),
};
const int process_attempt_count = COUNT(process_attempts);
