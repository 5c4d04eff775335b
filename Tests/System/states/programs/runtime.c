// A minimal Lambda runtime: one connection to the Runtime API that is kept, one event at a time. With "once" in its variant it asks for
// the end of the connection with each question, and waits for that, as a client of HTTP/1.0 does.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/random.h>

#include "state.h"

static int connection = -1;
static bool once;
static char head[16384];
static char restored[16384];
static char event[65536];
static char complaint[1024];
static char told[16384];
static char absence[256];
static atomic_flag complained = ATOMIC_FLAG_INIT;
static atomic_bool has_complaint;
static sigjmp_buf verification;
static bool verifying;

static void note(const char *format, va_list values) {
    if (atomic_flag_test_and_set(&complained))
        return;
    vsnprintf(complaint, sizeof complaint, format, values);
    for (char *at = complaint; *at; at++)
        if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ')
            *at = '\'';
    atomic_store(&has_complaint, true);
}

void complain(const char *format, ...) {
    va_list values;
    va_start(values, format);
    note(format, values);
    va_end(values);
}

void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    note(format, values);
    va_end(values);
    if (verifying)
        siglongjmp(verification, 1);
    fprintf(stderr, "init failed: %s\n", complaint);
    exit(1);
}

void unavailable(const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(absence, sizeof absence, format, values);
    va_end(values);
}

void tell(const char *name, const char *format, ...) {
    size_t used = strlen(told);
    used += snprintf(told + used, sizeof told - used, ",\"%s\":\"", name);
    va_list values;
    va_start(values, format);
    used += vsnprintf(told + used, used < sizeof told ? sizeof told - used : 0, format, values);
    va_end(values);
    REQUIRE(used + 2 < sizeof told, "the answer is too long");
    strcat(told, "\"");
}

static _Noreturn void lost(const char *what) {
    fprintf(stderr, "Runtime API: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void dial(void) {
    char name[64];
    const char *given = getenv("AWS_LAMBDA_RUNTIME_API");
    snprintf(name, sizeof name, "%s", given ? given : "");
    char *port = strchr(name, ':');
    if (!port)
        lost("no address");
    *port++ = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    inet_pton(AF_INET, name, &address.sin_addr);
    connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address))
        lost("connect");
}

static void send_all(const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(connection, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            lost("send");
        if (sent > 0)
            bytes += sent, size -= sent;
    }
}

static size_t receive(char *buffer, size_t room) {
    for (;;) {
        ssize_t received = read(connection, buffer, room);
        if (received > 0)
            return received;
        if (received == 0 || errno != EINTR)
            lost(received ? "read" : "ended");
    }
}

static const char *header_in(const char *text, const char *name) {
    static char value[1024];
    size_t length = strlen(name);
    for (const char *line = text; (line = strstr(line, "\r\n")) != NULL;) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            line += length + 1;
            line += strspn(line, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r"), line);
            return value;
        }
    }
    return NULL;
}

const char *restore_header(const char *name) {
    return header_in(restored, name);
}

bool is_clone(void) {
    return restore_header("Thaw-Generation") && !getenv("STATES_SCRATCH");
}

/* Reads an answer into `head` and `event`; gives its status. */
static int answer(void) {
    size_t have = 0;
    char *end;
    do {
        have += receive(head + have, sizeof head - 1 - have);
        head[have] = 0;
    } while (!(end = strstr(head, "\r\n\r\n")) && have < sizeof head - 1);
    if (!end)
        lost("a head without end");
    const char *given = header_in(head, "Content-Length");
    size_t length = given ? strtoul(given, NULL, 10) : 0;
    size_t early = have - (end + 4 - head);
    if (length >= sizeof event || early > length)
        lost("a body of another length");
    memcpy(event, end + 4, early);
    end[2] = 0;
    while (early < length)
        early += receive(event + early, length - early);
    event[length] = 0;
    return atoi(head + sizeof "HTTP/1.1");
}

static void get(const char *path) {
    char request[256];
    int size = snprintf(request, sizeof request, "GET /2018-06-01/runtime/%s HTTP/1.1\r\nHost: runtime\r\n%s\r\n", path,
        once ? "Connection: close\r\n" : "");
    send_all(request, size);
    if (answer() != 200)
        lost(path);
    if (once) {
        char more;
        if (read(connection, &more, 1) != 0)
            lost("more than an answer");
        close(connection);
        dial();
    }
}

static void respond(const char *request, const char *body) {
    char start_of_request[512];
    int size = snprintf(start_of_request, sizeof start_of_request,
        "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: runtime\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n", request, strlen(body));
    send_all(start_of_request, size);
    send_all(body, strlen(body));
    answer();
}

/* Whose invocation this is: drawn at the first one, so never in a snapshot. */
static const char *identity(void) {
    static char name[33];
    if (!name[0]) {
        uint64_t drawn[2];
        if (getrandom(drawn, sizeof drawn, 0) != sizeof drawn)
            lost("getrandom");
        snprintf(name, sizeof name, "%016lx%016lx", drawn[0], drawn[1]);
    }
    return name;
}

static __attribute__((noinline)) void look(int invocation) {
    verifying = true;
    if (!sigsetjmp(verification, 1))
        verify(invocation);
    verifying = false;
}

static void serve(void) {
    static char body[sizeof told + sizeof complaint + 1024];
    for (int invocation = 1;; invocation++) {
        get("invocation/next");
        char request[128];
        snprintf(request, sizeof request, "%s", header_in(head, "Lambda-Runtime-Aws-Request-Id"));
        told[0] = 0;
        look(invocation);
        const char *hold = strstr(event, "\"hold\":");
        if (hold)
            pause_for(atoi(hold + sizeof "\"hold\":" - 1) * MILLISECOND);
        bool good = !atomic_load(&has_complaint);
        snprintf(body, sizeof body, "{\"ok\":%s,\"why\":\"%s\",\"unavailable\":\"%s\",\"clone\":\"%s\",\"count\":%d%s}",
            good ? "true" : "false", good ? "" : complaint, absence, identity(), invocation, told);
        respond(request, body);
    }
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    dial();
    const char *handler = getenv("_HANDLER");
    const char *dot = handler ? strchr(handler, '.') : NULL;
    const char *variant = dot ? dot + 1 : "";
    once = strstr(variant, "once");
    prepare(variant);
    const char *type = getenv("AWS_LAMBDA_INITIALIZATION_TYPE");
    size_t length = strlen(variant);
    bool knows_restore = length < 4 || strcmp(variant + length - 4, "next") != 0;
    if (knows_restore && type && strcmp(type, "snap-start") == 0) {
        get("restore/next");
        memcpy(restored, head, sizeof restored);
    }
    serve();
}
