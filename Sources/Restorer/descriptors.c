#include "descriptors.h"

#include "files.h"
#include "image.h"
#include "memory.h"
#include "processes.h"
#include "report.h"
#include "syscalls.h"
#include "text.h"

static long check(long result, const struct thaw_descriptor *wanted) {
    return must(result, THAW_STEP_DESCRIPTOR, (uint64_t)wanted->number);
}

static int first;

void number_spares(void) {
    uint64_t count = image->descriptors.count;
    first = count ? image_descriptors(count - 1)->number + 1 : 0;
    if (first < image->shelf) first = image->shelf;
    if (first < 16) first = 16; /* what comes with a request arrives below */
}

int first_spare(void) { return first; }

int spare(enum spare which) { return first + (int)which; }

void put(int made, const struct thaw_descriptor *wanted) {
    if (made == wanted->number) return;
    check(sys_dup3(made, wanted->number, (int)wanted->flags & O_CLOEXEC), wanted);
    sys_close(made);
}

int lift(int made, const struct thaw_descriptor *wanted) {
    int lifted = (int)check(sys_fcntl(made, F_DUPFD_CLOEXEC, first_spare() + SPARES), wanted);
    sys_close(made);
    return lifted;
}

/* How a file is opened that is there already. Where its name leads was settled when the function opened it. */
static int reopening(const struct thaw_descriptor *wanted) {
    return (int)wanted->flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW);
}

/* O_NONBLOCK on top, so that no kind of file makes the open wait; O_NOCTTY, so that none becomes our terminal. */
static int open_path(const struct thaw_descriptor *wanted) {
    int flags = reopening(wanted);
    int file = (int)check(sys_open(image_text(wanted->path), flags | O_NOCTTY | O_NONBLOCK, 0), wanted);
    if (!(flags & (O_NONBLOCK | O_PATH))) check(sys_fcntl(file, F_SETFL, flags), wanted);
    if (wanted->position) check(sys_seek(file, wanted->position), wanted);
    return file;
}

/* Through the object, at the number where it waits: with a position and flags of its own. */
static int open_object(const struct thaw_descriptor *wanted) {
    char path[DESCRIPTOR_PATH_SIZE];
    descriptor_path(path, object_descriptor(wanted->a));
    int file = (int)check(sys_open(path, reopening(wanted) & ~O_TMPFILE, 0), wanted);
    if (wanted->position) check(sys_seek(file, wanted->position), wanted);
    return file;
}

static int make_event(const struct thaw_descriptor *wanted) {
    int flags = (int)(wanted->flags & MADE_WITH) | (wanted->a ? EVENT_SEMAPHORE : 0);
    int event = (int)check(sys_eventfd2(0, flags), wanted);
    if (wanted->position) check(sys_write(event, &wanted->position, sizeof wanted->position), wanted);
    return event;
}

/* A connection whose other end has closed. */
static int make_ended(const struct thaw_descriptor *wanted) {
    int ends[2];
    int type = (int)wanted->a | (int)(wanted->flags & MADE_WITH);
    check(sys_socketpair(FAMILY_UNIX, type, ends), wanted);
    sys_close(ends[1]);
    return ends[0];
}

static void put_given(int given, const struct thaw_descriptor *wanted) {
    check(sys_dup3(given, wanted->number, (int)wanted->flags & O_CLOEXEC), wanted);
    check(sys_fcntl(wanted->number, F_SETFL, wanted->flags), wanted);
}

static void make_descriptor(const struct thaw_descriptor *wanted, struct given given) {
    uint32_t flags = wanted->flags & MADE_WITH;
    switch ((enum thaw_descriptor_kind)wanted->kind) {
    case THAW_FD_SAME:
        check(sys_dup3(image_descriptors(wanted->a)->number, wanted->number, (int)flags & O_CLOEXEC), wanted);
        return;
    case THAW_FD_PATH: return put(open_path(wanted), wanted);
    case THAW_FD_OBJECT: return put(open_object(wanted), wanted);
    case THAW_FD_PIPE: return make_pipe(wanted);
    case THAW_FD_EVENT: return put(make_event(wanted), wanted);
    case THAW_FD_EPOLL: return put((int)check(sys_epoll_create1((int)flags & O_CLOEXEC), wanted), wanted);
    case THAW_FD_NOTIFIER: return put((int)check(sys_inotify_init1((int)flags), wanted), wanted);
    case THAW_FD_TIMER: return put((int)check(sys_timerfd_create((int)wanted->a, (int)flags), wanted), wanted);
    case THAW_FD_SIGNAL: return put((int)check(sys_signalfd4(&wanted->position, (int)flags), wanted), wanted);
    case THAW_FD_LISTENER: return put(make_listener(wanted), wanted);
    case THAW_FD_DATAGRAM: return put(make_datagram(wanted), wanted);
    case THAW_FD_PAIR: return make_socket_pair(wanted);
    case THAW_FD_ENDED: return put(make_ended(wanted), wanted);
    case THAW_FD_CONNECTION: return put(take_connection(wanted), wanted);
    case THAW_FD_RESET: return put(make_reset(wanted), wanted);
    case THAW_FD_GIVEN_OUTPUT: return put_given(given.output, wanted);
    case THAW_FD_GIVEN_ERROR: return put_given(given.error, wanted);
    case THAW_FD_GIVEN_RUNTIME_API: put_given(given.runtime_api, wanted); return set_options(wanted->number, wanted);
    case THAW_FD_INHERITED: break; /* of other processes, see take_descriptors */
    }
    check(-EINVAL, wanted);
}

static int shelve(int descriptor, enum spare place) {
    return (int)must(sys_dup3(descriptor, spare(place), O_CLOEXEC), THAW_STEP_DESCRIPTOR, (uint64_t)descriptor);
}

/* Closes what was needed to make the descriptors; from the spare one on. */
static void close_spares(enum spare from) {
    if (!gates()) {
        sys_close_range((unsigned)spare(from), ~0U);
        return;
    }
    sys_close_range((unsigned)spare(from), (unsigned)gate(0) - 1);
    sys_close_range((unsigned)gate(gates()), ~0U);
}

/* What this process holds for others, and they have inherited. */
static void leave_shelf(void) {
    for (uint64_t i = 0; image->processes.count && i < image->descriptors.count; i++) {
        const struct thaw_descriptor *held = image_descriptors(i);
        int is_unfinished = held->kind == THAW_FD_TIMER || held->kind == THAW_FD_NOTIFIER;
        if (held->number >= image->shelf && !is_unfinished) sys_close(held->number);
    }
}

void close_shelf(void) {
    if (image->processes.count) sys_close_range((unsigned)image->shelf, (unsigned)first - 1);
}

void make_descriptors(struct given given) {
    given.control = shelve(given.control, SPARE_CONTROL);
    report_to(given.control);
    given.output = shelve(given.output, SPARE_OUTPUT);
    given.error = shelve(given.error, SPARE_ERROR);
    given.runtime_api = shelve(given.runtime_api, SPARE_RUNTIME_API);
    /* From here on the lowest number free is the one wanted next, as a rule. */
    sys_close_range(0, (unsigned)given.control - 1);
    make_objects();
    if (image->own & THAW_OWN_CONNECTIONS) make_connections();
    for (uint64_t i = 0; i < image->descriptors.count; i++) make_descriptor(image_descriptors(i), given);
    make_processes();
    leave_shelf();
    map_own_files();
    close_spares(SPARE_UPWARD);
    make_locks();
}

/* First out of the way: numbers of the first process are numbers of this one, too, for other files. */
void take_descriptors(void) {
    int past = gate(gates());
    for (uint64_t i = 0; i < image->descriptors.count; i++)
        check(sys_dup3((int)image_descriptors(i)->a, past + (int)i, O_CLOEXEC), image_descriptors(i));
    sys_close_range(0, (unsigned)first - 1);
    for (uint64_t i = 0; i < image->descriptors.count; i++) {
        const struct thaw_descriptor *wanted = image_descriptors(i);
        check(sys_dup3(past + (int)i, wanted->number, (int)wanted->flags & O_CLOEXEC), wanted);
    }
    map_own_files();
    close_spares(SPARE_OUTPUT);
}

/* The kernel numbers the watches of a descriptor one after the other. */
static void watch_file(const struct thaw_file_watch *watch) {
    const uint64_t detail = (uint64_t)watch->descriptor;
    for (;;) {
        uint32_t mask = watch->mask | IN_DONT_FOLLOW;
        long made = sys_inotify_add_watch(watch->descriptor, image_text(watch->path), mask);
        must(made, THAW_STEP_FILE_WATCH, detail);
        if (made == watch->number) return;
        if (made > watch->number) fail(THAW_STEP_FILE_WATCH, -EEXIST, detail);
        must(sys_inotify_rm_watch(watch->descriptor, (int)made), THAW_STEP_FILE_WATCH, detail);
    }
}

/* Watches that were given up say so. */
static void read_away(int notifier) {
    char events[512];
    for (;;) {
        int unread = 0;
        must(sys_ioctl(notifier, FIONREAD, &unread), THAW_STEP_FILE_WATCH, (uint64_t)notifier);
        if (unread == 0) return;
        must(sys_read(notifier, events, sizeof events), THAW_STEP_FILE_WATCH, (uint64_t)notifier);
    }
}

void make_watches(void) {
    for (uint64_t i = 0; i < image->file_watches.count; i++) {
        const struct thaw_file_watch *watch = image_file_watches(i);
        watch_file(watch);
        if (i + 1 == image->file_watches.count || image_file_watches(i + 1)->descriptor != watch->descriptor)
            read_away(watch->descriptor);
    }
    for (uint64_t i = 0; i < image->watches.count; i++) {
        const struct thaw_watch *watch = image_watches(i);
        struct epoll_event event = {.events = watch->events, .data = watch->data};
        must(sys_epoll_add(watch->epoll, watch->number, &event), THAW_STEP_WATCH, (uint64_t)watch->number);
    }
}
