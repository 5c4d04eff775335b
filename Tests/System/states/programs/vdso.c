// The kernel's code in the process: the functions of the vdso, found before the snapshot, called after it. Its random generator keeps
// a state in memory that no two clones may share.
#include <elf.h>
#include <sys/auxv.h>

#include "state.h"

struct random_state { uint32_t size, protection, flags, reserved[13]; };

static int (*get_time)(clockid_t, struct timespec *);
static int (*get_processor)(unsigned *, unsigned *, void *);
static time_t (*seconds)(time_t *);
static ssize_t (*get_random)(void *, size_t, unsigned, void *, size_t);
static struct random_state layout;
static void *generator;

static void *symbol(const char *name) {
    Elf64_Ehdr *header = (Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
    Elf64_Phdr *segments = (Elf64_Phdr *)((char *)header + header->e_phoff);
    char *base = NULL;
    Elf64_Dyn *dynamic = NULL;
    for (int each = 0; each < header->e_phnum; each++) {
        if (segments[each].p_type == PT_LOAD && !base)
            base = (char *)header + segments[each].p_offset - segments[each].p_vaddr;
        else if (segments[each].p_type == PT_DYNAMIC)
            dynamic = (Elf64_Dyn *)((char *)header + segments[each].p_offset);
    }
    Elf64_Sym *symbols = NULL;
    char *names = NULL;
    for (Elf64_Dyn *entry = dynamic; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_SYMTAB)
            symbols = (Elf64_Sym *)(base + entry->d_un.d_ptr);
        else if (entry->d_tag == DT_STRTAB)
            names = base + entry->d_un.d_ptr;
    }
    for (Elf64_Sym *each = symbols + 1; (char *)each < names; each++)
        if (!strcmp(names + each->st_name, name))
            return base + each->st_value;
    return NULL;
}

void prepare(const char *variant) {
    (void)variant;
    get_time = symbol("__vdso_clock_gettime");
    get_processor = symbol("__vdso_getcpu");
    seconds = symbol("__vdso_time");
    get_random = symbol("__vdso_getrandom");
    REQUIRE(get_time && get_processor && seconds, "the vdso lacks a function");
    if (!get_random || get_random(NULL, 0, 0, &layout, ~(size_t)0) != 0) {
        get_random = NULL;
        return;
    }
    generator = mmap(NULL, PAGE, layout.protection, layout.flags, -1, 0);
    REQUIRE(generator != MAP_FAILED, "state of getrandom: %s", strerror(errno));
    char drawn[32];
    REQUIRE(get_random(drawn, sizeof drawn, 0, generator, layout.size) == sizeof drawn, "the vdso gives no random bytes");
}

static uint64_t vdso_time(clockid_t clock) {
    struct timespec time;
    REQUIRE(get_time(clock, &time) == 0, "the vdso does not know clock %d", clock);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static uint64_t kernel_time(clockid_t clock) {
    struct timespec time;
    MUST(syscall(SYS_clock_gettime, clock, &time));
    return time.tv_sec * SECOND + time.tv_nsec;
}

void verify(int invocation) {
    (void)invocation;
    static const clockid_t clocks[] = {
        CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_MONOTONIC_RAW};
    for (int each = 0; each < COUNT(clocks); each++)
        for (int turn = 0; turn < 100; turn++) {
            uint64_t before = kernel_time(clocks[each]), inside = vdso_time(clocks[each]), after = kernel_time(clocks[each]);
            REQUIRE(before <= inside && inside <= after, "clock %d is %lu in the vdso, between %lu and %lu in the kernel", clocks[each],
                inside, before, after);
        }
    time_t wall = kernel_time(CLOCK_REALTIME) / SECOND, told = seconds(NULL);
    REQUIRE(told >= wall - 1 && told <= wall + 1, "time is %ld, not %ld", told, wall);
    unsigned processor = 9999;
    REQUIRE(get_processor(&processor, NULL, NULL) == 0 && processor < 4096, "getcpu gives %u", processor);
    if (get_random) {
        uint64_t drawn = 0;
        REQUIRE(get_random(&drawn, sizeof drawn, 0, generator, layout.size) == sizeof drawn, "the vdso gives no random bytes");
        tell("unique", "%016lx", drawn);
    }
}
