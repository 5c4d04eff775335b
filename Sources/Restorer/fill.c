#include "fill.h"

#include "image.h"
#include "report.h"
#include "syscalls.h"

/* A fork touches the kernel's record of every page it passes on, and that is what forking a template costs. One record stands
 * for a huge page; those of pages that lie side by side in the machine's memory come faster than those of scattered ones. So
 * memory is given huge pages where these fit, and elsewhere pages that are cut from huge ones. Kernels differ in whether they
 * have huge pages at all, and nothing depends on them. */

static int content[2]; /* by enum thaw_run_source */

static void read_run(const struct thaw_run *run, uint64_t place) {
    uint64_t length = run->end - run->start;
    for (uint64_t done = 0; done < length;) {
        long count = must(
            sys_pread(content[run->source], (void *)(place + done), length - done, run->offset + done), THAW_STEP_FILL,
            run->start + done);
        if (count == 0) fail(THAW_STEP_FILL, -EIO, run->start + done);
        done += (uint64_t)count;
    }
}

static void fill_in_place(const struct thaw_mapping *mapping) {
    for (uint64_t i = 0; i < mapping->runs; i++) {
        const struct thaw_run *run = image_runs(mapping->first_run + i);
        read_run(run, run->start);
    }
}

static int is_anonymous(const struct thaw_mapping *mapping) { return mapping->path == 0; }

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Mappings that follow one another and are alike: one to the kernel. */
struct stretch {
    uint64_t first, count; /* of the image's mappings */
    uint64_t start, end;
};

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

/* Whether huge pages fit: the extents of a stretch that have content at all are filled by half. One for a sparse corner would
 * cost 2 MiB. */
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

static int has_huge_pages(const struct stretch *stretch) {
    const struct thaw_mapping *mapping = image_mappings(stretch->first);
    if (mapping->flags & THAW_MAPPING_HUGE) return 1;
    return is_anonymous(mapping) && !(mapping->flags & THAW_MAPPING_NO_HUGE) && fills_huge_pages(stretch);
}

/* Huge pages while it is filled, then no more: a clone that touches new memory is to have 4 KiB for it, not 2 MiB, unless the
 * program itself had asked. */
static void fill_with_huge_pages(const struct stretch *stretch) {
    const struct thaw_mapping *mapping = image_mappings(stretch->first);
    uint64_t length = stretch->end - stretch->start;
    sys_madvise(stretch->start, length, MADV_HUGEPAGE);
    for (uint64_t i = 0; i < stretch->count; i++) fill_in_place(mapping + i);
    if (!(mapping->flags & THAW_MAPPING_HUGE)) sys_madvise(stretch->start, length, MADV_NOHUGEPAGE);
}

/* Pages side by side are made as huge ones at an address of their own, and moved to where they belong. */

enum { LARGEST_ROOM = 32 * HUGE_PAGE };
static struct {
    uint64_t start, next, end;
    uint64_t needed; /* for the mappings that are still to be filled */
} room;

static void leave_room(void) {
    if (room.end > room.next) sys_munmap(room.next, room.end - room.next);
    room.end = room.next = 0;
}

static void take_room(void) {
    leave_room();
    uint64_t length = smaller((room.needed + HUGE_PAGE - 1) & -(uint64_t)HUGE_PAGE, LARGEST_ROOM);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    must(sys_mmap(room.start, length, PROT_READ | PROT_WRITE, flags, -1, 0), THAW_STEP_MAP, room.start);
    /* Not MADV_HUGEPAGE, which would show in what the mappings are afterwards. */
    for (uint64_t at = 0; at < length; at += HUGE_PAGE) *(volatile char *)(room.start + at) = 0;
    sys_madvise(room.start, length, MADV_COLLAPSE);
    room.next = room.start;
    room.end = room.start + length;
}

/* Half of it at least has content, it fits, and its pages can come from elsewhere without a difference. */
static int is_dense(const struct thaw_mapping *mapping) {
    uint64_t length = mapping->end - mapping->start, filled = 0;
    if (!is_anonymous(mapping) || mapping->flags || length > LARGEST_ROOM) return 0;
    for (uint64_t i = 0; i < mapping->runs; i++) {
        const struct thaw_run *run = image_runs(mapping->first_run + i);
        filled += run->end - run->start;
    }
    return filled >= length / 2 && filled > PAGE;
}

static void fill_side_by_side(const struct thaw_mapping *mapping) {
    uint64_t length = mapping->end - mapping->start;
    if (room.end - room.next < length) take_room();
    for (uint64_t i = 0; i < mapping->runs; i++) {
        const struct thaw_run *run = image_runs(mapping->first_run + i);
        read_run(run, room.next + (run->start - mapping->start));
    }
    must(sys_move(room.next, length, mapping->start), THAW_STEP_MAP, mapping->start);
    room.next += length;
    room.needed -= length;
    /* What has no content came along as a part of a huge page. */
    uint64_t end = mapping->start;
    for (uint64_t i = 0; i < mapping->runs; i++) {
        const struct thaw_run *run = image_runs(mapping->first_run + i);
        if (run->start > end) sys_madvise(end, run->start - end, MADV_DONTNEED);
        end = run->end;
    }
    if (mapping->end > end) sys_madvise(end, mapping->end - end, MADV_DONTNEED);
}

/* Small pages where the program asked for them, before any is there. A kernel without huge pages refuses what is so anyway. */
static void keep_advice(const struct thaw_mapping *mapping) {
    if (mapping->flags & THAW_MAPPING_NO_HUGE)
        sys_madvise(mapping->start, mapping->end - mapping->start, MADV_NOHUGEPAGE);
}

static void fill_stretches_with_huge_pages(void) {
    for (uint64_t i = 0; i < image->mappings.count;) {
        struct stretch stretch = stretch_from(i);
        if (has_huge_pages(&stretch)) fill_with_huge_pages(&stretch);
        i += stretch.count;
    }
}

static uint64_t room_needed(void) {
    uint64_t needed = 0;
    for (uint64_t i = 0; i < image->mappings.count;) {
        struct stretch stretch = stretch_from(i);
        i += stretch.count;
        if (has_huge_pages(&stretch)) continue;
        for (uint64_t j = stretch.first; j < i; j++) {
            const struct thaw_mapping *mapping = image_mappings(j);
            if (is_dense(mapping)) needed += mapping->end - mapping->start;
        }
    }
    return needed;
}

/* Those without huge pages, in one of the two ways. */
static void fill_others(int dense) {
    for (uint64_t i = 0; i < image->mappings.count;) {
        struct stretch stretch = stretch_from(i);
        i += stretch.count;
        if (has_huge_pages(&stretch)) continue;
        for (uint64_t j = stretch.first; j < i; j++) {
            const struct thaw_mapping *mapping = image_mappings(j);
            if (is_dense(mapping) != dense) continue;
            keep_advice(mapping);
            if (dense) fill_side_by_side(mapping);
            else fill_in_place(mapping);
        }
    }
}

/* A clone that touches new memory is to have 4 KiB for it, not 2 MiB, unless the program itself had asked. */
static void end_huge_pages(void) {
    if (sys_prctl(PR_SET_THP_DISABLE, 1, THP_EXCEPT_ADVISED, 0) == 0) return;
    /* Before Linux 6.18 it is all or nothing. */
    for (uint64_t i = 0; i < image->mappings.count; i++)
        if (image_mappings(i)->flags & THAW_MAPPING_HUGE) return;
    sys_prctl(PR_SET_THP_DISABLE, 1, 0, 0);
}

static void fill_from(int memory, int base) {
    content[THAW_RUN_MEMORY] = memory;
    content[THAW_RUN_BASE] = base;
}

void fill_mappings_at_once(int memory, int base) {
    fill_from(memory, base);
    for (uint64_t i = 0; i < image->mappings.count; i++) {
        const struct thaw_mapping *mapping = image_mappings(i);
        keep_advice(mapping);
        if (mapping->flags & THAW_MAPPING_HUGE)
            sys_madvise(mapping->start, mapping->end - mapping->start, MADV_HUGEPAGE);
        fill_in_place(mapping);
    }
}

void fill_mappings(int memory, int base, int huge_pages_for_all) {
    fill_from(memory, base);
    room.start = (uint64_t)image - THAW_WINDOW_STATE + THAW_WINDOW_STACKS;
    fill_stretches_with_huge_pages();
    room.needed = room_needed();
    fill_others(1);
    leave_room();
    if (huge_pages_for_all) end_huge_pages();
    fill_others(0);
}
