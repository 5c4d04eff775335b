// What every clone has for itself: files in /tmp with their numbers, holes, names and locks; files mapped shared; shared memory.
#include <sys/file.h>
#include <sys/wait.h>

#include "state.h"

enum { FILES = 4, SIZE = 3 * PAGE };

static struct stat before[FILES];
static const char *const names[FILES] = {"kept", "sub/second", "link", "later/inner"};
static int kept, gone, memory, ofd;
static char *anonymous, *of_memory[2], *of_file, *of_gone;

static struct stat look(const char *name) {
    struct stat found;
    REQUIRE(lstat(scratch(name), &found) == 0, "%s: %s", name, strerror(errno));
    return found;
}

static char *map(int file, off_t offset, size_t size) {
    char *found = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | (file < 0 ? MAP_ANONYMOUS : 0), file, offset);
    REQUIRE(found != MAP_FAILED, "mmap: %s", strerror(errno));
    return found;
}

static int make(const char *name) {
    int file = MUST(open(scratch(name), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0640));
    char content[SIZE];
    fill(content, sizeof content, 7);
    REQUIRE(write(file, content, sizeof content) == SIZE, "write: %s", strerror(errno));
    return file;
}

void prepare(const char *variant) {
    (void)variant;
    for (int each = 0; each < 5; each++)
        close(make("passing")), MUST(unlink(scratch("passing")));
    MUST(mkdir(scratch("sub"), 0711));
    kept = make("kept"), gone = make("gone"), ofd = make("sub/second");
    MUST(ftruncate(kept, 64 << 20));
    MUST(unlink(scratch("gone")));
    MUST(link(scratch("kept"), scratch("link")));
    MUST(mkdir(scratch("inner"), 0700));
    MUST(mkdir(scratch("later"), 0700));
    MUST(rename(scratch("inner"), scratch("later/inner")));
    anonymous = map(-1, 0, SIZE), of_file = map(kept, 0, SIZE), of_gone = map(gone, 0, SIZE);
    memory = MUST(memfd_create("the-memfd", MFD_CLOEXEC));
    MUST(ftruncate(memory, SIZE));
    of_memory[0] = map(memory, 0, SIZE), of_memory[1] = map(memory, PAGE, PAGE);
    fill(anonymous, SIZE, 8), fill(of_memory[0], SIZE, 9);
    MUST(mprotect(anonymous + PAGE, PAGE, PROT_READ));
    MUST(flock(gone, LOCK_EX));
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 10};
    MUST(fcntl(kept, F_SETLK, &range));
    MUST(fcntl(ofd, F_OFD_SETLK, &range));
    for (int each = 0; each < FILES; each++)
        before[each] = look(names[each]);
}

static void check_names(void) {
    for (int each = 0; each < FILES; each++) {
        struct stat now = look(names[each]);
#define SAME(member) REQUIRE(now.member == before[each].member, #member " of %s is another", names[each])
        SAME(st_ino);
        SAME(st_mode);
        SAME(st_nlink);
        SAME(st_size);
        SAME(st_blocks);
        SAME(st_mtim.tv_sec);
        SAME(st_mtim.tv_nsec);
    }
    struct stat open;
    MUST(fstat(kept, &open));
    REQUIRE(open.st_ino == look("kept").st_ino && open.st_dev == look("kept").st_dev, "an open file is not the named one");
}

/* Whether somebody else could lock a range of the file. */
static short lockable(int file, off_t start) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    pid_t child = MUST(fork());
    if (child == 0) {
        int other = open(path, O_RDWR);
        _exit(other < 0 || fcntl(other, F_OFD_GETLK, &range) ? 99 : range.l_type);
    }
    int status;
    MUST(waitpid(child, &status, 0));
    return WEXITSTATUS(status);
}

static void check_locks(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", gone);
    int other = MUST(open(path, O_RDWR));
    REQUIRE(flock(other, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK, "a file is not locked as a whole");
    close(other);
    for (int each = 0; each < 2; each++) {
        int file = each ? ofd : kept;
        REQUIRE(lockable(file, 14) == F_WRLCK, "a part of a file is not locked");
        REQUIRE(lockable(file, 4) == F_UNLCK && lockable(file, 15) == F_UNLCK, "too much of a file is locked");
    }
}

void verify(int invocation) {
    if (invocation == 1) {
        check_names();
        REQUIRE(filled(anonymous, SIZE, 8) && filled(of_memory[0], SIZE, 9), "shared memory has changed");
        REQUIRE(filled(of_file, SIZE, 7) && filled(of_gone, SIZE, 7), "a mapped file has changed");
    }
    check_locks();
    /* Each clone has its own: a value that only this one writes. */
    static pid_t mark;
    if (invocation == 1)
        mark = (pid_t)now(CLOCK_MONOTONIC);
    else
        REQUIRE(!memcmp(anonymous, &mark, sizeof mark) && !memcmp(of_gone, &mark, sizeof mark), "another clone wrote here");
    memcpy(anonymous, &mark, sizeof mark), memcpy(of_file, &mark, sizeof mark), memcpy(of_gone, &mark, sizeof mark);
    memcpy(of_memory[1], &mark, sizeof mark);
    pid_t found = 0;
    REQUIRE(pread(kept, &found, sizeof found, 0) == sizeof found && found == mark, "the file is not the mapped one");
    REQUIRE(pread(gone, &found, sizeof found, 0) == sizeof found && found == mark, "the file without a name is not the mapped one");
    REQUIRE(!memcmp(of_memory[0] + PAGE, &mark, sizeof mark), "one memory is mapped as two");
    REQUIRE(pread(memory, &found, sizeof found, PAGE) == sizeof found && found == mark, "the memory is not the open one");
    /* A child shares it. */
    pid_t child = MUST(fork());
    if (child == 0)
        anonymous[100] = (char)invocation, _exit(0);
    MUST(waitpid(child, NULL, 0));
    REQUIRE(anonymous[100] == (char)invocation, "a child has a copy of shared memory");
}
