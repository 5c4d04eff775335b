// The interpreter that turns a list of steps into a child process: see clinux_spawn.
#ifndef CLINUX_SPAWN_H
#define CLINUX_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a step does. The members of clinux_step it uses follow; the rest are zero. */
enum clinux_step_kind {
    CLINUX_STEP_WRITE, /* number: descriptor; source: text. Writes it whole: cgroup.procs, setgroups … */
    CLINUX_STEP_SETTING, /* target: a file of /proc/sys; source: its new content. One that this kernel lacks is fine. */
    CLINUX_STEP_SETNS, /* number: descriptor; flags: CLONE_NEW… */
    CLINUX_STEP_MOUNT, /* source, target, type, data: as mount(2); flags: MS_… */
    CLINUX_STEP_MOUNT_ATTRIBUTES, /* target; flags: MOUNT_ATTR_… to set; number: not 0 for the whole tree */
    CLINUX_STEP_UNMOUNT, /* target; flags: MNT_… */
    CLINUX_STEP_PIVOT_ROOT, /* target: becomes the root; the old one is detached; ends in "/" */
    CLINUX_STEP_MAKE_DIRECTORY, /* target; number: mode. One that exists is fine. */
    CLINUX_STEP_MAKE_FILE, /* target; number: mode. Empty, a place to bind on. One that exists is fine. */
    CLINUX_STEP_MAKE_DEVICE, /* target; number: mode; flags: major << 32 | minor; integers: uid, gid. A character device. */
    CLINUX_STEP_SYMLINK, /* source: what it says; target: where */
    CLINUX_STEP_CHANGE_DIRECTORY, /* target */
    CLINUX_STEP_HOST_NAME, /* source */
    CLINUX_STEP_NEW_SESSION,
    CLINUX_STEP_FILE_MODE_MASK, /* number */
    CLINUX_STEP_RESOURCE_LIMIT, /* number: RLIMIT_…; flags: soft and hard limit */
    CLINUX_STEP_DROP_BOUNDING_SET, /* the capability bounding and ambient sets */
    CLINUX_STEP_IDENTITY, /* number: gid; flags: uid; integers: supplementary groups */
    CLINUX_STEP_CLEAR_CAPABILITIES, /* effective, permitted and inheritable */
    CLINUX_STEP_KEEP_CAPABILITY, /* number: CAP_…. The only one left, in every set, through execve too; it needs CAP_SETPCAP. */
    CLINUX_STEP_NO_NEW_PRIVILEGES,
    CLINUX_STEP_PARENT_DEATH_SIGNAL, /* number: signal. Set again when the identity changes, so put it after that. */
    CLINUX_STEP_ATTACH_MOUNT, /* number: a detached mount; target */
    CLINUX_STEP_FILTER, /* data: struct sock_filter, integers_count of them: seccomp(2). Needs no_new_privs or CAP_SYS_ADMIN. */
    CLINUX_STEP_DESCRIPTORS, /* integers: source, target, source, target …; execve closes everything else. Steps with a
                                descriptor in `number` come before it: a target may have taken that number. */
};

struct clinux_step {
    uint32_t kind;
    int32_t number;
    uint64_t flags;
    const char *source;
    const char *target;
    const char *type;
    const char *data;
    const int32_t *integers;
    size_t integers_count;
};

struct clinux_spawn_plan {
    uint64_t namespaces; /* CLONE_NEW… */
    int32_t cgroup; /* directory of a version 2 cgroup to be born in, or -1 */
    int32_t network; /* network namespace to be born in, or -1. Before new user namespaces, which own it no more. */
    int32_t processes; /* pid namespace, or pidfd of a process in it, to be born in, or -1 */
    int64_t owner; /* the user whose the new user namespace is, and who the child is, or -1. Needs CAP_SETUID, and a saved user 0. */
    const struct clinux_step *steps;
    size_t steps_count;
    const char *executable;
    /* Ends with NULL; or NULL: the first of them at which there is a file is executed where there is none at `executable`. It
     * is the first of the arguments, too, where `executable` was. */
    char *const *alternatives;
    int32_t program; /* an open file that is executed instead, `executable` being its name only; -1: none */
    char *const *arguments;
    char *const *environment;
};

struct clinux_spawn_result {
    pid_t pid;
    int32_t pidfd;
    int32_t error; /* errno of what failed, 0 when the new program runs */
    /* Index into steps; steps_count: execve of the executable; 1 more: of the first alternative, and so on; 1 more than
     * of the last: none is there; -1: the clone itself. */
    int64_t failed_step;
};

/* Makes a child that runs the steps in their order and then becomes the executable.
 *
 * Why C: between clone and execve the child shares the parent's memory (CLONE_VM | CLONE_VFORK: nothing is copied, however
 * large the parent), so it must not allocate, take locks or run any Swift. It runs raw system calls on a stack of its own,
 * all signals blocked, and starts the program with default dispositions and an empty mask. The parent's thread waits in the
 * kernel until execve or failure. Nor are the parent's descriptors copied: the child shares their table until it takes the few
 * of them that it is to have. One child is made at a time. To be born in a namespace, that thread enters it for so long, and to
 * make one of an owner's it is that owner; it forgets its own parent death signal then.
 *
 * Returns 0 with pid and pidfd (close-on-exec) set, or -1 with error and failed_step set and no process left. */
int clinux_spawn(const struct clinux_spawn_plan *plan, struct clinux_spawn_result *result);

#endif
