// A second connection to the Runtime API that is kept idle: the platform ends it, the program sees its end.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include "state.h"

static int idle;

static int dial(void) {
    char name[64];
    snprintf(name, sizeof name, "%s", getenv("AWS_LAMBDA_RUNTIME_API"));
    char *port = strchr(name, ':');
    *port++ = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    inet_pton(AF_INET, name, &address.sin_addr);
    int connection = MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    MUST(connect(connection, (struct sockaddr *)&address, sizeof address));
    return connection;
}

/* Asks for what does not exist; gives the status. */
static int ask(int connection) {
    static const char request[] = "GET /2018-06-01/runtime/nothing HTTP/1.1\r\nHost: runtime\r\n\r\n";
    static char answer[4096];
    MUST(write(connection, request, sizeof request - 1));
    size_t have = 0;
    memset(answer, 0, sizeof answer);
    while (!strstr(answer, "\r\n\r\n") && have < sizeof answer - 1) {
        ssize_t got = MUST(read(connection, answer + have, sizeof answer - 1 - have));
        REQUIRE(got > 0, "the connection ended");
        have += got;
    }
    return atoi(answer + sizeof "HTTP/1.1");
}

void prepare(const char *variant) {
    (void)variant;
    idle = dial();
    int status = ask(idle);
    REQUIRE(status >= 400, "the Runtime API knows what does not exist: %d", status);
}

void verify(int invocation) {
    (void)invocation;
    struct pollfd one = {.fd = idle, .events = POLLIN};
    MUST(poll(&one, 1, 0));
    if (!is_clone()) /* nothing happened to it */
        return;
    char byte[1024];
    ssize_t got;
    while ((got = recv(idle, byte, sizeof byte, MSG_DONTWAIT)) > 0)
        ;
    REQUIRE(got == 0 || errno == ECONNRESET, "an idle connection did not end: %s", strerror(errno));
    int again = dial();
    REQUIRE(ask(again) >= 400, "a new connection does not work");
    close(again);
}
