// The system calls that a process sandbox's code is refused: one filter, for the runtime that is frozen and for its clones.
//
// Everything is allowed but what administers a machine, looks into other processes, or takes from a stock of the whole host. None of
// the first two would succeed without capabilities; the filter keeps it from being tried on the kernel's code at all, and from being
// had through a new user namespace. A program in a sandbox sees EPERM, as it would without the right.
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

#ifndef __NR_landlock_restrict_self
#define __NR_landlock_restrict_self 446
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif

/* Numbers from here on are those of the x32 ABI. */
#define THAW_X32_FIRST 0x40000000

#define THAW_ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define THAW_REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define THAW_LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))

#define THAW_LENGTH(...) (sizeof((const struct sock_filter[]){__VA_ARGS__}) / sizeof(struct sock_filter))

/* Instructions for one value only; for those with one of some bits; for values below a number. Passed over otherwise. */
#define THAW_IF(value, ...) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, THAW_LENGTH(__VA_ARGS__)), __VA_ARGS__
#define THAW_IF_ANY(bits, ...) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, THAW_LENGTH(__VA_ARGS__)), __VA_ARGS__
#define THAW_IF_BELOW(end, ...) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (end), THAW_LENGTH(__VA_ARGS__), 0), __VA_ARGS__

/* EPERM for single numbers, and for those from `first` through `last`. */
#define THAW_REFUSE_1(a) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (a), 0, 1), THAW_REFUSE(EPERM)
#define THAW_REFUSE_2(a, b) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (a), 1, 0), THAW_REFUSE_1(b)
#define THAW_REFUSE_3(a, b, c) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (a), 2, 0), THAW_REFUSE_2(b, c)
#define THAW_REFUSE_4(a, b, c, d) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (a), 3, 0), THAW_REFUSE_3(b, c, d)
#define THAW_REFUSE_RANGE(first, last) \
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (first), 0, 2), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (last), 1, 0), \
        THAW_REFUSE(EPERM)

#define THAW_NEW_NAMESPACES \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

enum {
    THAW_FAMILY_NETLINK = 16, /* AF_NETLINK; what getifaddrs(3) uses is protocol 0, NETLINK_ROUTE */
    THAW_FAMILY_PACKET = 17, /* AF_PACKET */
    THAW_FAMILY_VSOCK = 40, /* AF_VSOCK */
};

/* The refused numbers in ascending order, cut so that any number needs few comparisons: the kernel runs the filter once for
 * every number there is when it is installed, which happens in each clone, and then not again for those that are allowed
 * whatever their arguments. For that it must understand the filter: loads of number and arguments, comparisons, nothing else. */
static const struct sock_filter thaw_seccomp_filter[] = {
    /* 32-bit system calls have other numbers. */
    THAW_LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    THAW_LOAD(nr),

    THAW_IF_BELOW(
        __NR_ptrace,
        THAW_IF(
            __NR_socket, THAW_LOAD(args[0]), THAW_REFUSE_2(THAW_FAMILY_PACKET, THAW_FAMILY_VSOCK),
            THAW_IF(THAW_FAMILY_NETLINK, THAW_LOAD(args[2]), THAW_IF(0, THAW_ALLOW), THAW_REFUSE(EPERM)), THAW_ALLOW),
        THAW_IF(__NR_clone, THAW_LOAD(args[0]), THAW_IF_ANY(THAW_NEW_NAMESPACES, THAW_REFUSE(EPERM)), THAW_ALLOW),
        THAW_ALLOW),

    THAW_IF_BELOW(
        __NR_acct, THAW_REFUSE_4(__NR_ptrace, __NR_syslog, __NR_vhangup, __NR_pivot_root),
        THAW_REFUSE_2(__NR_adjtimex, __NR_chroot),
        /* Allowed: the plain personality, and the question which one it is. */
        THAW_IF(__NR_personality, THAW_LOAD(args[0]), THAW_IF(0, THAW_ALLOW), THAW_IF(~0U, THAW_ALLOW), THAW_REFUSE(EPERM)),
        THAW_ALLOW),

    THAW_IF_BELOW(
        __NR_add_key,
        /* acct, settimeofday, mount, umount2, swapon, swapoff, reboot, sethostname, setdomainname, iopl, ioperm,
         * create_module, init_module, delete_module, get_kernel_syms, query_module, quotactl, nfsservctl */
        THAW_REFUSE_RANGE(__NR_acct, __NR_nfsservctl),
        THAW_REFUSE_3(__NR_lookup_dcookie, __NR_clock_settime, __NR_kexec_load),
        /* The kernel counts requests of asynchronous I/O for the whole host (fs.aio-max-nr). Programs do without, as on kernels that
         * have none. */
        THAW_IF(__NR_io_setup, THAW_REFUSE(ENOSYS)), THAW_ALLOW),

    THAW_IF_BELOW(
        __NR_process_vm_readv,
        /* add_key, request_key, keyctl */
        THAW_REFUSE_RANGE(__NR_add_key, __NR_keyctl),
        /* name_to_handle_at, open_by_handle_at, clock_adjtime */
        THAW_REFUSE_RANGE(__NR_name_to_handle_at, __NR_clock_adjtime),
        THAW_REFUSE_3(__NR_unshare, __NR_perf_event_open, __NR_setns), THAW_ALLOW),

    THAW_IF_BELOW(
        __NR_io_uring_setup,
        /* process_vm_readv, process_vm_writev, kcmp, finit_module */
        THAW_REFUSE_RANGE(__NR_process_vm_readv, __NR_finit_module),
        /* kexec_file_load, bpf */
        THAW_REFUSE_RANGE(__NR_kexec_file_load, __NR_bpf), THAW_REFUSE_1(__NR_userfaultfd), THAW_ALLOW),

    /* io_uring_setup, io_uring_enter, io_uring_register, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick */
    THAW_REFUSE_RANGE(__NR_io_uring_setup, __NR_fspick),
    /* Its flags are in memory, where a filter cannot look. C libraries fall back to clone. */
    THAW_IF(__NR_clone3, THAW_REFUSE(ENOSYS)),
    /* mount_setattr, quotactl_fd, landlock_create_ruleset, landlock_add_rule, landlock_restrict_self; no clone could be put
     * under the rules that its source made. */
    THAW_REFUSE_RANGE(__NR_mount_setattr, __NR_landlock_restrict_self),
    THAW_REFUSE_2(__NR_pidfd_getfd, __NR_open_tree_attr),
    THAW_IF_BELOW(THAW_X32_FIRST, THAW_ALLOW),
    THAW_REFUSE(EPERM),
};

enum { THAW_SECCOMP_LENGTH = sizeof thaw_seccomp_filter / sizeof thaw_seccomp_filter[0] };

/* For languages that see a C array as a tuple. */
static inline const struct sock_filter *thaw_seccomp_instructions(void) { return thaw_seccomp_filter; }

#endif
#endif
