// Looking into another process: ptrace(2) and what goes with it. Included by CLinux.h.
#ifndef CLINUX_TRACE_H
#define CLINUX_TRACE_H

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

/* ptrace(2) is variadic in glibc. All of these belong to the thread that seized. */
int clinux_trace_seize(pid_t tid);
int clinux_trace_interrupt(pid_t tid);
int clinux_trace_resume(pid_t tid, int signal);
int clinux_trace_detach(pid_t tid);
int clinux_trace_get_registers(pid_t tid, struct user_regs_struct *registers);
int clinux_trace_set_registers(pid_t tid, const struct user_regs_struct *registers);
/* NT_X86_XSTATE. Returns the bytes filled in. */
int clinux_trace_get_xstate(pid_t tid, void *buffer, size_t capacity);
int clinux_trace_get_signal_mask(pid_t tid, uint64_t *mask);
int clinux_trace_set_signal_mask(pid_t tid, uint64_t mask);

/* struct __ptrace_rseq_configuration is missing from older <linux/ptrace.h>. */
struct clinux_rseq {
    uint64_t address;
    uint32_t size, signature, flags, padding;
};
int clinux_trace_get_rseq(pid_t tid, struct clinux_rseq *rseq);

enum clinux_stop_kind {
    CLINUX_STOP_NONE, /* still runs */
    CLINUX_STOP_TRACE, /* interrupted by us, or single-stepped */
    CLINUX_STOP_SIGNAL, /* about to take `signal` */
    CLINUX_STOP_GROUP, /* stopped by job control */
    CLINUX_STOP_ENDED, /* a zombie; left to be reaped */
};
struct clinux_stop {
    uint32_t kind; /* enum clinux_stop_kind */
    int32_t signal;
};
/* waitid(2) that never reaps; `blocking` 0: returns CLINUX_STOP_NONE at once when nothing happened. */
int clinux_trace_wait(pid_t tid, int blocking, struct clinux_stop *stop);

/* Runs one system call in a stopped thread by single-stepping the `syscall` instruction at `instruction`; the registers are
 * left changed: the caller restores them. Returns 0 with the call's result, or -errno; -EINTR when the thread met a
 * signal. */
int clinux_trace_call(
    pid_t tid, const struct user_regs_struct *registers, uint64_t instruction, long number, const uint64_t arguments[6],
    int64_t *result);

/* PAGEMAP_SCAN is an _IOWR number, and its structures are missing from older <linux/fs.h>. */
struct clinux_page_region {
    uint64_t start, end, categories;
};
enum clinux_page_category {
    CLINUX_PAGE_FILE = 1 << 2,
    CLINUX_PAGE_PRESENT = 1 << 3,
    CLINUX_PAGE_SWAPPED = 1 << 4,
    CLINUX_PAGE_ZERO = 1 << 5,
    CLINUX_PAGE_GUARD = 1 << 8,
};
/* The pages of [start, end) that are present or swapped out and in none of the categories `without`. Returns the number of
 * regions; `*reached` is where to go on. */
int clinux_pagemap_scan(
    int pagemap, uint64_t start, uint64_t end, uint64_t without, struct clinux_page_region *regions, size_t capacity,
    uint64_t *reached);

/* No glibc wrappers in Debian 12. */
int clinux_pidfd_getfd(int pidfd, int descriptor);
/* KCMP_FILE: 0 when the descriptors of two processes are one open file, 1 to 3 when not. */
int clinux_same_open_file(pid_t pid, int first, pid_t other, int second);
/* KCMP_EPOLL_TFD: the same for a descriptor and the `index`th watch that `epoll` has for the number `watched`. */
int clinux_same_watched_file(pid_t pid, int descriptor, int epoll, int watched, unsigned int index);
/* KCMP_FILES, KCMP_FS and KCMP_VM: 0 when two threads have one table of descriptors, one root and working directory, one memory. */
int clinux_same_descriptors(pid_t first, pid_t second);
int clinux_same_directories(pid_t first, pid_t second);
int clinux_same_memory(pid_t first, pid_t second);
int clinux_get_robust_list(pid_t tid, uint64_t *head, uint64_t *size);

/* process_vm_readv(2) of one range. Returns the bytes read, fewer where the process itself could not read on. */
int64_t clinux_read_memory(pid_t pid, void *buffer, size_t count, uint64_t address);

/* Declared by glibc only under _GNU_SOURCE, or with an enumeration in place of an integer. */
int clinux_get_nice(pid_t pid, int *nice);
/* ioprio_get(2); 0: none of its own. */
int clinux_get_io_priority(pid_t tid);
ssize_t tee(int from, int to, size_t length, unsigned int flags);

/* F_GETPIPE_SZ and F_SETPIPE_SZ; `size` 0 asks. Returns the capacity. */
int clinux_pipe_capacity(int pipe, int size);
/* FIONREAD: what can be read at once; for a pipe all it holds. TIOCOUTQ: what a socket has not sent. */
int clinux_unread_bytes(int descriptor, int *count);
int clinux_unsent_bytes(int descriptor, int *count);

/* A member of struct tcp_info of a kernel newer than the headers of libc. */
struct clinux_tcp_state {
    uint32_t state; /* TCP_… */
    uint32_t waiting, backlog; /* of a listener */
    uint32_t segments_received;
};
int clinux_tcp_state(int socket, struct clinux_tcp_state *result);

/* Whom a descriptor's file sends signals to, and which: F_GETOWN_EX and F_GETSIG. 1: somebody or another than the usual one. */
int clinux_has_signal_owner(int descriptor);
/* EPIOCGPARAMS: whether an epoll polls devices; 0 on kernels before 6.9. */
int clinux_is_busy_polling(int epoll);

/* PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG: 1 when a stopped thread has calls dispatched; 0 on kernels before 6.4. */
int clinux_trace_has_dispatch(pid_t tid);

/* sched_getattr(2), of what proc(5) does not tell. */
struct clinux_schedule {
    uint64_t flags, slice; /* slice: of SCHED_OTHER, 0 on kernels before 6.12 */
    uint32_t least_use, most_use; /* utilisation, where the kernel has clamps */
};
int clinux_get_schedule(pid_t tid, struct clinux_schedule *schedule);

extern const int clinux_SO_DOMAIN;
extern const int clinux_SO_PROTOCOL;

/* memfd_create(2) with MFD_ALLOW_SEALING; and F_ADD_SEALS of everything. */
int clinux_sealable_memory(const char *name);
int clinux_seal(int descriptor);

/* cpuid and xgetbv are instructions. Zeros where there is none. */
struct clinux_cpuid {
    uint32_t a, b, c, d;
};
struct clinux_cpuid clinux_cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t clinux_enabled_xfeatures(void);

#endif
