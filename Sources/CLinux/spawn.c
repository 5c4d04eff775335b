// The spawn interpreter. Its contract stands at clinux_spawn in CLinuxSpawn.h.
//
// Everything below `child` runs in a process that shares this one's memory: raw system calls and the child's own stack only.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CLinux.h"
#include "credentials.h"
#include "home.h"
#include "low_descriptors.h"

enum { stack_size = 64 * 1024, signals_count = 64, mapped_limit = 264, steps_limit = 256 };

struct child {
    const struct clinux_spawn_plan *plan;
    struct clinux_spawn_result *result;
    int parent; /* pidfd of this process */
    int program; /* or -1 */
    /* The plan's, with the numbers that the descriptors have in the child. */
    struct clinux_step *steps;
    int32_t pairs[2 * mapped_limit];
    /* Of the parent's table, which the child shares, it keeps what lies below; 0: the child has a copy of it all. */
    int kept;
};

#if defined(__x86_64__)
/* clone3 whose child never returns through this frame: it calls `child` on the new stack and exits. */
static long clone3_onto_stack(struct clone_args *arguments, void (*child)(struct child *), struct child *context) {
    long result;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %[context], %%rdi\n\t"
        "call *%[child]\n\t"
        "ud2\n"
        "1:"
        : "=a"(result)
        : "0"((long)SYS_clone3), "D"(arguments), "S"(sizeof *arguments), [child] "r"(child), [context] "r"(context)
        : "rcx", "r11", "memory", "cc");
    return result;
}
#elif defined(__aarch64__)
static long clone3_onto_stack(struct clone_args *arguments, void (*child)(struct child *), struct child *context) {
    register long x0 __asm__("x0") = (long)arguments;
    register long x1 __asm__("x1") = sizeof *arguments;
    register long x8 __asm__("x8") = SYS_clone3;
    __asm__ volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "mov x0, %[context]\n\t"
        "blr %[child]\n\t"
        "brk #1\n"
        "1:"
        : "+r"(x0)
        : "r"(x1), "r"(x8), [child] "r"(child), [context] "r"(context)
        : "memory", "cc", "x30");
    return x0;
}
#else
#error "clinux_spawn knows x86-64 and arm64"
#endif

static int write_all(int descriptor, const char *text) {
    size_t length = strlen(text);
    while (length > 0) {
        long written = write(descriptor, text, length);
        if (written < 0) return errno;
        text += written;
        length -= (size_t)written;
    }
    return 0;
}

static int make_file(const char *path, mode_t mode) {
    int descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor < 0) return errno;
    close(descriptor);
    return 0;
}

static int make_directory(const char *path, mode_t mode) {
    int error = outcome(mkdir(path, mode));
    return error == EEXIST ? 0 : error;
}

static int change_setting(const char *path, const char *value) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return errno == ENOENT ? 0 : errno;
    int error = write_all(descriptor, value);
    close(descriptor);
    return error;
}

static int make_device(const struct clinux_step *step) {
    if (step->integers_count != 2) return EINVAL;
    dev_t device = makedev((unsigned)(step->flags >> 32), (unsigned)step->flags);
    if (mknod(step->target, S_IFCHR | (mode_t)step->number, device) < 0) return errno;
    return outcome(chown(step->target, (uid_t)step->integers[0], (gid_t)step->integers[1]));
}

static int set_mount_attributes(const char *target, uint64_t attributes, int recursive) {
    struct mount_attr change = {.attr_set = attributes};
    return outcome(
        syscall(SYS_mount_setattr, AT_FDCWD, target, recursive ? AT_RECURSIVE : 0, &change, sizeof change));
}

/* pivot_root(2), section NOTES: "." onto "." stacks the old root on the new, and detaching "." leaves the new alone. */
static int pivot_root_to(const char *target) {
    if (chdir(target) < 0) return errno;
    if (syscall(SYS_pivot_root, ".", ".") < 0) return errno;
    if (umount2(".", MNT_DETACH) < 0) return errno;
    return outcome(chdir("/"));
}

/* Threads do not exist yet, so nothing is to be synchronised. The mitigations that a filter brings by default cost more than
 * they protect here: the filter is no sandbox for code that could be made to speculate against this process. */
static int set_filter(const char *filter, size_t count) {
    struct sock_fprog program = {.len = (unsigned short)count, .filter = (struct sock_filter *)filter};
    if (count == 0 || count > BPF_MAXINSNS) return EINVAL;
    return outcome(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program));
}

static int attach_mount(int mount, const char *target) {
    return outcome(move_mount(mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
}

/* The signal comes when the spawning *thread* ends; one that ended before this call is found through the pidfd. */
static int follow_parent(int parent, int signal) {
    if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) < 0) return errno;
    struct pollfd state = {.fd = parent, .events = POLLIN};
    return poll(&state, 1, 0) == 0 ? 0 : ESRCH;
}

/* Copies all sources above every target first, so that no copy overwrites a source still needed. What is not a target is
 * closed by execve, so that steps after this one still have what they use; the pidfd and the program move out of the targets'
 * way. */
static int map_descriptors(const int32_t *pairs, size_t count, struct child *child) {
    int copies[mapped_limit];
    int above = 3;
    if (count > mapped_limit) return EINVAL;
    for (size_t i = 0; i < count; i++)
        if (pairs[2 * i + 1] >= above) above = pairs[2 * i + 1] + 1;
    for (size_t i = 0; i < count; i++) {
        copies[i] = fcntl(pairs[2 * i], F_DUPFD_CLOEXEC, above);
        if (copies[i] < 0) return errno;
    }
    child->parent = fcntl(child->parent, F_DUPFD_CLOEXEC, above);
    if (child->parent < 0) return errno;
    if (child->program >= 0) {
        child->program = fcntl(child->program, F_DUPFD_CLOEXEC, above);
        if (child->program < 0) return errno;
    }
    if (syscall(SYS_close_range, 0, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return errno;
    for (size_t i = 0; i < count; i++)
        if (dup2(copies[i], pairs[2 * i + 1]) < 0) return errno;
    return 0;
}

static int run_step(const struct clinux_step *step, struct child *child) {
    switch ((enum clinux_step_kind)step->kind) {
    case CLINUX_STEP_WRITE: return write_all(step->number, step->source);
    case CLINUX_STEP_SETTING: return change_setting(step->target, step->source);
    case CLINUX_STEP_SETNS: return outcome(setns(step->number, (int)step->flags));
    case CLINUX_STEP_MOUNT:
        return outcome(mount(step->source, step->target, step->type, step->flags, step->data));
    case CLINUX_STEP_MOUNT_ATTRIBUTES: return set_mount_attributes(step->target, step->flags, step->number);
    case CLINUX_STEP_UNMOUNT: return outcome(umount2(step->target, (int)step->flags));
    case CLINUX_STEP_PIVOT_ROOT: return pivot_root_to(step->target);
    case CLINUX_STEP_MAKE_DIRECTORY: return make_directory(step->target, (mode_t)step->number);
    case CLINUX_STEP_MAKE_FILE: return make_file(step->target, (mode_t)step->number);
    case CLINUX_STEP_MAKE_DEVICE: return make_device(step);
    case CLINUX_STEP_SYMLINK: return outcome(symlink(step->source, step->target));
    case CLINUX_STEP_CHANGE_DIRECTORY: return outcome(chdir(step->target));
    case CLINUX_STEP_HOST_NAME: return outcome(sethostname(step->source, strlen(step->source)));
    case CLINUX_STEP_NEW_SESSION: return outcome(setsid());
    case CLINUX_STEP_FILE_MODE_MASK: umask((mode_t)step->number); return 0;
    case CLINUX_STEP_RESOURCE_LIMIT: {
        struct rlimit limit = {step->flags, step->flags};
        return outcome(setrlimit((__rlimit_resource_t)step->number, &limit));
    }
    case CLINUX_STEP_DROP_BOUNDING_SET: return drop_bounding_set();
    case CLINUX_STEP_IDENTITY:
        return take_identity((uid_t)step->flags, (gid_t)step->number, step->integers, step->integers_count);
    case CLINUX_STEP_CLEAR_CAPABILITIES: return clear_capabilities();
    case CLINUX_STEP_KEEP_CAPABILITY: return keep_capability(step->number);
    case CLINUX_STEP_NO_NEW_PRIVILEGES: return outcome(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    case CLINUX_STEP_PARENT_DEATH_SIGNAL: return follow_parent(child->parent, step->number);
    case CLINUX_STEP_ATTACH_MOUNT: return attach_mount(step->number, step->target);
    case CLINUX_STEP_FILTER: return set_filter(step->data, step->integers_count);
    case CLINUX_STEP_DESCRIPTORS: return map_descriptors(step->integers, step->integers_count / 2, child);
    }
    return EINVAL;
}

static void give_up(struct child *child, int64_t step, int error) {
    child->result->failed_step = step;
    child->result->error = error;
    syscall(SYS_exit_group, 127);
    __builtin_unreachable();
}

/* Dispositions survive execve as "ignored": a server that ignores SIGPIPE must not pass that on. */
static void reset_signals(void) {
    struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } plain;
    memset(&plain, 0, sizeof plain);
    for (int signal = 1; signal <= signals_count; signal++)
        syscall(SYS_rt_sigaction, signal, &plain, NULL, sizeof plain.mask); /* KILL and STOP refuse: no harm */
}

static int is_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

/* Becomes the program, or says which one could not be executed. */
static void execute(struct child *child) {
    const struct clinux_spawn_plan *plan = child->plan;
    int64_t step = (int64_t)plan->steps_count;
    const char *executable = plan->executable;
    if (child->program >= 0) {
        syscall(SYS_execveat, child->program, "", plan->arguments, plan->environment, AT_EMPTY_PATH);
        give_up(child, step, errno);
    }
    if (plan->alternatives && !is_file(executable)) {
        char *const *next = plan->alternatives;
        const char **name = (const char **)plan->arguments;
        for (step++; *next && !is_file(*next); next++) step++;
        if (!*next) give_up(child, step, ENOENT);
        if (*name && strcmp(*name, executable) == 0) *name = *next;
        executable = *next;
    }
    execve(executable, plan->arguments, plan->environment);
    give_up(child, step, errno);
}

static void child_main(struct child *child) {
    const struct clinux_spawn_plan *plan = child->plan;
    if (child->kept && syscall(SYS_close_range, child->kept, ~0U, CLOSE_RANGE_UNSHARE) < 0) give_up(child, -1, errno);
    reset_signals();
    for (size_t i = 0; i < plan->steps_count; i++) {
        int error = run_step(&child->steps[i], child);
        if (error) give_up(child, (int64_t)i, error);
    }
    unsigned long none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
    execute(child);
}

static int failed_before_clone(struct clinux_spawn_result *result, int error) {
    result->failed_step = -1;
    result->error = error;
    return -1;
}

/* The stack grows down onto a page that faults, so that an overflow cannot reach the parent's memory. */
static char *make_stack(void) {
    char *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return NULL;
    if (mprotect(stack, 4096, PROT_NONE) == 0) return stack;
    munmap(stack, stack_size);
    return NULL;
}

/* Copies the plan's steps. Their descriptors get low numbers, so that the child need neither copy nor close the thousands that a
 * server has open; where that cannot be, it does both. */
static void take_steps(struct child *child, struct low_descriptors *low) {
    const struct clinux_spawn_plan *plan = child->plan;
    memcpy(child->steps, plan->steps, plan->steps_count * sizeof *plan->steps);
    int parent = child->parent, program = child->program;
    int error = low_descriptors_begin(low);
    if (!error) error = low_descriptors_give(low, &child->parent);
    if (!error) error = low_descriptors_give(low, &child->program);
    for (size_t i = 0; !error && i < plan->steps_count; i++) {
        struct clinux_step *step = &child->steps[i];
        if (step->kind == CLINUX_STEP_WRITE || step->kind == CLINUX_STEP_SETNS || step->kind == CLINUX_STEP_ATTACH_MOUNT)
            error = low_descriptors_give(low, &step->number);
        if (step->kind != CLINUX_STEP_DESCRIPTORS) continue;
        if (step->integers_count > 2 * mapped_limit) break; /* the step itself fails */
        memcpy(child->pairs, step->integers, step->integers_count * sizeof *step->integers);
        step->integers = child->pairs;
        for (size_t pair = 0; !error && pair < step->integers_count; pair += 2)
            error = low_descriptors_give(low, &child->pairs[pair]);
    }
    child->kept = low->end;
    if (!error) return;
    memcpy(child->steps, plan->steps, plan->steps_count * sizeof *plan->steps);
    child->parent = parent, child->program = program, child->kept = 0;
}

static struct clone_args clone_arguments(const struct clinux_spawn_plan *plan, int shares, char *stack, int *pidfd) {
    struct clone_args arguments = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | (shares ? CLONE_FILES : 0) | plan->namespaces,
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)(uintptr_t)stack,
        .stack_size = stack_size,
    };
    if (plan->cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)plan->cgroup;
    }
    return arguments;
}

int clinux_spawn(const struct clinux_spawn_plan *plan, struct clinux_spawn_result *result) {
    memset(result, 0, sizeof *result);
    result->pidfd = -1;
    if (plan->steps_count > steps_limit) return failed_before_clone(result, E2BIG);
    char *stack = make_stack();
    if (!stack) return failed_before_clone(result, ENOMEM);
    int parent = clinux_pidfd_open(getpid());
    if (parent < 0) {
        munmap(stack, stack_size);
        return failed_before_clone(result, -parent);
    }

    int pidfd = -1;
    struct clinux_step steps[steps_limit];
    struct child context = {.plan = plan, .result = result, .parent = parent, .program = plan->program, .steps = steps};
    struct low_descriptors low;
    take_steps(&context, &low);
    struct clone_args arguments = clone_arguments(plan, context.kept > 0, stack, &pidfd);
    struct home home;
    uint64_t all = ~0ULL, before = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    long pid = -home_leave(&home, plan);
    if (pid == 0) pid = clone3_onto_stack(&arguments, child_main, &context);
    home_return(&home);
    low_descriptors_end(&low);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
    munmap(stack, stack_size);
    close(parent);

    if (pid < 0) return failed_before_clone(result, (int)-pid);
    if (result->error) {
        struct clinux_exit reaped;
        clinux_wait_pidfd(pidfd, WEXITED, &reaped);
        close(pidfd);
        return -1;
    }
    result->pid = (pid_t)pid;
    result->pidfd = pidfd;
    return 0;
}
