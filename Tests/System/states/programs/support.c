#include "state.h"

uint64_t now(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time))
        fail("clock_gettime(%d): %s", clock, strerror(errno));
    return time.tv_sec * SECOND + time.tv_nsec;
}

void pause_for(uint64_t nanoseconds) {
    struct timespec left = {.tv_sec = nanoseconds / SECOND, .tv_nsec = nanoseconds % SECOND};
    while (nanosleep(&left, &left) && errno == EINTR)
        ;
}

pthread_t start(void *(*body)(void *), void *argument) {
    pthread_t thread;
    WORKS(pthread_create(&thread, NULL, body, argument));
    return thread;
}

const char *scratch(const char *name) {
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    const char *directory = getenv("STATES_SCRATCH"); /* where /tmp is not private */
    snprintf(path, sizeof paths[0], "%s/%s", directory ? directory : "/tmp", name);
    return path;
}

static uint64_t mixed(uint64_t value) {
    value *= UINT64_C(0x9E3779B97F4A7C15);
    return value ^ (value >> 29);
}

void fill(void *memory, size_t size, uint64_t seed) {
    unsigned char *bytes = memory;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = mixed(at + seed * 8191 + 1);
        memcpy(bytes + at, &word, size - at < 8 ? size - at : 8);
    }
}

bool filled(const void *memory, size_t size, uint64_t seed) {
    const unsigned char *bytes = memory;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = mixed(at + seed * 8191 + 1);
        if (memcmp(bytes + at, &word, size - at < 8 ? size - at : 8))
            return false;
    }
    return true;
}

char *slurp(const char *path, size_t *size) {
    size_t room = 1 << 16, have = 0;
    char *text = malloc(room);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        fail("%s: %s", path, strerror(errno));
    for (;;) {
        ssize_t got = read(file, text + have, room - have - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail("%s: %s", path, strerror(errno));
        if (got == 0)
            break;
        have += got;
        if (have == room - 1)
            text = realloc(text, room *= 2);
    }
    close(file);
    text[have] = 0;
    if (size)
        *size = have;
    return text;
}

bool field(const char *path, const char *name, char *value, size_t size) {
    char *text = slurp(path, NULL);
    size_t length = strlen(name);
    bool found = false;
    for (char *line = text; line && !found; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ':') {
            line += length + 1;
            line += strspn(line, " \t");
            snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
            found = true;
        }
    }
    free(text);
    return found;
}

bool flagged(const void *memory, const char *flag) {
    char *text = slurp("/proc/self/smaps", NULL);
    bool inside = false, found = false;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            inside = start <= (unsigned long)memory && (unsigned long)memory < end;
        else if (inside && !strncmp(line, "VmFlags:", 8) && strstr(line + 8, flag))
            found = true;
    }
    free(text);
    return found;
}
