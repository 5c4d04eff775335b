// Tries to get out of its sandbox, once before the snapshot and again in every clone, and tells what each attempt came to.
#include <dirent.h>
#include <sys/wait.h>

#include "escape.h"

static char *before; /* what the attempts in the init came to */

int in_child(int (*make)(void)) {
    pid_t child = fork();
    if (child == 0)
        _exit(make());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static size_t try_all(const struct attempt *attempts, int count, char *text, size_t used, size_t size) {
    for (int each = 0; each < count; each++) {
        int error = attempts[each].make();
        const char *name = error == 0 ? "worked" : error < 0 ? sigabbrev_np(-error) : strerrorname_np(error);
        used += snprintf(text + used, size - used, "%s=%s ", attempts[each].name, name ? name : "?");
    }
    return used;
}

static char *attempts(void) {
    enum { SIZE = 6000 };
    char *text = calloc(1, SIZE);
    size_t used = try_all(system_attempts, system_attempt_count, text, 0, SIZE);
    try_all(process_attempts, process_attempt_count, text, used, SIZE);
    return text;
}

static char *names_in(const char *directory, bool numbers_only) {
    static char text[2000];
    size_t used = 0;
    DIR *entries = opendir(directory);
    REQUIRE(entries, "%s: %s", directory, strerror(errno));
    text[0] = 0;
    for (struct dirent *entry; (entry = readdir(entries));)
        if (entry->d_name[0] != '.' && (!numbers_only || (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')))
            used += snprintf(text + used, sizeof text - used, "%s ", entry->d_name);
    closedir(entries);
    return text;
}

/* What the kernel says of each thread's rights. */
static void tell_threads(void) {
    static const char *const fields[] = {
        "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"};
    char threads[256];
    snprintf(threads, sizeof threads, "%s", names_in("/proc/self/task", true));
    int count = 0;
    for (char *thread = strtok(threads, " "); thread; thread = strtok(NULL, " ")) {
        char path[64], name[32], text[512] = "", value[128];
        snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
        for (int each = 0; each < COUNT(fields); each++) {
            REQUIRE(field(path, fields[each], value, sizeof value), "%s has no %s", path, fields[each]);
            for (char *at = value; *at; at++)
                if (*at == '\t')
                    *at = ' ';
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s=%s;", fields[each], value);
        }
        snprintf(name, sizeof name, "thread%d", count++);
        tell(name, "%s", text);
    }
}

static void *body(void *argument) {
    for (;;)
        pause();
    return argument;
}

void prepare(const char *variant) {
    (void)variant;
    for (int thread = 0; thread < 3; thread++)
        start(body, NULL);
    if (geteuid() == 0) {
        unavailable("not as root, where it would work"); /* the tests of the programs themselves run outside of any sandbox */
        return;
    }
    before = attempts();
}

void verify(int invocation) {
    (void)invocation;
    tell_threads();
    tell("processes", "%s", names_in("/proc", true));
    tell("devices", "%s", names_in("/dev", false));
    tell("id", "%d", getpid());
    if (!before)
        return;
    tell("before", "%s", before);
    char *after = attempts();
    tell("after", "%s", after);
    free(after);
}
