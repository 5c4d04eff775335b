// The file `state` of a process snapshot: everything about the frozen process but the content of its memory.
//
// Shared by the two sides that must agree to the byte: ProcessImages (Swift) writes and validates it, the restorer
// (Sources/Restorer, freestanding C) maps it at `window` and works from it. Little endian, x86-64, offsets in bytes from the
// start of the file, addresses those of the frozen process. docs/process-image.md describes it in words.
//
// The restorer trusts this file: it only ever gets a sealed copy that ProcessImages has validated as a whole.
#ifndef THAW_PROCESS_IMAGE_H
#define THAW_PROCESS_IMAGE_H

#include <stdint.h>

/* "THAWPIMG" */
static const uint64_t THAW_IMAGE_MAGIC = 0x474D495057414854;
static const uint32_t THAW_IMAGE_VERSION = 5;

/* The frozen address space has a hole of THAW_WINDOW_SIZE at `header.window`, a multiple of THAW_WINDOW_ALIGNMENT:
 *   + 0                    the restorer's own code and data
 *   + THAW_WINDOW_STATE    a private, writable mapping of this file; signal frames point into it
 *   + THAW_WINDOW_STACKS   one stack of THAW_RESTORE_STACK bytes for each thread
 * The processes of a tree have the same window, and each its own image at THAW_WINDOW_STATE.
 * It stays mapped in a clone and is left out when a clone is frozen. */
static const uint64_t THAW_WINDOW_SIZE = 0x30000000;
static const uint64_t THAW_WINDOW_ALIGNMENT = 0x200000;
static const uint64_t THAW_WINDOW_STATE = 0x10000000;
static const uint64_t THAW_WINDOW_STACKS = 0x20000000;
static const uint64_t THAW_RESTORE_STACK = 2048;

struct thaw_table {
    uint64_t offset; /* 64-byte aligned */
    uint64_t count; /* entries */
};

struct thaw_limit {
    uint64_t soft, hard;
};

/* itimerval of getitimer(2), as it stood at the freeze: the remaining time, not a point in time. Nanoseconds. */
struct thaw_interval {
    uint64_t value, interval;
};

struct thaw_image {
    uint64_t magic;
    uint32_t version;
    uint32_t header_size; /* sizeof(struct thaw_image) */
    uint64_t size; /* of this file */
    uint64_t memory_size; /* of the file `memory` */
    uint64_t base_size; /* of the file `base`, 0 without one */
    uint64_t window;

    struct thaw_table threads; /* struct thaw_thread; the leader, whose tid is the pid, first */
    struct thaw_table mappings; /* struct thaw_mapping, ascending, without overlap */
    struct thaw_table runs; /* struct thaw_run, those of one mapping together and ascending */
    struct thaw_table descriptors; /* struct thaw_descriptor, ascending by number */
    struct thaw_table options; /* struct thaw_option, those of one descriptor together, in the order of the descriptors */
    struct thaw_table watches; /* struct thaw_watch */
    struct thaw_table file_watches; /* struct thaw_file_watch, ascending by descriptor and number */
    struct thaw_table actions; /* struct thaw_action: signals whose disposition is not the default */
    struct thaw_table timers; /* struct thaw_timer: those of timer_create(2), ascending by id */
    struct thaw_table children; /* struct thaw_child, ascending by pid */
    struct thaw_table nodes; /* struct thaw_node: what is in /tmp, in the order in which it is made */
    struct thaw_table names; /* struct thaw_name */
    struct thaw_table objects; /* struct thaw_object: files that have no name */
    struct thaw_table extents; /* struct thaw_extent, those of one node or object together and ascending */
    struct thaw_table locks; /* struct thaw_lock */
    struct thaw_table processes; /* struct thaw_process: the others of a tree, each after its parent and what that made before */
    struct thaw_table bytes; /* paths (NUL-terminated) and other blobs; `count` is bytes; nothing starts at 0, which is none */

    /* struct prctl_mm_map of prctl(2), PR_SET_MM_MAP, without auxv and exe. */
    uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start,
        env_end;
    uint64_t auxv[64];
    uint32_t auxv_size; /* bytes */
    uint32_t mode_mask; /* umask(2) */
    uint64_t vvar_start; /* the vdso and its data are put here (ARCH_MAP_VDSO_64) */
    uint64_t vdso_end;
    uint64_t executable; /* path: offset in `bytes` */
    uint64_t working_directory; /* path: offset in `bytes` */
    struct thaw_limit limits[16]; /* by RLIMIT_… */
    struct thaw_interval interval_timers[3]; /* ITIMER_REAL, _VIRTUAL, _PROF */
    int32_t nice;
    uint32_t dumpable;
    uint32_t barriers; /* MEMBARRIER_CMD_REGISTER_…, of membarrier(2) */
    uint32_t is_subreaper; /* PR_SET_CHILD_SUBREAPER */
    uint32_t own; /* enum thaw_own */
    uint32_t coredump_filter; /* with THAW_OWN_COREDUMP_FILTER */
    uint32_t oom_score; /* proc_pid_oom_score_adj(5), with THAW_OWN_OOM_SCORE */
    uint32_t write_or_execute; /* flags of PR_SET_MDWE; 0: none */
    uint64_t processors[16]; /* of sched_setaffinity(2), with THAW_OWN_PROCESSORS */
    uint64_t permitted_features; /* beyond those that every program may use: ARCH_REQ_XCOMP_PERM, a bit for each */
    int32_t shelf; /* with `processes`: descriptors from this number on are other processes' alone; theirs are numbered below */
    uint32_t reserved;
};

enum thaw_leads { THAW_LEADS_GROUP = 1, THAW_LEADS_SESSION = 2 };

/* Another process of the sandbox: a child of the image's own, or of an earlier one of the table. Its image is a part of this file, with
 * offsets that count from its start. It has no nodes, names, objects, locks, options, watches of files and processes: those are this
 * image's. Its descriptors are all of THAW_FD_INHERITED. */
struct thaw_process {
    uint64_t image, size; /* of a struct thaw_image with its parts; 64-byte aligned */
    uint32_t pid;
    uint32_t parent; /* 0: the image's own process; otherwise 1 + index in the table */
    uint32_t leads; /* enum thaw_leads */
    uint32_t group; /* joins the process group of this process; 0: its parent's or its own */
};

/* What this process has otherwise than a new one: costs a clone nothing where it does not. */
enum thaw_own {
    THAW_OWN_COREDUMP_FILTER = 1,
    THAW_OWN_OOM_SCORE = 2,
    THAW_OWN_MERGING = 4, /* PR_SET_MEMORY_MERGE */
    THAW_OWN_PROCESSORS = 8,
    THAW_OWN_CONNECTIONS = 16, /* there are descriptors of THAW_FD_CONNECTION */
    THAW_OWN_MAPPED_SCRATCH = 32, /* files among the nodes are mapped privately */
};

struct thaw_thread {
    uint32_t tid; /* in the sandbox's pid namespace */
    uint32_t name_length; /* of `name`, without the NUL */
    /* Where rt_sigreturn finds the thread: an offset in this file of a 64-byte aligned struct ucontext whose fpstate points to
     * window + THAW_WINDOW_STATE + the offset of the xsave area, also 64-byte aligned, with the software-reserved bytes set. */
    uint64_t frame;
    uint64_t fs_base, gs_base;
    uint64_t rseq; /* address, 0 when not registered */
    uint32_t rseq_size, rseq_signature;
    uint64_t robust_list, robust_list_size;
    uint64_t clear_child_tid;
    char name[16];
    uint32_t memory_failures; /* PR_MCE_KILL_GET */
    uint32_t processors_size; /* bytes of `processors`; 0: those of the process */
    uint64_t processors; /* sched_setaffinity(2): offset in `bytes` */
};

enum thaw_mapping_flags {
    THAW_MAPPING_GROWS_DOWN = 1,
    THAW_MAPPING_NO_RESERVE = 2,
    THAW_MAPPING_SHARED = 4, /* of a read-only file mapping: MAP_SHARED */
    THAW_MAPPING_DONT_FORK = 8,
    THAW_MAPPING_WIPE_ON_FORK = 16, /* comes back zeroed */
    THAW_MAPPING_HUGE = 32, /* MADV_HUGEPAGE */
    THAW_MAPPING_NO_HUGE = 64,
    THAW_MAPPING_DONT_DUMP = 128,
    THAW_MAPPING_STACK = 256, /* MAP_STACK has no effect; kept for /proc/PID/maps only */
    THAW_MAPPING_RANDOM = 512, /* MADV_RANDOM */
    THAW_MAPPING_SEQUENTIAL = 1024, /* MADV_SEQUENTIAL */
    THAW_MAPPING_MERGEABLE = 2048, /* MADV_MERGEABLE */
    THAW_MAPPING_OWN = 4096, /* with THAW_MAPPING_SHARED: mapped by each clone for itself, of `object` or of its own file at `path` */
    THAW_MAPPING_MAY_WRITE = 8192, /* of those: the file was open for writing */
};

struct thaw_mapping {
    uint64_t start, end; /* page-aligned */
    uint64_t file_offset; /* of `path` or `object`, bytes */
    uint64_t path; /* offset in `bytes`; 0: anonymous, or of an object */
    uint64_t object; /* of THAW_MAPPING_OWN: 1 + index in the table; 0: of `path` */
    uint32_t protection; /* PROT_… */
    uint32_t flags;
    uint64_t first_run, runs; /* what is not zero, or not as in the file */
};

enum thaw_run_source { THAW_RUN_MEMORY = 0, THAW_RUN_BASE = 1 };

/* Memory [start, end) has the content of a file at `offset`. Page-aligned, all three. */
struct thaw_run {
    uint64_t start, end, offset;
    uint64_t source; /* enum thaw_run_source */
};

enum thaw_descriptor_kind {
    THAW_FD_SAME = 1, /* dup(2) of the descriptor whose index in the table is `a` (a smaller one) */
    THAW_FD_PATH, /* path; opened anew with `flags`; `position` */
    THAW_FD_OBJECT, /* file without a name: object `a`; `position` */
    THAW_FD_PIPE, /* both ends or one; `id` is common to the ends; `a` bytes of content at blob `path`, in the entry of the
                     first end that appears; access mode in `flags`; `b`: capacity */
    THAW_FD_EVENT, /* eventfd: `position` is the count; `a`: 1 for EFD_SEMAPHORE */
    THAW_FD_EPOLL,
    THAW_FD_TIMER, /* timerfd: `a` clock id, `b` flags as given to timerfd_settime; `position` ticks; `value`, `interval` ns;
                     `value` is what is left, whatever `b` says */
    THAW_FD_SIGNAL, /* signalfd: `position` is the mask */
    THAW_FD_LISTENER, /* stream socket: domain `a`, backlog `b`; address: blob `path`, `position` bytes */
    THAW_FD_DATAGRAM, /* UDP socket: domain `a`; bound address: blob `path`, `position` bytes (0: not bound); the peer's address:
                         blob `id`, `b` bytes (0: not connected) */
    THAW_FD_PAIR, /* end of an AF_UNIX socketpair: `id` common to both ends; `a`: type. The other end may be absent: closed. */
    THAW_FD_ENDED, /* a connection whose peer has closed: reads give end of file; `a`: type */
    THAW_FD_GIVEN_OUTPUT, /* replaced by the clone's standard output */
    THAW_FD_GIVEN_ERROR, /* replaced by the clone's standard error */
    THAW_FD_GIVEN_RUNTIME_API, /* replaced by the clone's connection to the Runtime API */
    THAW_FD_RESET, /* TCP connection that its peer has reset: domain `a` */
    THAW_FD_CONNECTION, /* end of a TCP connection with both ends here: `id` common to both; domain `a`; its address: blob `path`, its
                           peer's: blob `b`, both `position` bytes; unread: blob `value`, `interval` bytes; `protocol` 1: it writes
                           no more */
    THAW_FD_NOTIFIER, /* inotify */
    THAW_FD_INHERITED, /* of another process than the first: what that has at number `a` until all are made */
};

struct thaw_descriptor {
    int32_t number;
    uint32_t kind;
    uint32_t flags; /* O_… status flags and access mode; O_CLOEXEC for the descriptor flag */
    uint32_t protocol; /* of a listener or a datagram socket, as socket(2) takes it */
    uint64_t path; /* offset in `bytes` */
    uint64_t position;
    uint64_t id;
    uint64_t a, b;
    uint64_t value, interval;
};

/* setsockopt(2), of a socket that is not bound yet. A listener of a clone always has SO_REUSEADDR. Of SO_ATTACH_FILTER the value is the
 * instructions alone. */
struct thaw_option {
    uint32_t descriptor; /* its index in the table */
    int32_t level, name;
    uint32_t size;
    uint64_t value; /* blob: offset in `bytes` */
};

/* epoll_ctl(2), EPOLL_CTL_ADD. */
struct thaw_watch {
    int32_t epoll, number; /* descriptor numbers */
    uint32_t events, reserved;
    uint64_t data;
};

/* inotify_add_watch(2). */
struct thaw_file_watch {
    int32_t descriptor;
    int32_t number; /* what the call returned */
    uint32_t mask; /* IN_… */
    uint32_t reserved;
    uint64_t path;
};

/* struct kernel_sigaction of rt_sigaction(2). */
struct thaw_action {
    uint64_t signal, handler, flags, restorer, mask;
};

struct thaw_timer {
    int32_t id;
    int32_t clock;
    int32_t notify; /* SIGEV_… ; SIGEV_THREAD_ID in `tid` */
    int32_t signal;
    uint64_t sigev_value;
    uint64_t tid;
    uint64_t value, interval; /* ns, remaining */
};

/* Something in /tmp. */
struct thaw_node {
    uint64_t path; /* at which it is made */
    uint64_t place; /* at which it is when all names are made */
    uint32_t mode; /* S_IF… and permissions */
    uint32_t gap; /* inode numbers left out before it */
    uint64_t size; /* of a regular file */
    uint64_t first_extent, extents; /* of a regular file */
    uint64_t target; /* of a symbolic link: offset in `bytes` */
    int64_t accessed, modified; /* nanoseconds since 1970 */
};

/* After all nodes are made: what is at `from` is at `to`, too, or instead. */
struct thaw_name {
    uint64_t from, to; /* paths */
    uint32_t moves; /* rename(2) instead of link(2) */
    uint32_t reserved;
};

enum thaw_object_kind {
    THAW_OBJECT_FILE = 1, /* of /tmp */
    THAW_OBJECT_MEMORY, /* memfd_create(2) of `name`; shared memory without a name is one, too */
};

struct thaw_object {
    uint32_t kind;
    uint32_t permissions;
    uint64_t name; /* offset in `bytes` */
    uint64_t size;
    uint64_t first_extent, extents;
    uint32_t seals; /* F_SEAL_…, of memory */
    uint32_t reserved;
};

/* `size` bytes at `offset` of a file; what is in none is a hole. */
struct thaw_extent {
    uint64_t offset, size;
    uint64_t content; /* blob */
};

enum thaw_lock_kind { THAW_LOCK_FLOCK = 1, THAW_LOCK_POSIX, THAW_LOCK_DESCRIPTION /* F_OFD_SETLK */ };

struct thaw_lock {
    int32_t number; /* descriptor */
    uint32_t kind;
    uint32_t is_exclusive;
    uint32_t reserved;
    uint64_t start, length; /* 0: to the end of the file, wherever that is */
};

/* A child that has ended and was not waited for. */
struct thaw_child {
    uint32_t pid; /* in the sandbox's pid namespace */
    uint32_t status; /* as wait4(2) gives it */
};

#endif
