// Descriptors that come in pairs: both ends are made at once, when the first of them is met in the table.
#include "descriptors.h"
#include "image.h"
#include "report.h"
#include "syscalls.h"
#include "text.h"

static long check(long result, const struct thaw_descriptor *wanted) {
    return must(result, THAW_STEP_DESCRIPTOR, (uint64_t)wanted->number);
}

static int of_same(const struct thaw_descriptor *one, const struct thaw_descriptor *other) {
    return one->kind == other->kind && one->id == other->id;
}

/* Whether an earlier end has already seen to `wanted`. */
static int is_made(const struct thaw_descriptor *wanted) {
    for (const struct thaw_descriptor *earlier = image_descriptors(0); earlier < wanted; earlier++)
        if (of_same(earlier, wanted)) return 1;
    return 0;
}

/* The next end after `end`, or none. */
static const struct thaw_descriptor *next_end(const struct thaw_descriptor *end) {
    const struct thaw_descriptor *past = image_descriptors(image->descriptors.count);
    for (const struct thaw_descriptor *next = end + 1; next < past; next++)
        if (of_same(end, next)) return next;
    return NULL;
}

static void set_status(int descriptor, const struct thaw_descriptor *wanted, uint32_t made_with) {
    if ((wanted->flags ^ made_with) & ~(uint32_t)(O_ACCMODE | O_CLOEXEC | O_LARGEFILE))
        check(sys_fcntl(descriptor, F_SETFL, wanted->flags), wanted);
}

/* Puts two ends made together at their numbers. An end that nobody had stays open, out of the way, until the spare
 * descriptors are closed: what lies in a pipe outlives its writer, but no writer can be had back. */
static void put_ends(const int made[2], const struct thaw_descriptor *const ends[2], const struct thaw_descriptor *first) {
    int in_place = ends[0] && ends[1] && made[0] == ends[0]->number && made[1] == ends[1]->number &&
        !((ends[0]->flags ^ ends[1]->flags) & O_CLOEXEC);
    if (in_place) return;
    int lifted[2] = {lift(made[0], first), lift(made[1], first)};
    for (int i = 0; i < 2; i++)
        if (ends[i]) check(sys_dup3(lifted[i], ends[i]->number, (int)ends[i]->flags & O_CLOEXEC), ends[i]);
}

/* A pipe may be open at more than two places, through /proc/self/fd. */
static void open_again(int end, const struct thaw_descriptor *wanted) {
    char path[DESCRIPTOR_PATH_SIZE];
    descriptor_path(path, end);
    put((int)check(sys_open(path, (int)wanted->flags, 0), wanted), wanted);
}

void make_pipe(const struct thaw_descriptor *first) {
    if (is_made(first)) return;
    const struct thaw_descriptor *ends[2] = {NULL, NULL};
    for (const struct thaw_descriptor *end = first; end; end = next_end(end)) {
        uint32_t mode = end->flags & O_ACCMODE;
        if (mode != O_RDWR && !ends[mode]) ends[mode] = end;
    }
    /* O_NONBLOCK while it is filled: the kernel may have given it less room than it had. */
    uint32_t made_with = (first->flags & (O_CLOEXEC | O_DIRECT | O_NONBLOCK)) | (first->a ? O_NONBLOCK : 0);
    int made[2];
    check(sys_pipe2(made, (int)made_with), first);
    if (first->b && first->b != 65536) check(sys_fcntl(made[1], F_SETPIPE_SZ, (long)first->b), first);
    if (first->a && check(sys_write(made[1], image_bytes(first->path), first->a), first) != (long)first->a)
        check(-ENOBUFS, first);
    for (int i = 0; i < 2; i++)
        if (ends[i]) set_status(made[i], ends[i], made_with);
    put_ends(made, ends, first);
    for (const struct thaw_descriptor *end = first; end; end = next_end(end))
        if (end != ends[0] && end != ends[1]) open_again(ends[0] ? ends[0]->number : ends[1]->number, end);
}

void make_socket_pair(const struct thaw_descriptor *first) {
    if (is_made(first)) return;
    const struct thaw_descriptor *ends[2] = {first, next_end(first)};
    int made[2];
    check(sys_socketpair(FAMILY_UNIX, (int)first->a | (int)(first->flags & MADE_WITH), made), first);
    if (ends[1]) set_status(made[1], ends[1], first->flags);
    for (int i = 0; i < 2; i++)
        if (ends[i]) set_options(made[i], ends[i]);
    put_ends(made, ends, first);
}
