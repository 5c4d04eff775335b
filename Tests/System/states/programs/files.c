// /tmp as the snapshot has it: content, owners, modes, times, links; and what a clone does to it is its own.
#include <dirent.h>

#include "state.h"

enum { SIZE = 1 << 20 };

enum { NAMES = 4 };

static char *content;
static bool links; /* of files that have two names */
static struct stat before[NAMES];
static const char *const names[NAMES] = {"large", "tree/deep/file", "link", "tree"};

static void write_file(const char *name, const void *bytes, size_t size, int mode) {
    int file = MUST(open(scratch(name), O_CREAT | O_WRONLY | O_TRUNC, mode));
    REQUIRE(MUST(write(file, bytes, size)) == (ssize_t)size, "a short write");
    MUST(fchmod(file, mode));
    close(file);
}

static bool has(const char *name, const void *bytes, size_t size) {
    size_t found_size;
    char *found = slurp(scratch(name), &found_size);
    bool same = found_size == size && !memcmp(found, bytes, size);
    free(found);
    return same;
}

void prepare(const char *variant) {
    links = strcmp(variant, "links") == 0;
    content = malloc(SIZE);
    fill(content, SIZE, 3);
    write_file("large", content, SIZE, 0604);
    write_file("small", "init", 4, 0600);
    MUST(mkdir(scratch("tree"), 0751));
    MUST(mkdir(scratch("tree/deep"), 0700));
    write_file("tree/deep/file", "deep", 4, 0444);
    MUST(symlink("tree/deep/file", scratch("link")));
    if (links)
        MUST(link(scratch("large"), scratch("second-name")));
    MUST(mkfifo(scratch("fifo"), 0600));
    write_file("gone", "x", 1, 0600);
    MUST(unlink(scratch("gone")));
    struct timespec times[2] = {{.tv_sec = 1000000000, .tv_nsec = 5000}, {.tv_sec = 1100000000, .tv_nsec = 7000}};
    MUST(utimensat(AT_FDCWD, scratch("large"), times, 0));
    for (int each = 0; each < NAMES; each++)
        MUST(lstat(scratch(names[each]), &before[each]));
}

static void check_status(void) {
    for (int each = 0; each < NAMES; each++) {
        struct stat now, *was = &before[each];
        MUST(lstat(scratch(names[each]), &now));
        REQUIRE(now.st_mode == was->st_mode, "%s: mode %o, not %o", names[each], now.st_mode, was->st_mode);
        REQUIRE(now.st_uid == was->st_uid && now.st_gid == was->st_gid, "%s: owner %d:%d, not %d:%d", names[each], now.st_uid,
            now.st_gid, was->st_uid, was->st_gid);
        REQUIRE(S_ISDIR(now.st_mode) || now.st_size == was->st_size, "%s: %ld bytes", names[each], now.st_size);
        REQUIRE(now.st_mtim.tv_sec == was->st_mtim.tv_sec && now.st_mtim.tv_nsec == was->st_mtim.tv_nsec,
            "%s: modified at %ld.%09ld, not %ld.%09ld", names[each], now.st_mtim.tv_sec, now.st_mtim.tv_nsec,
            was->st_mtim.tv_sec, was->st_mtim.tv_nsec);
        REQUIRE(S_ISDIR(now.st_mode) || now.st_nlink == was->st_nlink, "%s: %lu links", names[each], now.st_nlink);
    }
    struct stat fifo;
    MUST(lstat(scratch("fifo"), &fifo));
    REQUIRE(S_ISFIFO(fifo.st_mode), "a FIFO has mode %o", fifo.st_mode);
    REQUIRE(access(scratch("gone"), F_OK) == -1 && errno == ENOENT, "a deleted file is back");
}

/* Everything a program may do to its files. */
static void change(void) {
    write_file("small", "clone", 5, 0600);
    int file = MUST(open(scratch("large"), O_RDWR));
    MUST(pwrite(file, "changed", 7, 500000));
    MUST(ftruncate(file, SIZE / 2));
    MUST(fsync(file));
    close(file);
    struct stat other;
    if (links)
        MUST(stat(scratch("second-name"), &other));
    REQUIRE(!links || other.st_size == SIZE / 2, "a file that was cut off has %ld bytes by its other name", other.st_size);
    MUST(chmod(scratch("tree/deep/file"), 0644));
    write_file("tree/deep/file", "deeper", 6, 0644);
    REQUIRE(has("link", "deeper", 6), "a link leads elsewhere");
    MUST(rename(scratch("tree"), scratch("forest")));
    REQUIRE(has("forest/deep/file", "deeper", 6), "a renamed directory lost its file");
    MUST(rename(scratch("forest"), scratch("tree")));
    MUST(mkdir(scratch("tree/new"), 0755));
    MUST(rename(scratch("tree/deep"), scratch("tree/new/deep")));
    REQUIRE(rmdir(scratch("tree/deep")) == -1 && errno == ENOENT, "a moved directory is still there");
    MUST(rename(scratch("tree/new/deep"), scratch("tree/deep")));
    MUST(rmdir(scratch("tree/new")));
    int unnamed = MUST(open(scratch(""), O_TMPFILE | O_RDWR, 0600));
    MUST(posix_fallocate(unnamed, 0, 1 << 16));
    close(unnamed);
    DIR *directory = opendir(scratch(""));
    REQUIRE(directory, "/tmp: %s", strerror(errno));
    int entries = 0;
    while (readdir(directory))
        entries++;
    closedir(directory);
    REQUIRE(entries >= 7, "/tmp has %d entries", entries);
}

void verify(int invocation) {
    if (invocation > 1) {
        REQUIRE(has("small", "clone", 5), "what a clone wrote is lost at its next invocation");
        return;
    }
    check_status();
    REQUIRE(has("small", "init", 4) && has("large", content, SIZE) && has("link", "deep", 4), "/tmp has other content");
    change();
}
