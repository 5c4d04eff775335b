/* A runtime client without a library: says of each event how it was started and what it may write. With the argument `--restore`
 * it asks for /runtime/restore/next first, as a runtime does that knows of snapshots. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connection;
static char answer[1 << 16];

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static void dial(void) {
    char host[64];
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    if (!api || sscanf(api, "%63[^:]", host) != 1) fail("AWS_LAMBDA_RUNTIME_API");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(strchr(api, ':') + 1))};
    inet_aton(host, &address.sin_addr);
    connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
}

static char *header(const char *name) {
    static char value[256];
    char *at = strcasestr(answer, name);
    if (!at || sscanf(at + strlen(name), ": %255[^\r]", value) != 1) return NULL;
    return value;
}

/* Sends a request and reads its whole answer. */
static void call(const char *method, const char *path, const char *body) {
    static char request[1 << 15];
    int length = snprintf(request, sizeof request, "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
                          method, path, strlen(body), body);
    if (write(connection, request, (size_t)length) != length) fail("write");
    size_t have = 0;
    while (1) {
        ssize_t count = read(connection, answer + have, sizeof answer - 1 - have);
        if (count <= 0) fail("read");
        have += (size_t)count;
        answer[have] = 0;
        char *end = strstr(answer, "\r\n\r\n");
        if (!end) continue;
        char *size = header("Content-Length");
        if (!size || have >= (size_t)(end + 4 - answer) + strtoul(size, NULL, 10)) return;
    }
}

static int writable(const char *path) {
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    if (file >= 0) close(file);
    return file >= 0;
}

int main(int count, char **words) {
    static char body[1 << 14], path[512], directory[256];
    int knows_snapshots = count > 1 && strcmp(words[1], "--restore") == 0;
    dial();
    if (knows_snapshots) call("GET", "restore/next", "");
    while (1) {
        call("GET", "invocation/next", "");
        char *id = header("Lambda-Runtime-Aws-Request-Id");
        if (!id) fail("no request id");
        snprintf(path, sizeof path, "invocation/%s/response", id);
        int at = sprintf(body, "{\"words\":[");
        for (int i = 0; i < count; i++) at += sprintf(body + at, "%s\"%s\"", i ? "," : "", words[i]);
        at += sprintf(body + at, "],\"directory\":\"%s\",\"user\":%d,\"root\":%d,\"tmp\":%d", getcwd(directory, sizeof directory),
                      (int)getuid(), writable("/written"), writable("/tmp/written"));
        static const char *const names[] = {"OWN", "AWS_REGION", "PATH", "LAMBDA_TASK_ROOT", "_HANDLER",
                                            "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_INITIALIZATION_TYPE", "GIVEN"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const char *value = getenv(names[i]);
            if (value) at += sprintf(body + at, ",\"%s\":\"%s\"", names[i], value);
        }
        sprintf(body + at, "}");
        call("POST", path, body);
    }
}
