// Open files: numbers, positions, flags, dup'ed descriptors that share a position, directories, devices.
#include <dirent.h>

#include "state.h"

static int data, shared[2], shared_high, separate, appending, readonly, position_only;
static int directory, path_only, devices[4], image, of_proc = -1;
static const char *const names[4] = {"/dev/null", "/dev/zero", "/dev/urandom", "/dev/full"};
static char content[10000], copy[10000];

static off_t at(int descriptor) {
    return MUST(lseek(descriptor, 0, SEEK_CUR));
}

static int make(const char *name, int flags) {
    int descriptor = MUST(open(scratch(name), O_CREAT | flags, 0640));
    if ((flags & O_ACCMODE) != O_RDONLY)
        REQUIRE(MUST(write(descriptor, content, sizeof content)) == (ssize_t)sizeof content, "a short write");
    return descriptor;
}

static const char *next_entry(int descriptor) {
    static char buffer[4096];
    long got = MUST(syscall(SYS_getdents64, descriptor, buffer, 64)); /* room for one or two */
    return got > 0 ? buffer + 19 : "";
}

void prepare(const char *variant) {
    umask(027);
    if (!strcmp(variant, "proc"))
        of_proc = MUST(open("/proc/self/status", O_RDONLY));
    fill(content, sizeof content, 1);
    data = make("data", O_RDWR | O_CLOEXEC);
    MUST(lseek(data, 1234, SEEK_SET));
    shared[0] = make("shared", O_RDWR);
    shared[1] = MUST(dup(shared[0]));
    shared_high = MUST(fcntl(shared[0], F_DUPFD_CLOEXEC, 511));
    MUST(lseek(shared[0], 100, SEEK_SET));
    separate = MUST(open(scratch("shared"), O_RDONLY));
    MUST(lseek(separate, 7, SEEK_SET));
    appending = make("appending", O_WRONLY | O_APPEND | O_NONBLOCK);
    readonly = MUST(open(scratch("data"), O_RDONLY | O_NOATIME));
    position_only = MUST(open(scratch("data"), O_RDWR));
    MUST(lseek(position_only, 1 << 20, SEEK_SET)); /* beyond the end */
    MUST(mkdir(scratch("directory"), 0755));
    for (int each = 0; each < 40; each++) {
        char name[64];
        snprintf(name, sizeof name, "directory/entry-%02d", each);
        close(MUST(open(scratch(name), O_CREAT | O_WRONLY, 0600)));
    }
    directory = MUST(open(scratch("directory"), O_RDONLY | O_DIRECTORY));
    path_only = MUST(open(scratch("directory"), O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (int each = 0; each < 4; each++)
        devices[each] = MUST(open(names[each], O_RDWR));
    image = MUST(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    MUST(lseek(image, 5, SEEK_SET));
}

static void check_flags(const char *name, int descriptor, int flags, int cloexec) {
    int found = MUST(fcntl(descriptor, F_GETFL));
    REQUIRE((found & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_NOATIME | O_PATH | O_DIRECTORY)) == flags, "%s: flags %o, not %o", name,
        found, flags);
    REQUIRE(MUST(fcntl(descriptor, F_GETFD)) == (cloexec ? FD_CLOEXEC : 0), "%s: FD_CLOEXEC changed", name);
}

static void check_all_flags(void) {
    check_flags("data", data, O_RDWR, 1);
    check_flags("shared", shared[0], O_RDWR, 0);
    check_flags("a duplicate", shared[1], O_RDWR, 0);
    check_flags("a high duplicate", shared_high, O_RDWR, 1);
    check_flags("appending", appending, O_WRONLY | O_APPEND | O_NONBLOCK, 0);
    check_flags("read-only", readonly, O_RDONLY | O_NOATIME, 0);
    check_flags("a directory", directory, O_RDONLY | O_DIRECTORY, 0);
    check_flags("a path", path_only, O_PATH | O_DIRECTORY, 1);
    check_flags("/etc/passwd", image, O_RDONLY, 1);
}

static void first(void) {
    REQUIRE(at(data) == 1234 && at(separate) == 7 && at(readonly) == 0 && at(image) == 5 && at(position_only) == 1 << 20,
        "positions %ld %ld %ld %ld %ld", at(data), at(separate), at(readonly), at(image), at(position_only));
    REQUIRE(at(shared[0]) == 100 && at(shared[1]) == 100 && at(shared_high) == 100, "positions of duplicates changed");
    MUST(read(data, copy, 500));
    REQUIRE(!memcmp(copy, content + 1234, 500), "read from another place");
    MUST(lseek(data, 1234, SEEK_SET));
    /* Clones go on from the same place, each for itself. */
    const char *name = next_entry(directory);
    REQUIRE(*name, "a directory's listing ends at once");
}

void verify(int invocation) {
    if (invocation == 1)
        first();
    check_all_flags();
    MUST(lseek(shared[1], 4000, SEEK_SET));
    REQUIRE(at(shared[0]) == 4000 && at(shared_high) == 4000, "duplicates do not share their position");
    REQUIRE(at(separate) == 7, "what was opened twice shares its position");
    MUST(read(shared_high, copy, 100));
    REQUIRE(at(shared[0]) == 4100 && !memcmp(copy, content + 4000, 100), "duplicates do not share their position");
    char mark[16];
    snprintf(mark, sizeof mark, "mark %d", invocation);
    MUST(pwrite(shared[0], mark, sizeof mark, 2000));
    MUST(pread(separate, copy, sizeof mark, 2000));
    REQUIRE(!memcmp(copy, mark, sizeof mark), "two descriptors of a file see different files");
    MUST(lseek(appending, 3, SEEK_SET));
    MUST(write(appending, "tail", 4));
    struct stat status;
    MUST(fstat(appending, &status));
    REQUIRE(status.st_size == (off_t)sizeof content + 4 * invocation, "an appending descriptor wrote at %ld", status.st_size);
    REQUIRE(read(appending, copy, 1) == -1 && errno == EBADF, "a write-only descriptor can be read");
    MUST(lseek(directory, 0, SEEK_SET));
    int entries = 0;
    while (*next_entry(directory))
        entries++;
    REQUIRE(entries > 20, "a directory has %d entries", entries);
    REQUIRE(MUST(fstatat(path_only, "entry-39", &status, 0)) == 0 && S_ISREG(status.st_mode), "a path descriptor is lost");
    REQUIRE(write(devices[0], "x", 1) == 1 && read(devices[0], copy, 1) == 0, "not /dev/null");
    REQUIRE(read(devices[1], copy, 3) == 3 && !copy[0], "not /dev/zero");
    REQUIRE(write(devices[3], "x", 1) == -1 && errno == ENOSPC, "not /dev/full");
    uint64_t drawn = 0;
    MUST(read(devices[2], &drawn, sizeof drawn));
    tell("unique", "%016lx", drawn);
    if (of_proc >= 0) {
        char wanted[32];
        REQUIRE(pread(of_proc, copy, sizeof copy - 1, 0) > 0, "a file of /proc: %s", strerror(errno));
        snprintf(wanted, sizeof wanted, "\nTgid:\t%d\n", getpid());
        REQUIRE(strstr(copy, wanted), "a file of /proc is of another process");
    }
    REQUIRE(write(image, "x", 1) == -1 && errno == EBADF, "a read-only descriptor can be written");
}
