/// A runtime and its function in one static program: it does what an invocation's payload says.
enum TestFunction {
    static let source = #"""
        #define _GNU_SOURCE
        #include <arpa/inet.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <pthread.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <strings.h>
        #include <sys/inotify.h>
        #include <sys/mount.h>
        #include <sys/ptrace.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/wait.h>
        #include <unistd.h>

        static char head[8192], body[1 << 20], answer[1 << 20], generation[64], entropy[128], id[64];
        static int api = -1, count, seeded;

        static void dial(void) {
            struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9001), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
            if (api >= 0) close(api);
            api = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (connect(api, (struct sockaddr *)&to, sizeof to) < 0) exit(90);
        }
        static void header(const char *name, char *value, size_t room) {
            char *at = strcasestr(head, name);
            if (!at) return;
            at += strlen(name) + 2;
            size_t n = strcspn(at, "\r\n");
            if (n >= room) n = room - 1;
            memcpy(value, at, n), value[n] = 0;
        }
        /* The status. */
        static int call(const char *method, const char *path, const char *send) {
            char length[64] = "";
            int n = snprintf(head, sizeof head, "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                             method, path, strlen(send));
            if (write(api, head, n) != n || write(api, send, strlen(send)) < 0) exit(91);
            size_t have = 0;
            char *end;
            memset(head, 0, sizeof head);
            while (!(end = strstr(head, "\r\n\r\n"))) {
                ssize_t got = read(api, head + have, sizeof head - 1 - have);
                if (got <= 0) return -1;
                have += got;
            }
            *end = 0;
            header("content-length", length, sizeof length);
            size_t want = atol(length), got = have - (end + 4 - head);
            memcpy(body, end + 4, got);
            while (got < want) {
                ssize_t more = read(api, body + got, want - got);
                if (more <= 0) return -1;
                got += more;
            }
            body[got] = 0;
            return atoi(head + 9);
        }
        static const char *result(long value) { return value < 0 ? strerror(errno) : "done"; }
        static void slurp(const char *path) {
            int fd = open(path, O_RDONLY);
            ssize_t n = fd < 0 ? -1 : read(fd, answer, sizeof answer - 1);
            if (n < 0) strcpy(answer, strerror(errno)); else answer[n] = 0;
            if (fd >= 0) close(fd);
        }
        static void *idle(void *none) { for (;;) pause(); return none; }
        static void *churn(void *none) { for (volatile long i = 0;;) i++; return none; }

        static void handle(char *text) {
            char *word = strsep(&text, " "), *rest = text ? text : "";
            if (!strcmp(word, "echo")) strcpy(answer, rest);
            else if (!strcmp(word, "count")) sprintf(answer, "%d", ++count);
            else if (!strcmp(word, "seeded")) sprintf(answer, "%d", seeded);
            else if (!strcmp(word, "who")) sprintf(answer, "%d %d %d", getuid(), getgid(), getpid());
            else if (!strcmp(word, "generation")) strcpy(answer, generation);
            else if (!strcmp(word, "entropy")) strcpy(answer, entropy);
            else if (!strcmp(word, "read")) slurp(rest);
            else if (!strcmp(word, "list")) {
                char command[256];
                snprintf(command, sizeof command, "%s", rest);
                sprintf(answer, "%d", access(command, F_OK));
            } else if (!strcmp(word, "write")) {
                char *path = strsep(&rest, " ");
                int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
                strcpy(answer, result(fd < 0 ? -1 : write(fd, rest, strlen(rest))));
                if (fd >= 0) close(fd);
            } else if (!strcmp(word, "fill")) {
                int fd = open("/tmp/filler", O_WRONLY | O_CREAT | O_TRUNC, 0600);
                long filled = 0, written;
                while ((written = write(fd, body, sizeof body)) > 0) filled += written;
                sprintf(answer, "%ld %s", filled >> 20, strerror(errno));
                close(fd), unlink("/tmp/filler");
            } else if (!strcmp(word, "touch") || !strcmp(word, "hold")) {
                size_t n = (size_t)atol(rest) << 20;
                volatile char *memory = malloc(n);
                for (size_t i = 0; i < n; i += 4096) memory[i] = 1;
                strcpy(answer, "done");
                while (*word == 'h') pause();
            } else if (!strcmp(word, "print")) puts(rest), fflush(stdout), fputs(rest, stderr), strcpy(answer, "done");
            else if (!strcmp(word, "mount")) strcpy(answer, result(mount("none", "/tmp", "tmpfs", 0, 0)));
            else if (!strcmp(word, "unshare")) strcpy(answer, result(unshare(CLONE_NEWUSER)));
            else if (!strcmp(word, "ptrace")) strcpy(answer, result(ptrace(PTRACE_TRACEME, 0, 0, 0)));
            else if (!strcmp(word, "kill")) strcpy(answer, result(kill(atoi(rest), SIGKILL)));
            else if (!strcmp(word, "packet")) strcpy(answer, result(socket(AF_PACKET, SOCK_RAW, 0)));
            else if (!strcmp(word, "hang")) for (;;) pause();
            else if (!strcmp(word, "exit")) exit(atoi(rest));
            else if (!strcmp(word, "orphan")) {
                pid_t child = fork();
                if (child == 0) {
                    if (fork() == 0) for (;;) pause();
                    _exit(0);
                }
                waitpid(child, NULL, 0);
                strcpy(answer, "done");
            } else strcpy(answer, "what?");
        }

        int main(int argc, char **argv) {
            const char *mode = argc > 1 ? argv[1] : "";
            char path[256];
            pthread_t thread;
            if (strstr(mode, "stop")) exit(3);
            if (strstr(mode, "never")) for (;;) pause();
            for (int i = 0; strstr(mode, "threads") && i < 5; i++) pthread_create(&thread, 0, i ? idle : churn, 0);
            dial();
            if (!strcmp(mode, "--seed")) {
                static char told[256];
                if (call("GET", "seed/next", "") != 200) exit(95);
                /* The last word of "arguments": […]. */
                char *end = strchr(strstr(body, "\"arguments\""), ']'), *word;
                *--end = 0, word = strrchr(body, '"') + 1;
                mode = strcpy(told, word);
                seeded = 1;
                if (strstr(mode, "threads")) pthread_create(&thread, 0, idle, 0);
            }
            if (strstr(mode, "fails")) call("POST", "init/error", "{\"errorMessage\":\"no\"}"), exit(1);
            if (strstr(mode, "refused")) inotify_add_watch(inotify_init1(IN_CLOEXEC), "/proc", IN_CREATE);
            if (strstr(mode, "scratch")) handle(strcpy(answer, "write /tmp/kept before")), strcpy(answer, "");
            puts("initialised"), fflush(stdout);
            if (!strstr(mode, "plain")) {
                if (call("GET", "restore/next", "") != 200) exit(92);
                header("thaw-generation", generation, sizeof generation);
                header("thaw-entropy", entropy, sizeof entropy);
                if (strstr(mode, "hooks-hang")) for (;;) pause();
                if (strstr(mode, "hooks-fail")) call("POST", "restore/error", "{\"errorMessage\":\"no\"}"), exit(1);
                if (strstr(mode, "hooks-exit")) exit(4);
            }
            for (;;) {
                if (call("GET", "invocation/next", "") != 200) exit(93);
                header("lambda-runtime-aws-request-id", id, sizeof id);
                handle(strcpy(answer, body) ? body : body);
                snprintf(path, sizeof path, "invocation/%s/response", id);
                if (call("POST", path, answer) != 202) exit(94);
            }
        }
        """#
}
