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

/* Whether huge pages fit: the extents of an anonymous mapping that have content at all are filled by half. A fork copies one
 * entry for a huge page instead of 512; one for a sparse corner would cost 2 MiB. */
static int fills_huge_pages(const struct thaw_mapping *mapping) {
    uint64_t first = (mapping->start + HUGE_PAGE - 1) & -(uint64_t)HUGE_PAGE;
    uint64_t end = mapping->end & -(uint64_t)HUGE_PAGE;
    uint64_t filled = 0, touched = 0, counted = first; /* extents up to `counted` are in `touched` */
    if (mapping->path) return 0;
    for (uint64_t i = 0; i < mapping->runs; i++) {
        const struct thaw_run *run = image_runs(mapping->first_run + i);
        uint64_t from = larger(run->start, first), to = smaller(run->end, end);
        if (from >= to) continue;
        filled += to - from;
        uint64_t low = larger(from & -(uint64_t)HUGE_PAGE, counted);
        uint64_t high = (to + HUGE_PAGE - 1) & -(uint64_t)HUGE_PAGE;
        if (high > low) touched += high - low;
        counted = larger(counted, high);
    }
    return filled > 0 && filled >= touched / 2;
}

/* Huge pages while it is filled, then no more: a clone that touches new memory is to have 4 KiB for it, not 2 MiB, unless the
 * program itself had asked. Kernels differ in whether they have huge pages at all, and nothing depends on them. */
static void fill(const struct thaw_mapping *mapping) {
    uint64_t length = mapping->end - mapping->start;
    int huge = mapping->flags & (THAW_MAPPING_HUGE | THAW_MAPPING_NO_HUGE) ? 0 : fills_huge_pages(mapping);
    if (huge || mapping->flags & THAW_MAPPING_HUGE) sys_madvise(mapping->start, length, MADV_HUGEPAGE);
    if (mapping->flags & THAW_MAPPING_NO_HUGE) sys_madvise(mapping->start, length, MADV_NOHUGEPAGE);
    for (uint64_t i = 0; i < mapping->runs; i++) read_run(image_runs(mapping->first_run + i));
    if (huge) sys_madvise(mapping->start, length, MADV_NOHUGEPAGE);
}

static void advise(const struct thaw_mapping *mapping, uint32_t flag, int advice) {
    if (mapping->flags & flag)
        must(sys_madvise(mapping->start, mapping->end - mapping->start, advice), THAW_STEP_MAP, mapping->start);
}

static void build_mapping(const struct thaw_mapping *mapping) {
    uint64_t length = mapping->end - mapping->start;
    int flags = MAP_FIXED_NOREPLACE, file = -1;
    flags |= mapping->flags & THAW_MAPPING_SHARED ? MAP_SHARED : MAP_PRIVATE;
    if (mapping->flags & THAW_MAPPING_NO_RESERVE) flags |= MAP_NORESERVE;
    if (mapping->flags & THAW_MAPPING_GROWS_DOWN) flags |= MAP_GROWSDOWN;
    if (mapping->path)
        file = open_mapped(mapping);
    else
        flags |= MAP_ANONYMOUS;
    int protection = mapping->runs ? PROT_READ | PROT_WRITE : (int)mapping->protection;
    must(sys_mmap(mapping->start, length, protection, flags, file, mapping->file_offset), THAW_STEP_MAP, mapping->start);
    fill(mapping);
    if (protection != (int)mapping->protection)
        must(sys_mprotect(mapping->start, length, (int)mapping->protection), THAW_STEP_MAP, mapping->start);
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
    for (uint64_t i = 0; i < image->mappings.count; i++) {
        build_mapping(image_mappings(i));
        if (image_mappings(i)->flags & THAW_MAPPING_DONT_FORK) not_inherited++;
    }
    if (opened.path) sys_close(opened.descriptor);
    if (image->vvar_start)
        must(sys_arch_prctl(ARCH_MAP_VDSO_64, image->vvar_start), THAW_STEP_VDSO, image->vvar_start);
    describe_process();
}

void finish_memory(void) {
    if (not_inherited == 0) return;
    for (uint64_t i = 0; i < image->mappings.count; i++) advise(image_mappings(i), THAW_MAPPING_DONT_FORK, MADV_DONTFORK);
}
