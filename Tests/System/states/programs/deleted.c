// Files that are open and have no name any more.
#include "state.h"

enum { FILES = 4 };

static const size_t sizes[FILES] = {0, 1, 5000, 300000};
static const int more[FILES] = {0, O_APPEND, O_NOFOLLOW, 0};
static int files[FILES], unnamed, duplicate;
static char *content;

static void check(int file, size_t size, size_t position, int seed) {
    off_t at = MUST(lseek(file, 0, SEEK_CUR));
    REQUIRE(at == (off_t)position, "a deleted file is at %ld, not %zu", at, position);
    struct stat status;
    MUST(fstat(file, &status));
    REQUIRE(status.st_size == (off_t)size && S_ISREG(status.st_mode), "a deleted file of %zu bytes has %ld", size, status.st_size);
    REQUIRE(MUST(pread(file, content, size + 1, 0)) == (ssize_t)size && filled(content, size, seed), "a deleted file of %zu bytes changed",
        size);
}

void prepare(const char *variant) {
    (void)variant;
    content = malloc(400000);
    for (int each = 0; each < FILES; each++) {
        files[each] = MUST(open(scratch("deleted"), O_CREAT | O_EXCL | O_RDWR | more[each], 0600));
        MUST(unlink(scratch("deleted")));
        fill(content, sizes[each], each);
        MUST(write(files[each], content, sizes[each]));
        MUST(lseek(files[each], sizes[each] / 2, SEEK_SET));
    }
    unnamed = MUST(open(scratch(""), O_TMPFILE | O_RDWR | O_EXCL | O_NOFOLLOW, 0600)); /* as Python's TemporaryFile() does */
    fill(content, 9000, 50);
    MUST(write(unnamed, content, 9000));
    duplicate = MUST(dup(unnamed));
}

void verify(int invocation) {
    if (invocation == 1) {
        for (int each = 0; each < FILES; each++)
            check(files[each], sizes[each], sizes[each] / 2, each);
        check(unnamed, 9000, 9000, 50);
    }
    REQUIRE(fcntl(files[1], F_GETFL) & O_APPEND, "O_APPEND is lost");
    for (int each = 0; each < FILES; each++) {
        MUST(ftruncate(files[each], 0));
        MUST(lseek(files[each], 0, SEEK_SET));
        fill(content, 100, 60 + invocation);
        MUST(write(files[each], content, 100));
        check(files[each], 100, 100, 60 + invocation);
    }
    MUST(lseek(duplicate, 77, SEEK_SET));
    REQUIRE(MUST(lseek(unnamed, 0, SEEK_CUR)) == 77, "duplicates do not share their position");
}
