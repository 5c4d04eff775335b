// What ProcessEngine and the restorer say to each other, on SOCK_SEQPACKET socket pairs: one structure a packet, descriptors
// beside it (SCM_RIGHTS) in the order given here.
#ifndef THAW_TEMPLATE_PROTOCOL_H
#define THAW_TEMPLATE_PROTOCOL_H

#include <stdint.h>

/* How the restorer is started:
 *   restorer init                   process 1 of a sandbox's pid namespace; no descriptors. Buries orphans, until killed.
 *   restorer template               descriptors: 3 the socket to the engine, 4 the sealed image state, 5 `memory`, 6 `base` (only if
 *                                   the image has one). Builds the address space, says THAW_TEMPLATE_READY, serves THAW_CLONE.
 *                                   Its mounts are private ones, with directories /proc, /tmp and, if code comes along, /var/task.
 *                                   Ends when the engine closes the socket. With the word `huge-pages-for-all` behind it, as the
 *                                   host's setting says, clones get none but those that their program asks for.
 * READY and PARKED are packets of just the uint32_t kind.
 */

enum thaw_message_kind {
    /* template -> engine, once */
    THAW_TEMPLATE_READY = 1,
    /* template -> engine, in place of READY or at any time before it exits: thaw_failure */
    THAW_FAILED = 2,
    /* engine -> template: thaw_clone_request + descriptors */
    THAW_CLONE = 3,
    /* template -> engine: thaw_clone_reply + the clone's pidfd if `pid` > 0. In the order of the requests. */
    THAW_CLONED = 4,
    /* engine -> template: uint32_t kind, uint32_t count, then count x {uint64_t start, end}, ascending, each within one mapping.
     * Pages of a mapping that can be written: later clones with THAW_CLONE_PREFAULT make them their own before they say
     * THAW_PARKED. Of another: every later clone inherits them mapped. Replaces what was said before. */
    THAW_PREFAULT = 5,
    /* clone -> engine, on its control socket: everything is in place, seccomp included; no instruction of the function has run */
    THAW_PARKED = 6,
    /* engine -> clone, on its control socket: run. May be sent before the request for the clone. */
    THAW_WAKE = 7,
};

/* Descriptors that come with THAW_CLONE, in this order; absent ones are left out and their flag is not set. */
enum thaw_clone_flags {
    THAW_CLONE_FRESH_SCRATCH = 1, /* mount a tmpfs of `scratch_bytes` at /tmp; over what the template has at /tmp, if that is
                                     not empty (THAW_CLONE_OVERLAY_SCRATCH), as an overlay */
    THAW_CLONE_OVERLAY_SCRATCH = 2,
    THAW_CLONE_CODE = 4, /* a detached mount for /var/task comes along */
    THAW_CLONE_PREFAULT = 8, /* nobody waits for this clone yet: it has the time to copy what it will write to */
    THAW_CLONE_INTO_CGROUP = 16, /* the directory of a cgroup of version 2 comes along, in which the clone is born */
};

/* proc_pid_oom_score_adj(5) of a sandbox whose program has not chosen a higher one. */
static const uint32_t THAW_OOM_SCORE = 200;

enum { THAW_MAXIMUM_CGROUP_FILES = 4, THAW_MAXIMUM_PREFAULT_RANGES = 4096 };

/* The user namespace of the sandbox's init maps `user` and `group` and not 0: what is not root there loses no capability by
 * becoming `user`, which the restorer relies on to make threads; each thread drops them itself.
 *
 * Order of descriptors: control socket, pidfd of the sandbox's init, standard output, standard error, Runtime API connection,
 * [code mount], [cgroup directory], then `cgroup_files` files `tasks` of cgroups of version 1, open for writing. */
struct thaw_clone_request {
    uint32_t kind; /* THAW_CLONE */
    uint32_t flags;
    uint32_t user, group; /* inside the sandbox's user namespace */
    uint32_t cgroup_files;
    uint32_t reserved;
    uint64_t scratch_bytes;
};

struct thaw_clone_reply {
    uint32_t kind; /* THAW_CLONED */
    int32_t pid; /* in the engine's pid namespace, or -errno */
    uint32_t step; /* enum thaw_step, when pid < 0 */
    uint32_t reserved;
};

struct thaw_failure {
    uint32_t kind; /* THAW_FAILED */
    int32_t error; /* errno */
    uint32_t step; /* enum thaw_step */
    uint32_t reserved;
    uint64_t detail; /* an address, a descriptor's number, or which of several */
};

struct thaw_wake {
    uint32_t kind; /* THAW_WAKE */
    uint32_t reserved;
    uint64_t generation; /* different for each clone of a snapshot */
    uint64_t wall_clock; /* nanoseconds since 1970 */
    uint8_t entropy[64];
};

/* Where something failed; the engine has a sentence for each. */
enum thaw_step {
    THAW_STEP_ARGUMENTS = 1,
    THAW_STEP_STATE,
    THAW_STEP_RELOCATE,
    THAW_STEP_UNMAP,
    THAW_STEP_FILE,
    THAW_STEP_MAP,
    THAW_STEP_FILL,
    THAW_STEP_VDSO,
    THAW_STEP_MM,
    THAW_STEP_ENTER_PID,
    THAW_STEP_FORK,
    THAW_STEP_CGROUP,
    THAW_STEP_ENTER,
    THAW_STEP_MOUNT,
    THAW_STEP_DESCRIPTOR,
    THAW_STEP_WATCH,
    THAW_STEP_IDENTITY,
    THAW_STEP_LIMIT,
    THAW_STEP_SIGNAL,
    THAW_STEP_TIMER,
    THAW_STEP_THREAD,
    THAW_STEP_SECCOMP,
    THAW_STEP_WAKE,
    THAW_STEP_OPTION, /* detail: descriptor << 32 | level << 16 | number of the option */
    THAW_STEP_PROCESSORS,
    THAW_STEP_CHILD,
    THAW_STEP_SCRATCH, /* detail: index of a node, beyond those of a name; of an object */
    THAW_STEP_OBJECT,
    THAW_STEP_LOCK,
    THAW_STEP_FILE_WATCH,
    THAW_STEP_PROCESS, /* detail: its pid */
};

#endif
