// Sockets without a connection that lives: what listens, what datagrams arrive at, and what a peer has reset.
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
    if (wanted->b) check(sys_connect(made, image_bytes(wanted->id), (unsigned)wanted->b), wanted);
    return made;
}

/* A connection to a listener that nobody has: what waits there unaccepted when it closes, it resets. */
int make_reset(const struct thaw_descriptor *wanted) {
    struct sockaddr_in address;
    unsigned size = sizeof address;
    int listener = (int)check(sys_socket(FAMILY_INTERNET4, STREAM_SOCKET, 0), wanted);
    check(sys_listen(listener, 1), wanted);
    check(sys_getsockname(listener, &address, &size), wanted);
    int made = (int)check(sys_socket((int)wanted->a, STREAM_SOCKET | (int)(wanted->flags & O_CLOEXEC), 0), wanted);
    address.sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK);
    if (wanted->a == FAMILY_INTERNET4) {
        check(sys_connect(made, &address, sizeof address), wanted);
    } else {
        struct sockaddr_in6 mapped;
        memset(&mapped, 0, sizeof mapped);
        mapped.sin6_family = FAMILY_INTERNET6;
        mapped.sin6_port = address.sin_port;
        mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xFF;
        memcpy(&mapped.sin6_addr.s6_addr[12], &address.sin_addr, sizeof address.sin_addr);
        check(sys_connect(made, &mapped, sizeof mapped), wanted);
    }
    sys_close(listener);
    if (wanted->flags & O_NONBLOCK) check(sys_fcntl(made, F_SETFL, O_NONBLOCK), wanted);
    return made;
}
