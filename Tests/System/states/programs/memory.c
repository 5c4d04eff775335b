// Mappings of every kind, with the protection, flags and content that they have.
#include <setjmp.h>

#include "state.h"

enum { BIG = 64 };

static char *guarded, *frozen, *code, *private_file, *shared_file, *beyond, *huge_hole, *mixed, *heap, *heap_end;
static char *blob, *maps_before;
static sigjmp_buf fault;
static volatile int fault_signal;

static void on_fault(int signal) {
    fault_signal = signal;
    siglongjmp(fault, 1);
}

/* The signal that reading or writing there gives; 0 if it works. */
static int touch(volatile char *address, bool write) {
    fault_signal = 0;
    if (!sigsetjmp(fault, 1)) {
        char value = *address;
        if (write)
            *address = value;
    }
    return fault_signal;
}

static char *map(size_t pages, int protection, int flags) {
    char *memory = mmap(NULL, pages * PAGE, protection, flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED, "mmap: %s", strerror(errno));
    return memory;
}

static bool contains(unsigned long start, unsigned long end, const void *address) {
    return start <= (unsigned long)address && (unsigned long)address < end;
}

/* The address space, in ranges with protection and those flags that a program can set. */
static char *maps(void) {
    char *text = slurp("/proc/self/smaps", NULL), *result = calloc(1, strlen(text) + 1), *out = result;
    char *end_of_heap = sbrk(0);
    bool skipped = false;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long start, end, offset;
        char protection[5], path[256] = "";
        if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %255s", &start, &end, protection, &offset, path) >= 4) {
            /* The buffer that this text is read into moves. Far from where the kernel puts anything, a clone has what it was
             * restored with. */
            skipped = (start >= 0x100000000000 && start < 0x550000000000) || strstr(path, "[v") || strstr(path, "[stack]")
                || contains(start, end, text) || contains(start, end, end_of_heap - 1);
            if (!skipped)
                out += sprintf(out, "%lx-%lx %s %lx %s", start, end, protection, *path == '/' ? offset : 0,
                    *path == '/' ? path : "");
        } else if (!strncmp(line, "VmFlags:", 8) && !skipped) {
            static const char *const told[] = {"sh", "mr", "mw", "me", "ms", "gd", "lo", "nr", "wf", "hg", "nh", "dc", "dd", "um"};
            for (int each = 0; each < COUNT(told); each++)
                if (strstr(line + 8, told[each]))
                    out += sprintf(out, " %s", told[each]);
            out += sprintf(out, "\n");
        }
    }
    free(text);
    return result;
}

static void prepare_files(void) {
    blob = malloc(20 * PAGE);
    fill(blob, 20 * PAGE, 8);
    int file = MUST(open(scratch("mapped"), O_CREAT | O_RDWR, 0600));
    MUST(write(file, blob, 20 * PAGE - 100));
    private_file = mmap(NULL, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    fill(private_file + 3 * PAGE, PAGE, 9);
    private_file[10 * PAGE + 17] = 'x';
    MUST(mprotect(private_file + 15 * PAGE, 2 * PAGE, PROT_READ));
    int readable = MUST(open(scratch("mapped"), O_RDONLY));
    shared_file = mmap(NULL, 5 * PAGE, PROT_READ, MAP_SHARED, readable, 4 * PAGE);
    beyond = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 19 * PAGE);
    REQUIRE(private_file != MAP_FAILED && shared_file != MAP_FAILED && beyond != MAP_FAILED, "mmap: %s", strerror(errno));
    close(file);
    close(readable);
}

void prepare(const char *variant) {
    (void)variant;
    struct sigaction action = {.sa_handler = on_fault};
    MUST(sigaction(SIGSEGV, &action, NULL));
    MUST(sigaction(SIGBUS, &action, NULL));
    guarded = map(10, PROT_NONE, 0);
    MUST(mprotect(guarded + PAGE, 8 * PAGE, PROT_READ | PROT_WRITE));
    fill(guarded + PAGE, 8 * PAGE, 1);
    frozen = map(12, PROT_READ | PROT_WRITE, 0);
    fill(frozen, 12 * PAGE, 2);
    MUST(mprotect(frozen + 4 * PAGE, 4 * PAGE, PROT_READ));
    MUST(mprotect(frozen + 8 * PAGE, 4 * PAGE, PROT_NONE));
    code = map(1, PROT_READ | PROT_WRITE, 0);
    static const unsigned char answer[] = {0xB8, 0x2A, 0, 0, 0, 0xC3}; /* mov $42, %eax; ret */
    memcpy(code, answer, sizeof answer);
    MUST(mprotect(code, PAGE, PROT_READ | PROT_EXEC));
    huge_hole = map(1 << 20, PROT_READ | PROT_WRITE, MAP_NORESERVE); /* 4 GiB */
    for (int each = 0; each < BIG; each++)
        huge_hole[each * ((size_t)PAGE << 14) + each] = each + 1;
    mixed = map(64, PROT_READ | PROT_WRITE, 0); /* every other page untouched, read only, or written */
    for (int each = 0; each < 64; each++) {
        if (each % 3 == 1)
            fill(mixed + each * PAGE, PAGE, each);
        else if (each % 3 == 2)
            touch(mixed + each * PAGE, false);
    }
    prepare_files();
    heap = sbrk(10 * PAGE);
    fill(heap, 10 * PAGE, 5);
    maps_before = maps();
    heap_end = sbrk(0);
}

static void first(void) {
    REQUIRE(sbrk(0) == heap_end, "the heap ends at %p, not %p", sbrk(0), heap_end);
    char *found = maps();
    if (strcmp(found, maps_before)) {
        char *was = maps_before, *is = found;
        while (*was && *was == *is)
            was++, is++;
        while (was > maps_before && was[-1] != '\n')
            was--, is--;
        fail("mapping '%.*s', before the snapshot '%.*s'", (int)strcspn(is, "\n"), is, (int)strcspn(was, "\n"), was);
    }
    free(found);
    REQUIRE(filled(heap, 10 * PAGE, 5), "the heap changed");
    REQUIRE(filled(guarded + PAGE, 8 * PAGE, 1), "memory between guard pages changed");
    for (int each = 0; each < BIG; each++)
        REQUIRE(huge_hole[each * ((size_t)PAGE << 14) + each] == each + 1 && !huge_hole[each * ((size_t)PAGE << 14) + 4000],
            "a sparse mapping changed");
    static const char zero[PAGE];
    for (int each = 0; each < 64; each++)
        REQUIRE(each % 3 == 1 ? filled(mixed + each * PAGE, PAGE, each) : !memcmp(mixed + each * PAGE, zero, PAGE),
            "page %d changed", each);
    REQUIRE(touch(frozen + 5 * PAGE, false) == 0 && touch(frozen + 5 * PAGE, true) == SIGSEGV, "read-only memory can be written");
    REQUIRE(touch(frozen + 8 * PAGE, false) == SIGSEGV, "memory without access can be read");
    MUST(mprotect(frozen, 12 * PAGE, PROT_READ | PROT_WRITE));
    REQUIRE(filled(frozen, 12 * PAGE, 2), "memory that was protected changed");
    REQUIRE(private_file[10 * PAGE + 17] == 'x' && filled(private_file + 3 * PAGE, PAGE, 9),
        "a private file mapping lost what was written");
    private_file[10 * PAGE + 17] = blob[10 * PAGE + 17];
    memcpy(private_file + 3 * PAGE, blob + 3 * PAGE, PAGE);
    REQUIRE(!memcmp(private_file, blob, 20 * PAGE - 100), "a private file mapping has other content");
    REQUIRE(touch(private_file + 15 * PAGE, true) == SIGSEGV, "a part of a file mapping can be written");
}

void verify(int invocation) {
    if (invocation == 1)
        first();
    REQUIRE(touch(guarded, false) == SIGSEGV && touch(guarded + 9 * PAGE, true) == SIGSEGV, "a guard page is open");
    REQUIRE(((int (*)(void))code)() == 42 && touch(code, true) == SIGSEGV, "generated code changed");
    REQUIRE(!memcmp(shared_file, blob + 4 * PAGE, 5 * PAGE) && touch(shared_file, true) == SIGSEGV, "a shared file mapping changed");
    REQUIRE(touch(beyond, true) == 0 && touch(beyond + PAGE, false) == SIGBUS, "memory beyond the end of a file can be read");
    char *grown = sbrk(100 * PAGE);
    REQUIRE(grown != (char *)-1, "the heap does not grow: %s", strerror(errno));
    fill(grown, 100 * PAGE, invocation);
    REQUIRE(filled(grown, 100 * PAGE, invocation), "the grown heap is no memory");
    MUST((long)sbrk(-50 * PAGE));
    char *pieces[200];
    for (int each = 0; each < 200; each++) {
        pieces[each] = malloc(each * 997 + 1);
        memset(pieces[each], each, each * 997 + 1);
    }
    for (int each = 0; each < 200; each++) {
        REQUIRE(pieces[each][each * 997] == (char)each, "malloc gave memory twice");
        free(pieces[each]);
    }
}
