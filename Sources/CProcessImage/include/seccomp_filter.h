// The system calls that a process sandbox's code is refused: one filter, for the runtime that is frozen and for its clones.
//
// Everything is allowed but what administers a machine or looks into other processes. None of it would succeed without
// capabilities; the filter keeps it from being tried on the kernel's code at all, and from being had through a new user
// namespace. A program in a sandbox sees EPERM, as it would without the right.
#ifndef THAW_SECCOMP_FILTER_H
#define THAW_SECCOMP_FILTER_H

#if defined(__x86_64__)

#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>

#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif

/* Numbers from here on are those of the x32 ABI. */
#define THAW_X32_FIRST 0x40000000

#define THAW_ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define THAW_REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define THAW_LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))

/* The next `count` instructions are for one value only, or for those with one of some bits, and passed over otherwise. */
#define THAW_IF(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define THAW_IF_ANY(bits, count) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, (count))

/* The line of numbers, cut in pieces in ascending order. Comparisons of the number and nothing else: then the kernel knows
 * beforehand which calls are allowed whatever their arguments, and does not run the filter for those. */
#define THAW_ALLOWED_BEFORE(number) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (number), 1, 0), THAW_ALLOW
#define THAW_REFUSED_THROUGH(number) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (number), 1, 0), THAW_REFUSE(EPERM)
#define THAW_REFUSED_RANGE(first, last) THAW_ALLOWED_BEFORE(first), THAW_REFUSED_THROUGH(last)
#define THAW_REFUSED(number) THAW_REFUSED_RANGE(number, number)

#define THAW_NEW_NAMESPACES \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

enum {
    THAW_FAMILY_NETLINK = 16, /* AF_NETLINK; what getifaddrs(3) uses is protocol 0, NETLINK_ROUTE */
    THAW_FAMILY_PACKET = 17, /* AF_PACKET */
    THAW_FAMILY_VSOCK = 40, /* AF_VSOCK */
};

static const struct sock_filter thaw_seccomp_filter[] = {
    /* 32-bit system calls have other numbers. */
    THAW_LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    THAW_LOAD(nr),

    THAW_IF(__NR_socket, 11),
    THAW_LOAD(args[0]),
    THAW_IF(THAW_FAMILY_PACKET, 1),
    THAW_REFUSE(EPERM),
    THAW_IF(THAW_FAMILY_VSOCK, 1),
    THAW_REFUSE(EPERM),
    THAW_IF(THAW_FAMILY_NETLINK, 4),
    THAW_LOAD(args[2]),
    THAW_IF(0, 1),
    THAW_ALLOW,
    THAW_REFUSE(EPERM),
    THAW_ALLOW,

    THAW_IF(__NR_clone, 4),
    THAW_LOAD(args[0]),
    THAW_IF_ANY(THAW_NEW_NAMESPACES, 1),
    THAW_REFUSE(EPERM),
    THAW_ALLOW,

    /* Its flags are in memory, where a filter cannot look. C libraries fall back to clone. */
    THAW_IF(__NR_clone3, 1),
    THAW_REFUSE(ENOSYS),

    /* The plain personality, and the question which one it is. */
    THAW_IF(__NR_personality, 6),
    THAW_LOAD(args[0]),
    THAW_IF(0, 1),
    THAW_ALLOW,
    THAW_IF(0xffffffff, 1),
    THAW_ALLOW,
    THAW_REFUSE(EPERM),

    THAW_REFUSED(__NR_ptrace),
    THAW_REFUSED(__NR_syslog),
    THAW_REFUSED(__NR_vhangup),
    THAW_REFUSED(__NR_pivot_root),
    THAW_REFUSED(__NR_adjtimex),
    THAW_REFUSED(__NR_chroot),
    /* acct, settimeofday, mount, umount2, swapon, swapoff, reboot, sethostname, setdomainname, iopl, ioperm, create_module,
     * init_module, delete_module, get_kernel_syms, query_module, quotactl, nfsservctl */
    THAW_REFUSED_RANGE(__NR_acct, __NR_nfsservctl),
    THAW_REFUSED(__NR_lookup_dcookie),
    THAW_REFUSED(__NR_clock_settime),
    THAW_REFUSED(__NR_kexec_load),
    /* add_key, request_key, keyctl */
    THAW_REFUSED_RANGE(__NR_add_key, __NR_keyctl),
    THAW_REFUSED(__NR_unshare),
    THAW_REFUSED(__NR_perf_event_open),
    /* name_to_handle_at, open_by_handle_at, clock_adjtime */
    THAW_REFUSED_RANGE(__NR_name_to_handle_at, __NR_clock_adjtime),
    THAW_REFUSED(__NR_setns),
    /* process_vm_readv, process_vm_writev, kcmp, finit_module */
    THAW_REFUSED_RANGE(__NR_process_vm_readv, __NR_finit_module),
    /* kexec_file_load, bpf */
    THAW_REFUSED_RANGE(__NR_kexec_file_load, __NR_bpf),
    THAW_REFUSED(__NR_userfaultfd),
    /* io_uring_setup, io_uring_enter, io_uring_register, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick */
    THAW_REFUSED_RANGE(__NR_io_uring_setup, __NR_fspick),
    THAW_REFUSED(__NR_pidfd_getfd),
    /* mount_setattr, quotactl_fd */
    THAW_REFUSED_RANGE(__NR_mount_setattr, __NR_quotactl_fd),
    THAW_REFUSED(__NR_open_tree_attr),
    THAW_ALLOWED_BEFORE(THAW_X32_FIRST),
    THAW_REFUSE(EPERM),
};

enum { THAW_SECCOMP_LENGTH = sizeof thaw_seccomp_filter / sizeof thaw_seccomp_filter[0] };

/* For languages that see a C array as a tuple. */
static inline const struct sock_filter *thaw_seccomp_instructions(void) { return thaw_seccomp_filter; }

#endif
#endif
