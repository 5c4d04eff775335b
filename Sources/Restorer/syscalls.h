// System calls, without a C library: a function each, returning what the kernel returns (-errno on failure).
#ifndef RESTORER_SYSCALLS_H
#define RESTORER_SYSCALLS_H

#include "kernel.h"

static inline __attribute__((always_inline)) long system_call(
    long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* The casts that a pointer needs, at one place. */
#define CALL(name, a, b, c, d, e, f) \
    system_call(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline _Noreturn void sys_exit_group(int status) {
    for (;;) CALL(exit_group, status, 0, 0, 0, 0, 0);
}

/* Memory */
static inline long sys_mmap(uint64_t address, uint64_t length, int protection, int flags, int file, uint64_t offset) {
    return CALL(mmap, address, length, protection, flags, file, offset);
}
/* mremap, onto what is at `target`. */
static inline long sys_move(uint64_t address, uint64_t length, uint64_t target) {
    return CALL(mremap, address, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, target, 0);
}
static inline long sys_munmap(uint64_t address, uint64_t length) { return CALL(munmap, address, length, 0, 0, 0, 0); }
static inline long sys_mprotect(uint64_t address, uint64_t length, int protection) {
    return CALL(mprotect, address, length, protection, 0, 0, 0);
}
static inline long sys_madvise(uint64_t address, uint64_t length, int advice) {
    return CALL(madvise, address, length, advice, 0, 0, 0);
}

/* Files */
static inline long sys_open(const char *path, int flags, int mode) { return CALL(open, path, flags, mode, 0, 0, 0); }
static inline long sys_close(int file) { return CALL(close, file, 0, 0, 0, 0, 0); }
static inline long sys_close_range(unsigned first, unsigned last) {
    return CALL(close_range, first, last, 0, 0, 0, 0);
}
static inline long sys_read(int file, void *bytes, size_t length) { return CALL(read, file, bytes, length, 0, 0, 0); }
static inline long sys_write(int file, const void *bytes, size_t length) {
    return CALL(write, file, bytes, length, 0, 0, 0);
}
static inline long sys_pread(int file, void *bytes, size_t length, uint64_t offset) {
    return CALL(pread64, file, bytes, length, offset, 0, 0);
}
static inline long sys_pwrite(int file, const void *bytes, size_t length, uint64_t offset) {
    return CALL(pwrite64, file, bytes, length, offset, 0, 0);
}
static inline long sys_seek(int file, uint64_t position) { return CALL(lseek, file, position, 0, 0, 0, 0); }
static inline long sys_dup3(int file, int number, int flags) { return CALL(dup3, file, number, flags, 0, 0, 0); }
static inline long sys_fcntl(int file, int command, long argument) {
    return CALL(fcntl, file, command, argument, 0, 0, 0);
}
static inline long sys_ioctl(int file, unsigned command, const void *argument) {
    return CALL(ioctl, file, command, argument, 0, 0, 0);
}
static inline long sys_pipe2(int ends[2], int flags) { return CALL(pipe2, ends, flags, 0, 0, 0, 0); }
static inline long sys_eventfd2(unsigned count, int flags) { return CALL(eventfd2, count, flags, 0, 0, 0, 0); }
static inline long sys_signalfd4(const uint64_t *mask, int flags) {
    return CALL(signalfd4, -1, mask, SIGNALS_SIZE, flags, 0, 0);
}
static inline long sys_inotify_init1(int flags) { return CALL(inotify_init1, flags, 0, 0, 0, 0, 0); }
static inline long sys_inotify_add_watch(int notifier, const char *path, uint32_t mask) {
    return CALL(inotify_add_watch, notifier, path, mask, 0, 0, 0);
}
static inline long sys_inotify_rm_watch(int notifier, int watch) {
    return CALL(inotify_rm_watch, notifier, watch, 0, 0, 0, 0);
}
static inline long sys_epoll_create1(int flags) { return CALL(epoll_create1, flags, 0, 0, 0, 0, 0); }
static inline long sys_epoll_add(int epoll, int file, const struct epoll_event *event) {
    return CALL(epoll_ctl, epoll, EPOLL_CTL_ADD, file, event, 0, 0);
}
static inline long sys_mkdir(const char *path, int mode) { return CALL(mkdir, path, mode, 0, 0, 0, 0); }
static inline long sys_fchmod(int file, int mode) { return CALL(fchmod, file, mode, 0, 0, 0, 0); }
static inline long sys_chown(const char *path, uint32_t user, uint32_t group) {
    return CALL(chown, path, user, group, 0, 0, 0);
}
static inline long sys_statx(const char *path, unsigned mask, struct statx *found) {
    return CALL(statx, AT_FDCWD, path, 0, mask, found, 0);
}
static inline long sys_chmod(const char *path, int mode) { return CALL(chmod, path, mode, 0, 0, 0, 0); }
static inline long sys_symlink(const char *target, const char *path) {
    return CALL(symlink, target, path, 0, 0, 0, 0);
}
static inline long sys_link(const char *from, const char *to) { return CALL(link, from, to, 0, 0, 0, 0); }
static inline long sys_rename(const char *from, const char *to) { return CALL(rename, from, to, 0, 0, 0, 0); }
static inline long sys_mknod(const char *path, int mode) { return CALL(mknod, path, mode, 0, 0, 0, 0); }
/* Of a path's last part itself, whatever that is. */
static inline long sys_set_times(const char *path, const struct timer_time times[2]) {
    return CALL(utimensat, AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW, 0, 0);
}
static inline long sys_ftruncate(int file, uint64_t size) { return CALL(ftruncate, file, size, 0, 0, 0, 0); }
static inline long sys_flock(int file, int operation) { return CALL(flock, file, operation, 0, 0, 0, 0); }
static inline long sys_memfd_create(const char *name, unsigned flags) {
    return CALL(memfd_create, name, flags, 0, 0, 0, 0);
}
static inline long sys_unlink(const char *path) { return CALL(unlink, path, 0, 0, 0, 0, 0); }
static inline long sys_chdir(const char *path) { return CALL(chdir, path, 0, 0, 0, 0, 0); }
static inline long sys_umask(int mask) { return CALL(umask, mask, 0, 0, 0, 0, 0); }

/* Sockets */
static inline long sys_socket(int family, int type, int protocol) {
    return CALL(socket, family, type, protocol, 0, 0, 0);
}
static inline long sys_socketpair(int family, int type, int ends[2]) {
    return CALL(socketpair, family, type, 0, ends, 0, 0);
}
static inline long sys_bind(int socket, const void *address, unsigned length) {
    return CALL(bind, socket, address, length, 0, 0, 0);
}
static inline long sys_listen(int socket, int backlog) { return CALL(listen, socket, backlog, 0, 0, 0, 0); }
static inline long sys_connect(int socket, const void *address, unsigned length) {
    return CALL(connect, socket, address, length, 0, 0, 0);
}
static inline long sys_accept(int socket) { return CALL(accept4, socket, NULL, NULL, 0, 0, 0); }
static inline long sys_shutdown(int socket, int how) { return CALL(shutdown, socket, how, 0, 0, 0, 0); }
static inline long sys_send(int socket, const void *bytes, size_t length, int flags) {
    return CALL(sendto, socket, bytes, length, flags, NULL, 0);
}
static inline long sys_getsockname(int socket, void *address, unsigned *length) {
    return CALL(getsockname, socket, address, length, 0, 0, 0);
}
static inline long sys_setsockopt(int socket, int level, int option, const void *value, unsigned size) {
    return CALL(setsockopt, socket, level, option, value, size, 0);
}
static inline long sys_sendmsg(int socket, const struct message_header *message, unsigned flags) {
    return CALL(sendmsg, socket, message, flags, 0, 0, 0);
}
static inline long sys_recvmsg(int socket, struct message_header *message, unsigned flags) {
    return CALL(recvmsg, socket, message, flags, 0, 0, 0);
}

/* Processes and threads */
static inline long sys_getpid(void) { return CALL(getpid, 0, 0, 0, 0, 0, 0); }
static inline long sys_pidfd_open(int process) { return CALL(pidfd_open, process, 0, 0, 0, 0, 0); }
static inline long sys_clone3(const struct clone_args *arguments) {
    return CALL(clone3, arguments, sizeof *arguments, 0, 0, 0, 0);
}
static inline long sys_setpgid(int group) { return CALL(setpgid, 0, group, 0, 0, 0, 0); }
static inline long sys_setsid(void) { return CALL(setsid, 0, 0, 0, 0, 0, 0); }
static inline long sys_setns(int file, int kinds) { return CALL(setns, file, kinds, 0, 0, 0, 0); }
static inline long sys_unshare(int kinds) { return CALL(unshare, kinds, 0, 0, 0, 0, 0); }
static inline long sys_membarrier(int command) { return CALL(membarrier, command, 0, 0, 0, 0, 0); }
static inline long sys_prctl(int option, long a, long b, long c) { return CALL(prctl, option, a, b, c, 0, 0); }
static inline long sys_arch_prctl(int option, uint64_t value) {
    return CALL(arch_prctl, option, value, 0, 0, 0, 0);
}
static inline long sys_set_tid_address(uint64_t address) {
    return CALL(set_tid_address, address, 0, 0, 0, 0, 0);
}
static inline long sys_set_robust_list(uint64_t head, uint64_t length) {
    return CALL(set_robust_list, head, length, 0, 0, 0, 0);
}
static inline long sys_rseq(uint64_t address, unsigned length, unsigned signature) {
    return CALL(rseq, address, length, 0, signature, 0, 0);
}
static inline long sys_futex(uint32_t *word, int operation, uint32_t value) {
    return CALL(futex, word, operation, value, 0, 0, 0);
}
static inline long sys_kill(int process, int signal) { return CALL(kill, process, signal, 0, 0, 0, 0); }
/* waitid, of a child that stays to be waited for. */
static inline long sys_wait_for_end(int child) {
    return CALL(waitid, P_PID, child, NULL, WEXITED | WNOWAIT, NULL, 0);
}
static inline long sys_pause(void) { return CALL(pause, 0, 0, 0, 0, 0, 0); }

/* Identity and limits */
static inline long sys_setgroups(size_t count, const uint32_t *groups) {
    return CALL(setgroups, count, groups, 0, 0, 0, 0);
}
static inline long sys_setresuid(uint32_t id) { return CALL(setresuid, id, id, id, 0, 0, 0); }
static inline long sys_setresgid(uint32_t id) { return CALL(setresgid, id, id, id, 0, 0, 0); }
static inline long sys_capset(
    const struct __user_cap_header_struct *header, const struct __user_cap_data_struct *sets) {
    return CALL(capset, header, sets, 0, 0, 0, 0);
}
static inline long sys_seccomp(unsigned operation, unsigned flags, const void *argument) {
    return CALL(seccomp, operation, flags, argument, 0, 0, 0);
}
static inline long sys_setrlimit(int kind, const struct resource_limit *limit) {
    return CALL(setrlimit, kind, limit, 0, 0, 0, 0);
}
static inline long sys_getrlimit(int kind, struct resource_limit *limit) {
    return CALL(getrlimit, kind, limit, 0, 0, 0, 0);
}
static inline long sys_sched_setaffinity(size_t size, const uint64_t *processors) {
    return CALL(sched_setaffinity, 0, size, processors, 0, 0, 0);
}
static inline long sys_set_nice(int nice) { return CALL(setpriority, 0, 0, nice, 0, 0, 0); }

/* Mounts */
static inline long sys_mount(
    const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
    return CALL(mount, source, target, type, flags, data, 0);
}
static inline long sys_attach_mount(int mount, const char *target) {
    return CALL(move_mount, mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH, 0);
}
static inline long sys_open_tree(const char *path) {
    return CALL(open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0, 0);
}
static inline long sys_mount_setattr(int mount, const struct mount_attr *change) {
    return CALL(mount_setattr, mount, "", AT_EMPTY_PATH, change, sizeof *change, 0);
}

/* Signals and timers */
static inline long sys_signal_mask(const uint64_t *mask) {
    return CALL(rt_sigprocmask, SIG_SETMASK, mask, 0, SIGNALS_SIZE, 0, 0);
}
/* rt_sigtimedwait, without waiting. */
static inline long sys_signal_take(const uint64_t *mask) {
    static const struct timer_time none = {0, 0};
    return CALL(rt_sigtimedwait, mask, 0, &none, SIGNALS_SIZE, 0, 0);
}
static inline long sys_signal_action(int signal, const struct signal_action *action) {
    return CALL(rt_sigaction, signal, action, 0, SIGNALS_SIZE, 0, 0);
}
static inline long sys_setitimer(int which, const struct timer_microvalue *value) {
    return CALL(setitimer, which, value, 0, 0, 0, 0);
}
static inline long sys_timer_create(int clock, const struct signal_event *event, int *id) {
    return CALL(timer_create, clock, event, id, 0, 0, 0);
}
static inline long sys_timer_delete(int id) { return CALL(timer_delete, id, 0, 0, 0, 0, 0); }
static inline long sys_timer_settime(int id, const struct timer_value *value) {
    return CALL(timer_settime, id, 0, value, 0, 0, 0);
}
static inline long sys_timerfd_create(int clock, int flags) { return CALL(timerfd_create, clock, flags, 0, 0, 0, 0); }
static inline long sys_timerfd_settime(int file, int flags, const struct timer_value *value) {
    return CALL(timerfd_settime, file, flags, value, 0, 0, 0);
}

#endif
