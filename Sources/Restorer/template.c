#include "template.h"

#include "clone.h"
#include "confine.h"
#include "descriptors.h"
#include "files.h"
#include "image.h"
#include "limits.h"
#include "memory.h"
#include "prefault.h"
#include "processes.h"
#include "relocate.h"
#include "report.h"
#include "syscalls.h"
#include "text.h"

/* What the engine starts a template with. */
enum { ENGINE = 3, STATE, MEMORY, BASE };

static uint64_t window;
static int huge_pages;

struct prefault {
    uint32_t kind, count;
    struct range ranges[THAW_MAXIMUM_PREFAULT_RANGES];
};

/* A packet of the engine's. */
static union {
    uint32_t kind;
    struct thaw_clone_request clone;
    struct prefault prefault;
} packet;

/* Forks a clone into the pid namespace of the sandbox's init: its parent is the engine. Returns in the template only. */
static struct thaw_clone_reply fork_clone(const struct received *received, int *pidfd) {
    struct thaw_clone_reply reply = {.kind = THAW_CLONED, .step = THAW_STEP_ARGUMENTS, .pid = -EINVAL};
    const struct thaw_clone_request *request = &packet.clone;
    if (received->length != sizeof *request || request->cgroup_files > THAW_MAXIMUM_CGROUP_FILES) return reply;
    if (received->count != descriptors_of(request)) return reply;

    reply.step = THAW_STEP_ENTER_PID;
    reply.pid = (int32_t)sys_setns(received->descriptors[1], CLONE_NEWPID);
    if (reply.pid < 0) return reply;

    reply.step = THAW_STEP_FORK;
    int32_t tid = (int32_t)image_threads(0)->tid;
    struct clone_args arguments = {
        .flags = CLONE_PARENT | CLONE_PIDFD,
        .pidfd = (uint64_t)pidfd,
        .set_tid = (uint64_t)&tid,
        .set_tid_size = 1,
    };
    int cgroup = birth_cgroup_of(request, received->descriptors);
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup;
    }
    reply.pid = (int32_t)sys_clone3(&arguments);
    if (reply.pid == 0) become_clone(request, received->descriptors);
    return reply;
}

static void answer_clone(int engine, int self, const struct received *received) {
    int pidfd = -1;
    struct thaw_clone_reply reply = fork_clone(received, &pidfd);
    if (reply.pid > 0) reply.step = 0;
    if (send(engine, &reply, sizeof reply, reply.pid > 0 ? pidfd : -1) < 0) sys_exit_group(0);
    /* What came with the request, and the pidfd; and no hold on the sandbox is kept. */
    sys_close_range(0, (unsigned)engine - 1);
    sys_setns(self, CLONE_NEWPID);
}

static void answer(int engine, int self) {
    struct received received;
    must(receive(engine, &packet, sizeof packet, &received), THAW_STEP_ARGUMENTS, 0);
    if (received.length == 0) sys_exit_group(0);
    switch (packet.kind) {
    case THAW_CLONE: return answer_clone(engine, self, &received);
    case THAW_PREFAULT:
        if (received.length == offsetof(struct prefault, ranges) + packet.prefault.count * sizeof(struct range))
            return set_prefault(packet.prefault.ranges, packet.prefault.count);
    }
    fail(THAW_STEP_ARGUMENTS, -EINVAL, packet.kind);
}

static const struct thaw_image *image_of(uint64_t process) {
    return (const struct thaw_image *)((const char *)image + image_processes(process)->image);
}

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

static uint64_t most_threads(void) {
    uint64_t most = image->threads.count;
    for (int i = 0; i < gates(); i++) most = larger(most, image_of((uint64_t)i)->threads.count);
    return most;
}

/* For the descriptors of a process, as many again that are spare, and those that another moves past all these. */
static int room(void) {
    uint64_t moved = 0;
    for (int i = 0; i < gates(); i++) moved = larger(moved, image_of((uint64_t)i)->descriptors.count);
    return 2 * first_spare() + 64 + (int)(image->objects.count + moved) + gates();
}

/* The memory of other processes is filled in each clone; from where, and past what that stands. */
static int keep_content(void) {
    sys_close_range((unsigned)spare(SPARE_UPWARD) + 1, (unsigned)spare(SPARE_MEMORY) - 1);
    must(sys_dup3(MEMORY, spare(SPARE_MEMORY), O_CLOEXEC), THAW_STEP_ARGUMENTS, MEMORY);
    if (image->base_size) must(sys_dup3(BASE, spare(SPARE_BASE), O_CLOEXEC), THAW_STEP_ARGUMENTS, BASE);
    return spare(image->base_size ? SPARE_BASE : SPARE_MEMORY) + 1;
}

/* From here on the address space is empty but for this program in the window. */
static void serve(void) {
    load_image(window, STATE);
    number_spares();
    number_gates();
    int engine = first_spare(), self = engine + 1;
    make_room_for_descriptors(room());
    must(sys_dup3(ENGINE, engine, O_CLOEXEC), THAW_STEP_ARGUMENTS, ENGINE);
    report_to(engine);
    learn_owner();
    /* Clones have their own; what they inherit mapped is of this one. 0: without a limit. */
    if (image->own & THAW_OWN_MAPPED_SCRATCH) {
        mount_scratch(0);
        make_nodes();
    }
    build_memory(MEMORY, BASE, huge_pages);
    uint64_t stacks = most_threads() * THAW_RESTORE_STACK;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    must(sys_mmap(window + THAW_WINDOW_STACKS, stacks, PROT_READ | PROT_WRITE, flags, -1, 0), THAW_STEP_MAP, window);
    set_inherited_limits();
    int here = (int)must(sys_pidfd_open((int)sys_getpid()), THAW_STEP_ENTER_PID, 0);
    must(sys_dup3(here, self, O_CLOEXEC), THAW_STEP_ENTER_PID, 0);
    int past = self + 1;
    if (gates()) past = keep_content();
    sys_close_range(0, (unsigned)engine - 1);
    sys_close_range((unsigned)past, ~0U);
    static const uint32_t ready = THAW_TEMPLATE_READY;
    if (send(engine, &ready, sizeof ready, -1) < 0) sys_exit_group(0);
    for (;;) answer(engine, self);
}

_Noreturn void run_template(int huge_pages_for_all) {
    static const uint64_t all = ~0UL;
    report_to(ENGINE);
    sys_signal_mask(&all);
    sys_umask(0);
    sys_prctl(PR_SET_NAME, (long)"thaw-template", 0, 0);
    struct thaw_image header;
    long length = must(sys_pread(STATE, &header, sizeof header, 0), THAW_STEP_STATE, 0);
    if (length != sizeof header || header.magic != THAW_IMAGE_MAGIC) fail(THAW_STEP_STATE, -EINVAL, 0);
    window = header.window;
    huge_pages = huge_pages_for_all;
    move_to_window(window, serve);
}
