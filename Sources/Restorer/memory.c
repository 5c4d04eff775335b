#include "memory.h"

#include "image.h"
#include "report.h"
#include "syscalls.h"

static int content[2]; /* by enum thaw_run_source */

/* The file mapped last: a library's mappings follow one another. */
static struct {
    uint64_t path; /* 0: none */
    int descriptor;
} opened;

static int open_mapped(const struct thaw_mapping *mapping) {
    if (opened.path == mapping->path) return opened.descriptor;
    if (opened.path) sys_close(opened.descriptor);
    opened.path = mapping->path;
    opened.descriptor = (int)must(
        sys_open(image_text(mapping->path), O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0), THAW_STEP_FILE, mapping->start);
    return opened.descriptor;
}

static void read_run(const struct thaw_run *run) {
    uint64_t length = run->end - run->start;
    for (uint64_t done = 0; done < length;) {
        uint64_t at = run->start + done;
        long count = must(
            sys_pread(content[run->source], (void *)at, length - done, run->offset + done), THAW_STEP_FILL, at);
        if (count == 0) fail(THAW_STEP_FILL, -EIO, at);
        done += (uint64_t)count;
    }
}

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Mappings that follow one another and are alike: one to the kernel. */
struct stretch {
    uint64_t first, count; /* of the image's mappings */
    uint64_t start, end;
};

static int is_anonymous(const struct thaw_mapping *mapping) { return mapping->path == 0; }

static int follows(const struct thaw_mapping *next, const struct thaw_mapping *last) {
    return next->start == last->end && is_anonymous(next) && is_anonymous(last) &&
           next->protection == last->protection && next->flags == last->flags;
}

static struct stretch stretch_from(uint64_t first) {
    struct stretch found = {first, 1, image_mappings(first)->start, image_mappings(first)->end};
    for (; first + found.count < image->mappings.count; found.count++) {
        const struct thaw_mapping *next = image_mappings(first + found.count);
        if (!follows(next, next - 1)) break;
        found.end = next->end;
    }
    return found;
}

/* Whether huge pages fit: the extents of a stretch that have content at all are filled by half. A fork copies one entry for
 * a huge page instead of 512; one for a sparse corner would cost 2 MiB. */
static int fills_huge_pages(const struct stretch *stretch) {
    uint64_t first = (stretch->start + HUGE_PAGE - 1) & -(uint64_t)HUGE_PAGE;
    uint64_t end = stretch->end & -(uint64_t)HUGE_PAGE;
    uint64_t filled = 0, touched = 0, counted = first; /* extents up to `counted` are in `touched` */
    for (uint64_t i = 0; i < stretch->count; i++) {
        const struct thaw_mapping *mapping = image_mappings(stretch->first + i);
        for (uint64_t j = 0; j < mapping->runs; j++) {
            const struct thaw_run *run = image_runs(mapping->first_run + j);
            uint64_t from = larger(run->start, first), to = smaller(run->end, end);
            if (from >= to) continue;
            filled += to - from;
            uint64_t low = larger(from & -(uint64_t)HUGE_PAGE, counted);
            uint64_t high = (to + HUGE_PAGE - 1) & -(uint64_t)HUGE_PAGE;
            if (high > low) touched += high - low;
            counted = larger(counted, high);
        }
    }
    return filled > 0 && filled >= touched / 2;
}

/* Huge pages while it is filled, then no more: a clone that touches new memory is to have 4 KiB for it, not 2 MiB, unless the
 * program itself had asked. Kernels differ in whether they have huge pages at all, and nothing depends on them. */
static void fill(const struct stretch *stretch) {
    const struct thaw_mapping *mapping = image_mappings(stretch->first);
    uint64_t length = stretch->end - stretch->start;
    int asked = mapping->flags & THAW_MAPPING_HUGE;
    int fits = is_anonymous(mapping) && !(mapping->flags & THAW_MAPPING_NO_HUGE) && fills_huge_pages(stretch);
    if (asked || fits) sys_madvise(stretch->start, length, MADV_HUGEPAGE);
    for (uint64_t i = 0; i < stretch->count; i++, mapping++)
        for (uint64_t j = 0; j < mapping->runs; j++) read_run(image_runs(mapping->first_run + j));
    if (!asked && is_anonymous(mapping - 1)) sys_madvise(stretch->start, length, MADV_NOHUGEPAGE);
}

static void advise(const struct thaw_mapping *mapping, uint32_t flag, int advice) {
    if (mapping->flags & flag)
        must(sys_madvise(mapping->start, mapping->end - mapping->start, advice), THAW_STEP_MAP, mapping->start);
}

/* While it is filled a mapping can be written. */
static int first_protection(const struct thaw_mapping *mapping) {
    return mapping->runs ? PROT_READ | PROT_WRITE : (int)mapping->protection;
}

static void map(const struct thaw_mapping *mapping) {
    int flags = MAP_FIXED_NOREPLACE, file = -1;
    flags |= mapping->flags & THAW_MAPPING_SHARED ? MAP_SHARED : MAP_PRIVATE;
    if (mapping->flags & THAW_MAPPING_NO_RESERVE) flags |= MAP_NORESERVE;
    if (mapping->flags & THAW_MAPPING_GROWS_DOWN) flags |= MAP_GROWSDOWN;
    if (is_anonymous(mapping))
        flags |= MAP_ANONYMOUS;
    else
        file = open_mapped(mapping);
    must(
        sys_mmap(
            mapping->start, mapping->end - mapping->start, first_protection(mapping), flags, file, mapping->file_offset),
        THAW_STEP_MAP, mapping->start);
}

static void finish(const struct thaw_mapping *mapping) {
    if (first_protection(mapping) != (int)mapping->protection)
        must(
            sys_mprotect(mapping->start, mapping->end - mapping->start, (int)mapping->protection), THAW_STEP_MAP,
            mapping->start);
    advise(mapping, THAW_MAPPING_WIPE_ON_FORK, MADV_WIPEONFORK);
    advise(mapping, THAW_MAPPING_DONT_DUMP, MADV_DONTDUMP);
}

/* Where the parts of a process are, for /proc and for brk(2), and which program it runs. */
static void describe_process(void) {
    int executable =
        (int)must(sys_open(image_text(image->executable), O_RDONLY | O_CLOEXEC, 0), THAW_STEP_FILE, image->start_code);
    struct prctl_mm_map map = {
        .start_code = image->start_code,
        .end_code = image->end_code,
        .start_data = image->start_data,
        .end_data = image->end_data,
        .start_brk = image->start_brk,
        .brk = image->brk,
        .start_stack = image->start_stack,
        .arg_start = image->arg_start,
        .arg_end = image->arg_end,
        .env_start = image->env_start,
        .env_end = image->env_end,
        .auxv = (__u64 *)(uint64_t)image->auxv,
        .auxv_size = image->auxv_size,
        .exe_fd = (uint32_t)executable,
    };
    must(sys_prctl(PR_SET_MM, PR_SET_MM_MAP, (long)&map, sizeof map), THAW_STEP_MM, 0);
    sys_close(executable);
}

static uint64_t not_inherited; /* mappings that a fork leaves out */

void build_memory(int memory, int base) {
    content[THAW_RUN_MEMORY] = memory;
    content[THAW_RUN_BASE] = base;
    /* All of them before any is filled: neighbours that are alike become one, which huge pages may lie across. */
    for (uint64_t i = 0; i < image->mappings.count; i++) map(image_mappings(i));
    if (opened.path) sys_close(opened.descriptor);
    for (uint64_t i = 0; i < image->mappings.count;) {
        struct stretch stretch = stretch_from(i);
        fill(&stretch);
        i += stretch.count;
    }
    for (uint64_t i = 0; i < image->mappings.count; i++) {
        finish(image_mappings(i));
        if (image_mappings(i)->flags & THAW_MAPPING_DONT_FORK) not_inherited++;
    }
    if (image->vvar_start)
        must(sys_arch_prctl(ARCH_MAP_VDSO_64, image->vvar_start), THAW_STEP_VDSO, image->vvar_start);
    describe_process();
}

void finish_memory(void) {
    if (not_inherited == 0) return;
    for (uint64_t i = 0; i < image->mappings.count; i++) advise(image_mappings(i), THAW_MAPPING_DONT_FORK, MADV_DONTFORK);
}
