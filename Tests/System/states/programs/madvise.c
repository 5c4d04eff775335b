// What a program can do to its memory after the snapshot must have the effect that it has without one.
#include "state.h"

#ifndef MADV_GUARD_INSTALL
enum { MADV_GUARD_INSTALL = 102 };
#endif
#ifndef MAP_DROPPABLE
enum { MAP_DROPPABLE = 0x08 };
#endif

static char *dropped, *freed, *grown, *moved, *split, *wiped, *kept, *advised, *special;
static const char *wanted;
static int key;

static char *map(size_t pages) {
    char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED, "mmap: %s", strerror(errno));
    return memory;
}

/* Memory in the middle of room, so that it can grow where it is. */
static char *with_room(size_t pages) {
    char *memory = map(4 * pages);
    MUST(mprotect(memory + pages * PAGE, 3 * pages * PAGE, PROT_NONE));
    fill(memory, pages * PAGE, pages);
    return memory;
}

static bool zero(const char *memory, size_t size) {
    for (size_t at = 0; at < size; at++)
        if (memory[at])
            return false;
    return true;
}

static void prepare_special(void) {
    if (!strcmp(wanted, "guard")) {
        special = map(8);
        fill(special, 8 * PAGE, 9);
        if (madvise(special + 2 * PAGE, 2 * PAGE, MADV_GUARD_INSTALL))
            unavailable("MADV_GUARD_INSTALL: %s", strerror(errno));
    } else if (!strcmp(wanted, "droppable")) {
        special = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0);
        if (special == MAP_FAILED)
            unavailable("MAP_DROPPABLE: %s", strerror(errno));
        else
            fill(special, 8 * PAGE, 9);
    } else if (!strcmp(wanted, "sealed")) {
        special = map(8);
        fill(special, 8 * PAGE, 9);
        MUST(mprotect(special, 8 * PAGE, PROT_READ));
        if (syscall(462 /* mseal */, special, 8 * PAGE, 0))
            unavailable("mseal: %s", strerror(errno));
    } else if (!strcmp(wanted, "locked")) {
        special = map(8);
        fill(special, 8 * PAGE, 9);
        if (mlock(special, 8 * PAGE))
            unavailable("mlock: %s", strerror(errno));
    } else if (!strcmp(wanted, "key")) {
        special = map(8);
        fill(special, 8 * PAGE, 9);
        key = pkey_alloc(0, 0);
        if (key < 0)
            unavailable("pkey_alloc: %s", strerror(errno));
        else
            MUST(pkey_mprotect(special, 8 * PAGE, PROT_READ | PROT_WRITE, key));
    }
}

void prepare(const char *variant) {
    wanted = variant;
    dropped = map(32);
    fill(dropped, 32 * PAGE, 1);
    freed = map(32);
    fill(freed, 32 * PAGE, 2);
    grown = with_room(16);
    moved = map(16); /* one mapping: written, untouched and read pages */
    fill(moved, 5 * PAGE, 3);
    split = map(48);
    fill(split, 48 * PAGE, 4);
    wiped = map(4);
    fill(wiped, 4 * PAGE, 5);
    MUST(madvise(wiped, 4 * PAGE, MADV_WIPEONFORK));
    kept = map(4);
    fill(kept, 4 * PAGE, 6);
    MUST(madvise(kept, 4 * PAGE, MADV_DONTFORK));
    advised = map(4);
    fill(advised, 4 * PAGE, 7);
    MUST(madvise(advised, 4 * PAGE, MADV_DONTDUMP));
    prepare_special();
}

static void check_special(void) {
    if (!special || special == MAP_FAILED || (!strcmp(wanted, "key") && key < 0))
        return;
    if (!strcmp(wanted, "guard")) {
        REQUIRE(filled(special, 2 * PAGE, 9), "memory before a guard region changed");
        int ends[2];
        MUST(pipe(ends));
        for (int page = 0; page < 8; page++) {
            bool readable = write(ends[1], special + page * PAGE, 1) == 1;
            REQUIRE(readable == (page != 2 && page != 3), "page %d of a guarded region is %sreadable", page, readable ? "" : "not ");
        }
        close(ends[0]);
        close(ends[1]);
    } else if (!strcmp(wanted, "droppable")) {
        REQUIRE(is_clone() ? zero(special, 8 * PAGE) : filled(special, 8 * PAGE, 9), "droppable memory is in two clones");
    } else if (!strcmp(wanted, "sealed")) {
        REQUIRE(filled(special, 8 * PAGE, 9), "sealed memory changed");
        REQUIRE(mprotect(special, PAGE, PROT_READ | PROT_WRITE) == -1, "sealed memory is not sealed any more");
    } else if (!strcmp(wanted, "locked")) {
        REQUIRE(filled(special, 8 * PAGE, 9) && flagged(special, "lo"), "locked memory is not locked any more");
    } else if (!strcmp(wanted, "key")) {
        REQUIRE(filled(special, 8 * PAGE, 9), "memory with a protection key changed");
        MUST(pkey_set(key, PKEY_DISABLE_ACCESS));
        int nowhere = MUST(open("/dev/zero", O_RDONLY));
        REQUIRE(read(nowhere, special, 1) == -1, "a protection key does not protect any more");
        close(nowhere);
        MUST(pkey_set(key, 0));
    }
}

static void first(void) {
    MUST(madvise(dropped + 4 * PAGE, 8 * PAGE, MADV_DONTNEED));
    REQUIRE(zero(dropped + 4 * PAGE, 8 * PAGE), "MADV_DONTNEED gives no zeros");
    char *copy = map(32);
    fill(copy, 32 * PAGE, 1);
    REQUIRE(!memcmp(dropped, copy, 4 * PAGE) && !memcmp(dropped + 12 * PAGE, copy + 12 * PAGE, 20 * PAGE),
        "MADV_DONTNEED took more than it was asked");
    MUST(madvise(freed, 32 * PAGE, MADV_FREE));
    fill(copy, 32 * PAGE, 2);
    for (int page = 0; page < 32; page++)
        REQUIRE(zero(freed + page * PAGE, PAGE) || !memcmp(freed + page * PAGE, copy + page * PAGE, PAGE), "MADV_FREE left something else");
    fill(freed, 32 * PAGE, 77);
    REQUIRE(filled(freed, 32 * PAGE, 77), "memory is not usable after MADV_FREE");
    MUST(munmap(grown + 16 * PAGE, 48 * PAGE));
    REQUIRE(mremap(grown, 16 * PAGE, 64 * PAGE, 0) == grown, "memory does not grow where it is: %s", strerror(errno));
    REQUIRE(filled(grown, 16 * PAGE, 16) && zero(grown + 16 * PAGE, 48 * PAGE), "grown memory has other content");
    char *target = mremap(moved, 16 * PAGE, 4096 * PAGE, MREMAP_MAYMOVE);
    REQUIRE(target != MAP_FAILED, "memory does not move: %s", strerror(errno));
    REQUIRE(filled(target, 5 * PAGE, 3) && zero(target + 5 * PAGE, 4091 * PAGE), "moved memory has other content");
    target = mremap(split + 16 * PAGE, 16 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map(16));
    REQUIRE(target != MAP_FAILED, "a part does not move: %s", strerror(errno));
    char *all = malloc(48 * PAGE);
    fill(all, 48 * PAGE, 4);
    REQUIRE(!memcmp(target, all + 16 * PAGE, 16 * PAGE) && !memcmp(split, all, 16 * PAGE)
            && !memcmp(split + 32 * PAGE, all + 32 * PAGE, 16 * PAGE), "a part that moved has other content");
    REQUIRE(mmap(split + 16 * PAGE, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)
            == split + 16 * PAGE, "where memory moved away is something else: %s", strerror(errno));
    REQUIRE(mremap(split, 48 * PAGE, 8 * PAGE, 0) == split, "memory does not shrink: %s", strerror(errno));
    REQUIRE(!memcmp(split, all, 8 * PAGE), "shrunk memory has other content");
    free(all);
    MUST(munmap(copy, 32 * PAGE));
    if (is_clone())
        REQUIRE(zero(wiped, 4 * PAGE), "MADV_WIPEONFORK memory is in two clones");
    REQUIRE(zero(wiped, 4 * PAGE) || filled(wiped, 4 * PAGE, 5), "MADV_WIPEONFORK memory has other content");
}

void verify(int invocation) {
    if (invocation == 1)
        first();
    fill(wiped, 4 * PAGE, 5);
    REQUIRE(flagged(wiped, "wf"), "MADV_WIPEONFORK is lost");
    REQUIRE(filled(kept, 4 * PAGE, 6) && flagged(kept, "dc"), "MADV_DONTFORK memory changed, or can be forked");
    REQUIRE(filled(advised, 4 * PAGE, 7) && flagged(advised, "dd"), "MADV_DONTDUMP memory changed");
    check_special();
}
