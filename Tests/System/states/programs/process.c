// What belongs to the process as a whole: where it is, its limits, names, arguments, and what /proc says of it.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "state.h"

extern char **environ;

static const char *const same[] = {"/proc/self/cmdline", "/proc/self/environ", "/proc/self/auxv", "/proc/self/comm"};
static char *before[4];
static size_t sizes[4];
static char exe[256], directory[256], argument[256];
static char **arguments;
static struct rlimit limits[RLIM_NLIMITS];
static pid_t pid, parent, group, session;
static char *where_to_go;

struct memory { uint64_t start_code, end_code, start_stack, start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end; };
static struct memory memory;

/* Fields of /proc/self/stat, counted from 1 as proc(5) does. */
static struct memory look(void) {
    char *text = slurp("/proc/self/stat", NULL), *at = strrchr(text, ')') + 2;
    uint64_t fields[60] = {0};
    for (int number = 3; number < 60 && at && *at; number++) {
        fields[number] = strtoull(at, NULL, 10);
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    free(text);
    return (struct memory){fields[26], fields[27], fields[28], fields[45], fields[46], fields[47], fields[48], fields[49], fields[50],
        fields[51]};
}

__attribute__((constructor)) static void keep(int count, char **values) {
    (void)count;
    arguments = values;
}

static void link_of(const char *path, char *target, size_t size) {
    ssize_t length = MUST(readlink(path, target, size - 1));
    target[length] = 0;
}

void prepare(const char *variant) {
    (void)variant;
    MUST(prctl(PR_SET_NAME, "ny-tråd"));
    MUST(mkdir(scratch("working"), 0700));
    where_to_go = strdup(scratch("working"));
    MUST(chdir(where_to_go));
    umask(0137);
    static const struct { int resource; rlim_t soft, hard; } wanted[] = {
        {RLIMIT_NOFILE, 300, 400}, {RLIMIT_STACK, 1 << 20, 4 << 20}, {RLIMIT_FSIZE, 1 << 28, 1 << 29}, {RLIMIT_DATA, 1 << 30, 1UL << 31}};
    for (int each = 0; each < COUNT(wanted); each++)
        MUST(setrlimit(wanted[each].resource, &(struct rlimit){wanted[each].soft, wanted[each].hard}));
    for (int each = 0; each < RLIM_NLIMITS; each++)
        MUST(getrlimit(each, &limits[each]));
    MUST(setpriority(PRIO_PROCESS, 0, 7));
    setenv("SET_BEFORE", "the snapshot", 1);
    for (int each = 0; each < COUNT(same); each++)
        before[each] = slurp(same[each], &sizes[each]);
    link_of("/proc/self/exe", exe, sizeof exe);
    link_of("/proc/self/cwd", directory, sizeof directory);
    snprintf(argument, sizeof argument, "%s", arguments[0]);
    memory = look();
    pid = getpid(), parent = getppid(), group = getpgrp(), session = getsid(0);
}

static void check_names(void) {
    for (int each = 0; each < COUNT(same); each++) {
        size_t size;
        char *found = slurp(same[each], &size);
        REQUIRE(size == sizes[each] && !memcmp(found, before[each], size), "%s changed", same[each]);
        free(found);
    }
    char target[256];
    link_of("/proc/self/exe", target, sizeof target);
    REQUIRE(!strcmp(target, exe), "the executable is %s, not %s", target, exe);
    link_of("/proc/self/cwd", target, sizeof target);
    REQUIRE(!strcmp(target, directory), "the working directory is %s, not %s", target, directory);
    REQUIRE(getcwd(target, sizeof target) && !strcmp(target, where_to_go), "getcwd is %s", target);
    REQUIRE(!strcmp(argument, arguments[0]), "argv[0] is %s", arguments[0]);
    const char *set = getenv("SET_BEFORE");
    REQUIRE(set && !strcmp(set, "the snapshot"), "a variable is lost");
    char name[16];
    MUST(prctl(PR_GET_NAME, name));
    REQUIRE(!strcmp(name, "ny-tråd"), "the name is %s", name);
    struct memory found = look();
    REQUIRE(!memcmp(&found, &memory, sizeof found), "/proc/self/stat: code %lx-%lx stack %lx brk %lx, before %lx-%lx %lx %lx",
        found.start_code, found.end_code, found.start_stack, found.start_brk, memory.start_code, memory.end_code,
        memory.start_stack, memory.start_brk);
}

static void check_files(int invocation) {
    char name[32], value[32];
    snprintf(name, sizeof name, "made-%d", invocation);
    int file = MUST(open(name, O_CREAT | O_RDWR, 0777)); /* relative */
    struct stat status;
    MUST(fstat(file, &status));
    REQUIRE((status.st_mode & 0777) == 0640, "umask: mode %o", status.st_mode & 0777);
    close(file);
    REQUIRE(field("/proc/self/status", "Umask", value, sizeof value) && !strcmp(value, "0137"), "Umask %s", value);
    REQUIRE(fcntl(0, F_DUPFD, 300) == -1 && errno == EINVAL, "RLIMIT_NOFILE does nothing");
}

void verify(int invocation) {
    check_names();
    check_files(invocation);
    for (int each = 0; each < RLIM_NLIMITS; each++) {
        struct rlimit found;
        MUST(getrlimit(each, &found));
        REQUIRE(found.rlim_cur == limits[each].rlim_cur && found.rlim_max == limits[each].rlim_max, "limit %d is %lu %lu, not %lu %lu",
            each, found.rlim_cur, found.rlim_max, limits[each].rlim_cur, limits[each].rlim_max);
    }
    errno = 0;
    int nice_value = getpriority(PRIO_PROCESS, 0);
    REQUIRE(nice_value == 7 && !errno, "nice is %d", nice_value);
    REQUIRE(getpid() == pid && gettid() == pid, "process %d, not %d", getpid(), pid);
    REQUIRE(getppid() == parent, "parent %d, not %d", getppid(), parent);
    REQUIRE(getpgrp() == group && getsid(0) == session, "group %d and session %d, not %d and %d", getpgrp(), getsid(0), group, session);
}
