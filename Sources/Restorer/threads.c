#include "threads.h"

#include "confine.h"
#include "image.h"
#include "report.h"
#include "syscalls.h"

/* Futex words, alone on their cache line: together they make one page that a clone writes. */
static struct {
    uint32_t waiting; /* threads that are set up */
    uint32_t open; /* whether they may go */
} barrier __attribute__((aligned(64)));

static const uint64_t THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

/* Returns from the signal that never was: registers, signal mask and alternate stack come from the frame. */
static _Noreturn void return_into_image(const struct thaw_thread *thread) {
    __asm__ volatile("mov %[frame], %%rsp\n\t"
                     "mov %[number], %%eax\n\t"
                     "syscall\n\t"
                     "ud2"
                     :
                     : [frame] "r"((const char *)image + thread->frame), [number] "i"(__NR_rt_sigreturn)
                     : "memory");
    __builtin_unreachable();
}

/* What only a thread can do for itself. Thread-local storage and the word cleared at its end are the clone3's. */
static void set_up(const struct thaw_thread *thread) {
    if (thread->gs_base) must(sys_arch_prctl(ARCH_SET_GS, thread->gs_base), THAW_STEP_THREAD, thread->tid);
    if (thread->rseq)
        must(sys_rseq(thread->rseq, thread->rseq_size, thread->rseq_signature), THAW_STEP_THREAD, thread->tid);
    if (thread->robust_list)
        must(sys_set_robust_list(thread->robust_list, thread->robust_list_size), THAW_STEP_THREAD, thread->tid);
    if (thread->memory_failures != PR_MCE_KILL_DEFAULT)
        must(sys_prctl(PR_MCE_KILL, PR_MCE_KILL_SET, thread->memory_failures, 0), THAW_STEP_THREAD, thread->tid);
    if (thread->processors_size)
        must(
            sys_sched_setaffinity(thread->processors_size, image_bytes(thread->processors)), THAW_STEP_PROCESSORS,
            thread->tid);
    sys_prctl(PR_SET_NAME, (long)thread->name, 0, 0);
}

__attribute__((used)) static _Noreturn void run_thread(const struct thaw_thread *thread) {
    drop_capabilities();
    set_up(thread);
    if (__atomic_add_fetch(&barrier.waiting, 1, __ATOMIC_ACQ_REL) == image->threads.count - 1)
        sys_futex(&barrier.waiting, FUTEX_WAKE_PRIVATE, 1);
    while (!__atomic_load_n(&barrier.open, __ATOMIC_ACQUIRE)) sys_futex(&barrier.open, FUTEX_WAIT_PRIVATE, 0);
    return_into_image(thread);
}

/* clone3 whose child goes on in run_thread, on its own stack. */
static long clone_thread(const struct clone_args *arguments, const struct thaw_thread *thread) {
    long result;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %[thread], %%rdi\n\t"
                     "call run_thread\n\t"
                     "ud2\n"
                     "1:"
                     : "=a"(result)
                     : "0"((long)__NR_clone3), "D"(arguments), "S"(sizeof *arguments), [thread] "r"(thread)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

static void make_thread(uint64_t index) {
    const struct thaw_thread *thread = image_threads(index);
    int32_t tid = (int32_t)thread->tid;
    struct clone_args arguments = {
        .flags = THREAD_FLAGS | CLONE_SETTLS | (thread->clear_child_tid ? CLONE_CHILD_CLEARTID : 0),
        .child_tid = thread->clear_child_tid,
        .stack = (uint64_t)image - THAW_WINDOW_STATE + THAW_WINDOW_STACKS + index * THAW_RESTORE_STACK,
        .stack_size = THAW_RESTORE_STACK,
        .tls = thread->fs_base,
        .set_tid = (uint64_t)&tid,
        .set_tid_size = 1,
    };
    must(clone_thread(&arguments, thread), THAW_STEP_THREAD, thread->tid);
}

void make_threads(void) {
    for (uint64_t i = 1; i < image->threads.count; i++) make_thread(i);
}

void gather_threads(void) {
    const struct thaw_thread *leader = image_threads(0);
    drop_capabilities();
    must(sys_arch_prctl(ARCH_SET_FS, leader->fs_base), THAW_STEP_THREAD, leader->tid);
    sys_set_tid_address(leader->clear_child_tid);
    set_up(leader);
    uint32_t others = (uint32_t)image->threads.count - 1, waiting;
    while ((waiting = __atomic_load_n(&barrier.waiting, __ATOMIC_ACQUIRE)) < others)
        sys_futex(&barrier.waiting, FUTEX_WAIT_PRIVATE, waiting);
}

_Noreturn void run_threads(void) {
    __atomic_store_n(&barrier.open, 1, __ATOMIC_RELEASE);
    if (image->threads.count > 1) sys_futex(&barrier.open, FUTEX_WAKE_PRIVATE, INT32_MAX);
    return_into_image(image_threads(0));
}
