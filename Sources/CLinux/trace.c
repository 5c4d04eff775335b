// Looking into another process: the functions of CLinuxTrace.h.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "CLinux.h"

#ifndef PTRACE_GET_RSEQ_CONFIGURATION
#define PTRACE_GET_RSEQ_CONFIGURATION 0x420f
#endif

const int clinux_SO_DOMAIN = SO_DOMAIN;
const int clinux_SO_PROTOCOL = SO_PROTOCOL;

static int value_or_errno(long result) { return result < 0 ? -errno : (int)result; }

static int trace(int request, pid_t tid, const void *address, const void *data) {
    return value_or_errno(ptrace(request, tid, (void *)address, (void *)data));
}

int clinux_trace_seize(pid_t tid) { return trace(PTRACE_SEIZE, tid, NULL, NULL); }
int clinux_trace_interrupt(pid_t tid) { return trace(PTRACE_INTERRUPT, tid, NULL, NULL); }
int clinux_trace_resume(pid_t tid, int signal) { return trace(PTRACE_CONT, tid, NULL, (void *)(long)signal); }
int clinux_trace_detach(pid_t tid) { return trace(PTRACE_DETACH, tid, NULL, NULL); }

int clinux_trace_get_registers(pid_t tid, struct user_regs_struct *registers) {
    struct iovec buffer = {registers, sizeof *registers};
    return trace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &buffer);
}

int clinux_trace_set_registers(pid_t tid, const struct user_regs_struct *registers) {
    struct iovec buffer = {(void *)registers, sizeof *registers};
    return trace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &buffer);
}

int clinux_trace_get_xstate(pid_t tid, void *buffer, size_t capacity) {
    struct iovec vector = {buffer, capacity};
    int result = trace(PTRACE_GETREGSET, tid, (void *)NT_X86_XSTATE, &vector);
    return result < 0 ? result : (int)vector.iov_len;
}

int clinux_trace_get_signal_mask(pid_t tid, uint64_t *mask) {
    return trace(PTRACE_GETSIGMASK, tid, (void *)sizeof *mask, mask);
}

int clinux_trace_set_signal_mask(pid_t tid, uint64_t mask) {
    return trace(PTRACE_SETSIGMASK, tid, (void *)sizeof mask, &mask);
}

int clinux_trace_get_rseq(pid_t tid, struct clinux_rseq *rseq) {
    memset(rseq, 0, sizeof *rseq);
    return trace(PTRACE_GET_RSEQ_CONFIGURATION, tid, (void *)sizeof *rseq, rseq);
}

int clinux_trace_wait(pid_t tid, int blocking, struct clinux_stop *stop) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    memset(stop, 0, sizeof *stop);
    /* WNOWAIT: the end of a child is for its keeper to collect, not for us. */
    int options = WSTOPPED | WEXITED | WNOWAIT | __WALL | (blocking ? 0 : WNOHANG);
    if (waitid(P_PID, tid, &info, options) < 0) return -errno;
    if (info.si_pid == 0) return 0;
    stop->signal = info.si_status & 0x7f;
    if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
        stop->kind = CLINUX_STOP_ENDED;
    else if (info.si_status >> 8 == PTRACE_EVENT_STOP)
        stop->kind = stop->signal == SIGTRAP ? CLINUX_STOP_TRACE : CLINUX_STOP_GROUP;
    else if (info.si_status == SIGTRAP)
        stop->kind = CLINUX_STOP_TRACE;
    else
        stop->kind = CLINUX_STOP_SIGNAL;
    return 0;
}

int clinux_trace_call(
    pid_t tid, const struct user_regs_struct *registers, uint64_t instruction, long number, const uint64_t arguments[6],
    int64_t *result) {
#if defined(__x86_64__)
    struct user_regs_struct changed = *registers;
    changed.rip = instruction;
    changed.rax = (uint64_t)number;
    changed.orig_rax = (uint64_t)-1; /* not inside a system call: nothing is restarted */
    changed.rdi = arguments[0];
    changed.rsi = arguments[1];
    changed.rdx = arguments[2];
    changed.r10 = arguments[3];
    changed.r8 = arguments[4];
    changed.r9 = arguments[5];
    int error = clinux_trace_set_registers(tid, &changed);
    if (error < 0) return error;
    if ((error = trace(PTRACE_SINGLESTEP, tid, NULL, NULL)) < 0) return error;
    struct clinux_stop stop;
    do error = clinux_trace_wait(tid, 1, &stop);
    while (error == -EINTR);
    if (error < 0) return error;
    if (stop.kind == CLINUX_STOP_ENDED) return -ESRCH;
    if ((error = clinux_trace_get_registers(tid, &changed)) < 0) return error;
    if (stop.kind != CLINUX_STOP_TRACE || changed.rip != instruction + 2) return -EINTR;
    *result = (int64_t)changed.rax;
    return 0;
#else
    return -ENOSYS;
#endif
}

struct scan_argument {
    uint64_t size, flags, start, end, walk_end, vector, vector_length, maximum_pages;
    uint64_t category_inverted, category_mask, category_any, return_mask;
};

int clinux_pagemap_scan(
    int pagemap, uint64_t start, uint64_t end, uint64_t without, struct clinux_page_region *regions, size_t capacity,
    uint64_t *reached) {
    struct scan_argument argument = {
        .size = sizeof argument,
        .start = start,
        .end = end,
        .vector = (uint64_t)regions,
        .vector_length = capacity,
        .category_inverted = without,
        .category_mask = without,
        .category_any = CLINUX_PAGE_PRESENT | CLINUX_PAGE_SWAPPED,
        .return_mask = CLINUX_PAGE_GUARD,
    };
    int result = value_or_errno(ioctl(pagemap, _IOWR('f', 16, struct scan_argument), &argument));
    if (result == -EINVAL) { /* a kernel before 6.15 knows no guard pages, and has none */
        argument.return_mask = CLINUX_PAGE_PRESENT;
        result = value_or_errno(ioctl(pagemap, _IOWR('f', 16, struct scan_argument), &argument));
    }
    *reached = argument.walk_end;
    return result;
}

int clinux_pidfd_getfd(int pidfd, int descriptor) {
    return value_or_errno(syscall(SYS_pidfd_getfd, pidfd, descriptor, 0));
}

int clinux_same_open_file(pid_t pid, int first, pid_t other, int second) {
    return value_or_errno(syscall(SYS_kcmp, pid, other, KCMP_FILE, first, second));
}

int clinux_same_watched_file(pid_t pid, int descriptor, int epoll, int watched, unsigned int index) {
    struct kcmp_epoll_slot slot = {.efd = epoll, .tfd = watched, .toff = index};
    return value_or_errno(syscall(SYS_kcmp, pid, pid, KCMP_EPOLL_TFD, descriptor, &slot));
}

int clinux_same_descriptors(pid_t first, pid_t second) {
    return value_or_errno(syscall(SYS_kcmp, first, second, KCMP_FILES, 0, 0));
}

int clinux_same_directories(pid_t first, pid_t second) {
    return value_or_errno(syscall(SYS_kcmp, first, second, KCMP_FS, 0, 0));
}

int clinux_same_memory(pid_t first, pid_t second) {
    return value_or_errno(syscall(SYS_kcmp, first, second, KCMP_VM, 0, 0));
}

int clinux_get_robust_list(pid_t tid, uint64_t *head, uint64_t *size) {
    return value_or_errno(syscall(SYS_get_robust_list, tid, head, size));
}

int64_t clinux_read_memory(pid_t pid, void *buffer, size_t count, uint64_t address) {
    struct iovec here = {buffer, count}, there = {(void *)address, count};
    ssize_t result = process_vm_readv(pid, &here, 1, &there, 1, 0);
    return result < 0 ? -errno : result;
}

int clinux_get_io_priority(pid_t tid) {
    enum { WHO_PROCESS = 1 }; /* <linux/ioprio.h>; it means a thread */
    return value_or_errno(syscall(SYS_ioprio_get, WHO_PROCESS, tid));
}

int clinux_get_nice(pid_t pid, int *nice) {
    errno = 0;
    *nice = getpriority(PRIO_PROCESS, (id_t)pid);
    return errno ? -errno : 0;
}

int clinux_pipe_capacity(int pipe, int size) {
    return value_or_errno(size ? fcntl(pipe, F_SETPIPE_SZ, size) : fcntl(pipe, F_GETPIPE_SZ));
}

int clinux_unread_bytes(int descriptor, int *count) { return value_or_errno(ioctl(descriptor, FIONREAD, count)); }
int clinux_unsent_bytes(int descriptor, int *count) { return value_or_errno(ioctl(descriptor, SIOCOUTQ, count)); }

int clinux_tcp_state(int socket, struct clinux_tcp_state *result) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -errno;
    result->state = info.tcpi_state;
    result->waiting = info.tcpi_unacked;
    result->backlog = info.tcpi_sacked;
    result->segments_received = info.tcpi_segs_in;
    return 0;
}

int clinux_has_signal_owner(int descriptor) {
    struct f_owner_ex owner;
    if (fcntl(descriptor, F_GETOWN_EX, &owner) < 0) return errno == EBADF ? 0 : -errno; /* O_PATH has none */
    return owner.pid != 0 || fcntl(descriptor, F_GETSIG) > 0;
}

int clinux_is_busy_polling(int epoll) {
    struct { uint32_t microseconds; uint16_t budget; uint8_t is_preferred, padding; } parameters;
    if (ioctl(epoll, _IOR(0x8A, 0x02, parameters), &parameters) < 0) return 0;
    return parameters.microseconds != 0 || parameters.is_preferred != 0;
}

int clinux_trace_has_dispatch(pid_t tid) {
    struct { uint64_t mode, selector, offset, length; } dispatch = {0};
    if (trace(0x4211, tid, (void *)sizeof dispatch, &dispatch) < 0) return 0;
    return dispatch.mode != 0;
}

int clinux_get_schedule(pid_t tid, struct clinux_schedule *schedule) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
        uint32_t least_use, most_use;
    } attributes = {0};
    if (syscall(SYS_sched_getattr, tid, &attributes, sizeof attributes, 0) < 0) return -errno;
    *schedule = (struct clinux_schedule){
        attributes.flags, attributes.runtime, attributes.least_use, attributes.most_use};
    return 0;
}

int clinux_sealable_memory(const char *name) {
    return value_or_errno(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

int clinux_seal(int descriptor) {
    return value_or_errno(fcntl(descriptor, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
}

struct clinux_cpuid clinux_cpuid(uint32_t leaf, uint32_t subleaf) {
    struct clinux_cpuid result = {0, 0, 0, 0};
#if defined(__x86_64__)
    __cpuid_count(leaf, subleaf, result.a, result.b, result.c, result.d);
#endif
    return result;
}

uint64_t clinux_enabled_xfeatures(void) {
#if defined(__x86_64__)
    uint32_t low, high;
    if (!(clinux_cpuid(1, 0).c >> 27 & 1)) return 0; /* OSXSAVE */
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
#else
    return 0;
#endif
}
