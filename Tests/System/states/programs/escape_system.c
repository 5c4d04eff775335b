// What administers a machine, or is a way into its kernel.
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>

#include "escape.h"

#define ATTEMPT(name, call) \
    static int name(void) { \
        return ERROR_OF(call); \
    }

static union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
static struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .exclude_kernel = 1};
static struct { uint32_t size; int32_t type; uint64_t id[16]; } handle = {128, 1, {2}};

ATTEMPT(mount_tmpfs, mount("none", "/tmp", "tmpfs", 0, NULL))
ATTEMPT(mount_proc, mount("proc", "/proc", "proc", 0, NULL))
ATTEMPT(mount_bind, mount("/tmp", "/var/task", NULL, MS_BIND, NULL))
ATTEMPT(mount_writable, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL))
ATTEMPT(mount_shared, mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL))
ATTEMPT(unmount_proc, umount2("/proc", MNT_DETACH))
ATTEMPT(unmount_code, umount2("/var/task", MNT_DETACH))
ATTEMPT(unmount_scratch, umount2("/tmp", MNT_DETACH))
ATTEMPT(open_tree_of_root, syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */))
ATTEMPT(move_a_mount, syscall(SYS_move_mount, AT_FDCWD, "/tmp", AT_FDCWD, "/var/task", 0))
ATTEMPT(open_file_system, syscall(SYS_fsopen, "tmpfs", 0))
ATTEMPT(set_mount_attributes, syscall(442 /* mount_setattr */, AT_FDCWD, "/", 0, (uint64_t[4]){0}, 32))
ATTEMPT(pivot, syscall(SYS_pivot_root, "/tmp", "/tmp"))
ATTEMPT(change_root, chroot("/tmp"))
ATTEMPT(unshare_user, unshare(CLONE_NEWUSER))
ATTEMPT(unshare_mounts, unshare(CLONE_NEWNS))
ATTEMPT(unshare_processes, unshare(CLONE_NEWPID))
ATTEMPT(unshare_network, unshare(CLONE_NEWNET))
ATTEMPT(set_time, syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){.tv_sec = 1}))
ATTEMPT(set_time_of_day, syscall(SYS_settimeofday, &(struct timespec){.tv_sec = 1}, NULL))
ATTEMPT(adjust_time, adjtimex(&(struct timex){.modes = ADJ_OFFSET}))
ATTEMPT(adjust_clock, clock_adjtime(CLOCK_REALTIME, &(struct timex){.modes = ADJ_OFFSET}))
ATTEMPT(set_host_name, sethostname("escaped", 7))
ATTEMPT(set_domain_name, setdomainname("escaped", 7))
ATTEMPT(restart_host, reboot(RB_DISABLE_CAD))
ATTEMPT(load_kernel, syscall(SYS_kexec_load, 0, 0, NULL, 0))
ATTEMPT(load_module, syscall(SYS_init_module, NULL, 0, ""))
ATTEMPT(unload_module, syscall(SYS_delete_module, "nothing", O_NONBLOCK))
ATTEMPT(swap_on, syscall(SYS_swapon, "/tmp/none", 0))
ATTEMPT(read_kernel_log, syscall(SYS_syslog, 3, (char[64]){0}, 64))
ATTEMPT(account, syscall(SYS_acct, "/tmp/accounts"))
ATTEMPT(quota, syscall(SYS_quotactl, 0x80000100 /* Q_SYNC */, NULL, 0, NULL))
ATTEMPT(io_privilege, syscall(SYS_iopl, 3))
ATTEMPT(io_ports, syscall(SYS_ioperm, 0x80, 1, 1))
ATTEMPT(hang_up, syscall(SYS_vhangup))
ATTEMPT(dcookie, syscall(SYS_lookup_dcookie, 1L, (char[64]){0}, 64))
ATTEMPT(set_personality, syscall(SYS_personality, 0x0040000 /* ADDR_NO_RANDOMIZE */))
ATTEMPT(load_bpf, syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map))
ATTEMPT(open_perf_event, syscall(SYS_perf_event_open, &event, 0, -1, -1, 0))
ATTEMPT(session_keyring, syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 1))
ATTEMPT(add_key, syscall(SYS_add_key, "user", "escape", "x", 1, -2))
ATTEMPT(request_key, syscall(SYS_request_key, "user", "escape", NULL, -2))
ATTEMPT(set_up_io_uring, syscall(SYS_io_uring_setup, 4, &(struct io_uring_params){0}))
ATTEMPT(open_userfaultfd, syscall(SYS_userfaultfd, O_CLOEXEC | 1))
ATTEMPT(raw_socket, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
ATTEMPT(raw_socket6, socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6))
ATTEMPT(packet_socket, socket(AF_PACKET, SOCK_RAW, htons(3)))
ATTEMPT(packet_datagrams, socket(AF_PACKET, SOCK_DGRAM, htons(3)))
ATTEMPT(vsock_socket, socket(AF_VSOCK, SOCK_STREAM, 0))
ATTEMPT(netfilter_socket, socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER))
ATTEMPT(uevent_socket, socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT))
ATTEMPT(audit_socket, socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT))
ATTEMPT(make_device, mknod("/tmp/memory", S_IFCHR | 0600, makedev(1, 1)))
ATTEMPT(make_disk, mknod("/tmp/disk", S_IFBLK | 0600, makedev(254, 0)))
ATTEMPT(by_handle, syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY))
ATTEMPT(name_to_handle, syscall(SYS_name_to_handle_at, AT_FDCWD, "/", &handle, &(int){0}, 0))
ATTEMPT(old_abi, syscall(0x40000000 | SYS_getpid))

static int ioctl_of_loopback(unsigned long request, struct ifreq *change) {
    int control = socket(AF_INET, SOCK_DGRAM, 0);
    strcpy(change->ifr_name, "lo");
    int error = ERROR_OF(ioctl(control, request, change));
    close(control);
    return error;
}

static int loopback_down(void) {
    struct ifreq change = {0};
    return ioctl_of_loopback(SIOCSIFFLAGS, &change);
}

static int loopback_address(void) {
    struct ifreq change = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0A000001)};
    memcpy(&change.ifr_addr, &address, sizeof address);
    return ioctl_of_loopback(SIOCSIFADDR, &change);
}

static int route_by_netlink(void) {
    struct {
        struct nlmsghdr header;
        struct { uint8_t family, pad; uint16_t type; int32_t index; uint32_t flags, change; } link;
    } request = {{sizeof request, 16 /* RTM_NEWLINK */, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, {0, 0, 0, 1, 0, 1}};
    struct { struct nlmsghdr header; int error; char rest[512]; } answer = {{0}, 0, {0}};
    int route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (route < 0)
        return errno;
    int error = ERROR_OF(send(route, &request, sizeof request, 0));
    if (!error)
        error = ERROR_OF(recv(route, &answer, sizeof answer, 0));
    close(route);
    return error ? error : -answer.error;
}

static int mark(void) {
    int socket_of_ours = socket(AF_INET, SOCK_DGRAM, 0);
    int error = ERROR_OF(setsockopt(socket_of_ours, SOL_SOCKET, SO_MARK, &(int){1}, sizeof(int)));
    close(socket_of_ours);
    return error;
}

/* System calls by the gate of 32-bit programs have other numbers. */
static int by_interrupt(void) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20 /* getpid */) : "memory", "r8", "r9", "r10", "r11");
    return result > 0 ? 0 : (int)-result;
}

static int old_gate(void) {
    return in_child(by_interrupt);
}

static int new_user_namespace(void) {
    long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        _exit(0);
    return ERROR_OF(child);
}

static int new_user_namespace3(void) {
    struct { uint64_t flags, values[10]; } arguments = {CLONE_NEWUSER, {0}};
    arguments.values[3] = SIGCHLD;
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0)
        _exit(0);
    return ERROR_OF(child);
}

#define ENTRY(name) {#name, name}
const struct attempt system_attempts[] = {
    ENTRY(mount_tmpfs), ENTRY(mount_proc), ENTRY(mount_bind), ENTRY(mount_writable), ENTRY(mount_shared), ENTRY(unmount_proc),
    ENTRY(unmount_code), ENTRY(unmount_scratch), ENTRY(open_tree_of_root), ENTRY(move_a_mount), ENTRY(open_file_system),
    ENTRY(set_mount_attributes), ENTRY(pivot), ENTRY(change_root), ENTRY(unshare_user), ENTRY(unshare_mounts),
    ENTRY(unshare_processes), ENTRY(unshare_network), ENTRY(set_time), ENTRY(set_time_of_day), ENTRY(adjust_time), ENTRY(adjust_clock),
    ENTRY(set_host_name), ENTRY(set_domain_name), ENTRY(restart_host), ENTRY(load_kernel), ENTRY(load_module), ENTRY(unload_module),
    ENTRY(swap_on), ENTRY(read_kernel_log), ENTRY(account), ENTRY(quota), ENTRY(io_privilege), ENTRY(io_ports), ENTRY(hang_up),
    ENTRY(dcookie), ENTRY(set_personality), ENTRY(load_bpf), ENTRY(open_perf_event), ENTRY(session_keyring), ENTRY(add_key),
    ENTRY(request_key), ENTRY(set_up_io_uring), ENTRY(open_userfaultfd), ENTRY(raw_socket), ENTRY(raw_socket6), ENTRY(packet_socket),
    ENTRY(packet_datagrams), ENTRY(vsock_socket), ENTRY(netfilter_socket), ENTRY(uevent_socket), ENTRY(audit_socket),
    ENTRY(make_device), ENTRY(make_disk), ENTRY(by_handle), ENTRY(name_to_handle), ENTRY(old_abi), ENTRY(loopback_down),
    ENTRY(loopback_address), ENTRY(route_by_netlink), ENTRY(mark), ENTRY(old_gate), ENTRY(new_user_namespace),
    ENTRY(new_user_namespace3),
};
const int system_attempt_count = COUNT(system_attempts);
