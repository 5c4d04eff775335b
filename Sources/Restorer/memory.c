#include "memory.h"

#include "image.h"
#include "report.h"
#include "syscalls.h"
#include "text.h"

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

/* Makes huge pages of those extents of an anonymous mapping that the image fills at least by half: a fork copies one entry
 * for them instead of 512. After the fact, because asking for them beforehand would mark the mapping for good, and spend
 * 2 MiB on every sparse corner. Where there are none to be had, small pages do. */
static void collapse(const struct thaw_mapping *mapping) {
    const struct thaw_run *run = image_runs(mapping->first_run);
    const struct thaw_run *end = run + mapping->runs;
    uint64_t extent = (mapping->start + HUGE_PAGE - 1) & -(uint64_t)HUGE_PAGE;
    for (; extent + HUGE_PAGE <= mapping->end; extent += HUGE_PAGE) {
        uint64_t limit = extent + HUGE_PAGE, filled = 0;
        while (run < end && run->end <= extent) run++;
        for (const struct thaw_run *in = run; in < end && in->start < limit; in++)
            filled += smaller(in->end, limit) - larger(in->start, extent);
        if (filled >= HUGE_PAGE / 2) sys_madvise(extent, HUGE_PAGE, MADV_COLLAPSE);
    }
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
    /* Kernels differ in whether they have huge pages at all; neither flag changes what the memory holds. */
    if (mapping->flags & THAW_MAPPING_HUGE) sys_madvise(mapping->start, length, MADV_HUGEPAGE);
    if (mapping->flags & THAW_MAPPING_NO_HUGE) sys_madvise(mapping->start, length, MADV_NOHUGEPAGE);
    for (uint64_t i = 0; i < mapping->runs; i++) read_run(image_runs(mapping->first_run + i));
    if (mapping->runs && !mapping->path && !(mapping->flags & THAW_MAPPING_NO_HUGE)) collapse(mapping);
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

static struct range prefault[THAW_MAXIMUM_PREFAULT_RANGES];
static uint32_t prefault_count;

void set_prefault(const struct range *ranges, uint32_t count) {
    memcpy(prefault, ranges, count * sizeof *ranges);
    prefault_count = count;
}

/* Only a matter of speed: a range that is not writable is passed over. */
void prefault_memory(void) {
    for (uint32_t i = 0; i < prefault_count; i++)
        sys_madvise(prefault[i].start, prefault[i].end - prefault[i].start, MADV_POPULATE_WRITE);
}
