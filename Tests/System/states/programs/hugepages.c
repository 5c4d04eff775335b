// 64 MiB that may use huge pages, written in part, and a range that may not.
#include "state.h"

enum { HUGE = 2 << 20, SIZE = 32 * HUGE };

static char *memory, *small;

void prepare(const char *variant) {
    (void)variant;
    char *room = mmap(NULL, SIZE + 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(room != MAP_FAILED, "mmap: %s", strerror(errno));
    memory = (char *)(((uintptr_t)room + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
    MUST(madvise(memory, SIZE, MADV_HUGEPAGE));
    for (int each = 0; each < 32; each++)
        if (each % 4 != 3) /* the others are never touched */
            fill(memory + each * HUGE, HUGE, each);
    small = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(madvise(small, HUGE, MADV_NOHUGEPAGE));
    fill(small, HUGE, 99);
}

void verify(int invocation) {
    for (int each = 0; each < 32; each++) {
        char *part = memory + each * HUGE;
        if (each % 4 == 3) {
            for (int at = 0; at < HUGE; at += 64)
                REQUIRE(!part[at], "huge page %d was never written and is not zero", each);
        } else {
            uint64_t seed = invocation > 1 && each % 4 == 0 ? 100 + each : each;
            REQUIRE(filled(part, HUGE, seed), "huge page %d changed", each);
        }
        if (invocation == 1 && each % 4 == 0)
            fill(part, HUGE, 100 + each);
    }
    REQUIRE(filled(small, HUGE, 99), "memory without huge pages changed");
    REQUIRE(flagged(small, "nh"), "MADV_NOHUGEPAGE is lost");
    MUST(madvise(memory + 3 * HUGE, HUGE, MADV_DONTNEED));
    REQUIRE(!memory[3 * HUGE], "MADV_DONTNEED of a huge page gives no zeros");
}
