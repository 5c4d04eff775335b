// TCP connections both of whose ends the frozen process had: dialled again, with what nobody had read.
#include "descriptors.h"
#include "files.h"
#include "image.h"
#include "report.h"
#include "syscalls.h"

static long check(long result, const struct thaw_descriptor *wanted) {
    return must(result, THAW_STEP_DESCRIPTOR, (uint64_t)wanted->number);
}

static int is_connection(const struct thaw_descriptor *descriptor) { return descriptor->kind == THAW_FD_CONNECTION; }

/* Where an end waits until it is its turn: beyond the objects, in the order of the table. */
static int place_of(const struct thaw_descriptor *end) {
    uint64_t before = 0;
    for (const struct thaw_descriptor *each = image_descriptors(0); each < end; each++) before += is_connection(each);
    return object_descriptor(image->objects.count + before);
}

/* Its address is that of others, too: of a listener, and of what that has accepted. */
static int make_bound(const struct thaw_descriptor *end) {
    static const int on = 1;
    int made = (int)check(sys_socket((int)end->a, STREAM_SOCKET, 0), end);
    check(sys_setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), end);
    check(sys_bind(made, image_bytes(end->path), (unsigned)end->position), end);
    return made;
}

/* What `end` has not read its peer writes. */
static void write_unread(const struct thaw_descriptor *end, int peer) {
    const char *content = image_bytes(end->value);
    for (uint64_t done = 0; done < end->interval;)
        done += (uint64_t)check(sys_send(peer, content + done, end->interval - done, MESSAGE_DONT_WAIT), end);
}

static void put_by(int made, const struct thaw_descriptor *end) {
    set_options(made, end);
    if (end->flags & O_NONBLOCK) check(sys_fcntl(made, F_SETFL, O_NONBLOCK), end);
    check(sys_dup3(made, place_of(end), O_CLOEXEC), end);
    sys_close(made);
}

static void make_pair(const struct thaw_descriptor *one, const struct thaw_descriptor *other) {
    int listener = make_bound(one);
    check(sys_listen(listener, 1), one);
    int there = make_bound(other);
    check(sys_connect(there, image_bytes(other->b), (unsigned)other->position), other);
    int here = (int)check(sys_accept(listener), one);
    sys_close(listener);
    write_unread(one, there);
    write_unread(other, here);
    if (one->protocol) check(sys_shutdown(here, SHUT_WRITE), one);
    if (other->protocol) check(sys_shutdown(there, SHUT_WRITE), other);
    put_by(here, one);
    put_by(there, other);
}

void make_connections(void) {
    const struct thaw_descriptor *past = image_descriptors(image->descriptors.count);
    for (const struct thaw_descriptor *one = image_descriptors(0); one < past; one++)
        for (const struct thaw_descriptor *other = one + 1; is_connection(one) && other < past; other++)
            if (is_connection(other) && other->id == one->id) make_pair(one, other);
}

int take_connection(const struct thaw_descriptor *wanted) { return place_of(wanted); }
