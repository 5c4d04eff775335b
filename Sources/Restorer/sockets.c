// Sockets without a connection: what listens, and what datagrams arrive at.
#include "descriptors.h"
#include "image.h"
#include "report.h"
#include "syscalls.h"
#include "text.h"

static long check(long result, const struct thaw_descriptor *wanted) {
    return must(result, THAW_STEP_DESCRIPTOR, (uint64_t)wanted->number);
}

static void set_option(int socket, const struct thaw_option *option) {
    const void *value = image_bytes(option->value);
    unsigned size = option->size;
    /* Not initialised as a whole, as in confine.c. */
    struct filter_program filter;
    if (option->level == SOL_SOCKET && option->name == SO_ATTACH_FILTER) {
        filter.length = (uint16_t)(size / sizeof(struct sock_filter));
        filter.instructions = value;
        value = &filter;
        size = sizeof filter;
    }
    must(
        sys_setsockopt(socket, option->level, option->name, value, size), THAW_STEP_OPTION,
        (uint64_t)image_descriptors(option->descriptor)->number << 32 | (uint64_t)option->level << 16 |
            (uint64_t)option->name);
}

void set_options(int socket, const struct thaw_descriptor *wanted) {
    for (uint64_t i = 0; i < image->options.count; i++) {
        const struct thaw_option *option = image_options(i);
        if (image_descriptors(option->descriptor) == wanted) set_option(socket, option);
    }
}

static int make_socket(const struct thaw_descriptor *wanted, int type) {
    int made =
        (int)check(sys_socket((int)wanted->a, type | (int)(wanted->flags & MADE_WITH), (int)wanted->protocol), wanted);
    set_options(made, wanted);
    return made;
}

/* The file that a listening socket of the source's left behind gives way to the clone's own. */
static void make_way(const struct sockaddr_un *address, uint64_t length) {
    char path[sizeof address->sun_path + 1];
    size_t path_length = length - sizeof address->sun_family;
    if (length <= sizeof address->sun_family || path_length >= sizeof path) return;
    if (address->sun_family != FAMILY_UNIX || !address->sun_path[0]) return;
    memcpy(path, address->sun_path, path_length);
    path[path_length] = 0;
    sys_unlink(path);
}

static void bind_socket(int socket, const struct thaw_descriptor *wanted) {
    const void *address = image_bytes(wanted->path);
    make_way(address, wanted->position);
    check(sys_bind(socket, address, (unsigned)wanted->position), wanted);
}

int make_listener(const struct thaw_descriptor *wanted) {
    int made = make_socket(wanted, STREAM_SOCKET);
    /* The namespace may have served another sandbox a moment ago. */
    static const int on = 1;
    check(sys_setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), wanted);
    bind_socket(made, wanted);
    check(sys_listen(made, (int)wanted->b), wanted);
    return made;
}

int make_datagram(const struct thaw_descriptor *wanted) {
    int made = make_socket(wanted, DATAGRAM_SOCKET);
    if (wanted->position) bind_socket(made, wanted);
    return made;
}
