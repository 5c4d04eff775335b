#include "children.h"

#include "image.h"
#include "report.h"
#include "syscalls.h"

enum { SIGNAL_OF = 0x7F, CODE_SHIFT = 8 };

/* In the child, whose memory is a copy: no signal's dump reaches the clone's. */
static _Noreturn void end_as(uint32_t status) {
    int signal = (int)(status & SIGNAL_OF);
    if (signal) {
        static const struct signal_action usual;
        static const uint64_t none;
        sys_prctl(PR_SET_DUMPABLE, 0, 0, 0);
        sys_signal_action(signal, &usual);
        sys_kill((int)sys_getpid(), signal);
        sys_signal_mask(&none);
    }
    sys_exit_group((int)(status >> CODE_SHIFT));
}

static void make_child(const struct thaw_child *child) {
    int32_t pid = (int32_t)child->pid;
    struct clone_args arguments = {
        .exit_signal = SIGCHLD,
        .set_tid = (uint64_t)&pid,
        .set_tid_size = 1,
    };
    if (must(sys_clone3(&arguments), THAW_STEP_CHILD, child->pid) == 0) end_as(child->status);
    must(sys_wait_for_end(pid), THAW_STEP_CHILD, child->pid);
}

void make_children(void) {
    if (image->children.count == 0) return;
    for (uint64_t i = 0; i < image->children.count; i++) make_child(image_children(i));
    /* Their ends were told long ago. */
    static const uint64_t ended = 1UL << (SIGCHLD - 1);
    sys_signal_take(&ended);
}
