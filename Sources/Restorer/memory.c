#include "memory.h"

#include "descriptors.h"
#include "files.h"
#include "fill.h"
#include "image.h"
#include "report.h"
#include "syscalls.h"
#include "text.h"

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

static void advise(const struct thaw_mapping *mapping, uint32_t flag, int advice) {
    if (mapping->flags & flag)
        must(sys_madvise(mapping->start, mapping->end - mapping->start, advice), THAW_STEP_MAP, mapping->start);
}

static void advise_lasting(const struct thaw_mapping *mapping) {
    advise(mapping, THAW_MAPPING_DONT_DUMP, MADV_DONTDUMP);
    advise(mapping, THAW_MAPPING_RANDOM, MADV_RANDOM);
    advise(mapping, THAW_MAPPING_SEQUENTIAL, MADV_SEQUENTIAL);
}

/* While it is filled a mapping can be written. */
static int first_protection(const struct thaw_mapping *mapping) {
    return mapping->runs ? PROT_READ | PROT_WRITE : (int)mapping->protection;
}

static int is_own(const struct thaw_mapping *mapping) { return !!(mapping->flags & THAW_MAPPING_OWN); }

/* Keeps the place of what each clone maps for itself. */
static void reserve(const struct thaw_mapping *mapping) {
    int flags = MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    must(
        sys_mmap(mapping->start, mapping->end - mapping->start, PROT_NONE, flags, -1, 0), THAW_STEP_MAP,
        mapping->start);
}

static void map(const struct thaw_mapping *mapping) {
    if (is_own(mapping)) return reserve(mapping);
    int flags = MAP_FIXED_NOREPLACE, file = -1;
    flags |= mapping->flags & THAW_MAPPING_SHARED ? MAP_SHARED : MAP_PRIVATE;
    if (mapping->flags & THAW_MAPPING_NO_RESERVE) flags |= MAP_NORESERVE;
    if (mapping->flags & THAW_MAPPING_GROWS_DOWN) flags |= MAP_GROWSDOWN;
    if (mapping->path)
        file = open_mapped(mapping);
    else
        flags |= MAP_ANONYMOUS;
    must(
        sys_mmap(
            mapping->start, mapping->end - mapping->start, first_protection(mapping), flags, file, mapping->file_offset),
        THAW_STEP_MAP, mapping->start);
}

static void finish(const struct thaw_mapping *mapping) {
    if (is_own(mapping)) return;
    if (first_protection(mapping) != (int)mapping->protection)
        must(
            sys_mprotect(mapping->start, mapping->end - mapping->start, (int)mapping->protection), THAW_STEP_MAP,
            mapping->start);
    advise(mapping, THAW_MAPPING_WIPE_ON_FORK, MADV_WIPEONFORK);
    advise_lasting(mapping);
    advise(mapping, THAW_MAPPING_MERGEABLE, MADV_MERGEABLE);
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
static uint64_t own; /* mappings that each clone makes for itself */

/* All of them before any is filled: neighbours that are alike become one, which huge pages may lie across. */
static void map_all(void) {
    opened.path = 0;
    for (uint64_t i = 0; i < image->mappings.count; i++) map(image_mappings(i));
    if (opened.path) sys_close(opened.descriptor);
}

static void finish_all(void) {
    not_inherited = own = 0;
    for (uint64_t i = 0; i < image->mappings.count; i++) {
        finish(image_mappings(i));
        if (image_mappings(i)->flags & THAW_MAPPING_DONT_FORK) not_inherited++;
        if (is_own(image_mappings(i))) own++;
    }
    if (image->vvar_start)
        must(sys_arch_prctl(ARCH_MAP_VDSO_64, image->vvar_start), THAW_STEP_VDSO, image->vvar_start);
    describe_process();
}

void build_memory(int memory, int base, int huge_pages_for_all) {
    map_all();
    fill_mappings(memory, base, huge_pages_for_all);
    finish_all();
}

void build_memory_at_once(int memory, int base) {
    map_all();
    fill_mappings_at_once(memory, base);
    finish_all();
}

/* Through the object or by the name: anew, so that nothing can be written that could not. */
static int open_own(const struct thaw_mapping *mapping) {
    char path[DESCRIPTOR_PATH_SIZE];
    if (mapping->object) descriptor_path(path, object_descriptor(mapping->object - 1));
    int flags = (mapping->flags & THAW_MAPPING_MAY_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
    return (int)must(
        sys_open(mapping->object ? path : image_text(mapping->path), flags, 0), THAW_STEP_FILE, mapping->start);
}

static void map_own_file(const struct thaw_mapping *mapping) {
    int flags = MAP_FIXED | MAP_SHARED | (mapping->flags & THAW_MAPPING_NO_RESERVE ? MAP_NORESERVE : 0);
    int file = open_own(mapping);
    must(
        sys_mmap(
            mapping->start, mapping->end - mapping->start, (int)mapping->protection, flags, file,
            mapping->file_offset),
        THAW_STEP_MAP, mapping->start);
    sys_close(file);
    advise_lasting(mapping);
}

void map_own_files(void) {
    for (uint64_t i = 0; own && i < image->mappings.count; i++)
        if (is_own(image_mappings(i))) map_own_file(image_mappings(i));
}

static void register_barriers(void) {
    for (uint32_t command = 1; command && command <= image->barriers; command <<= 1)
        if (image->barriers & command) must(sys_membarrier((int)command), THAW_STEP_MM, command);
}

void finish_memory(void) {
    register_barriers();
    if (image->own & THAW_OWN_MERGING) must(sys_prctl(PR_SET_MEMORY_MERGE, 1, 0, 0), THAW_STEP_MM, PR_SET_MEMORY_MERGE);
    for (uint64_t i = 0; not_inherited && i < image->mappings.count; i++)
        advise(image_mappings(i), THAW_MAPPING_DONT_FORK, MADV_DONTFORK);
    /* Last: what is mapped from here on can be executed only if it cannot be written. */
    if (image->write_or_execute)
        must(sys_prctl(PR_SET_MDWE, (long)image->write_or_execute, 0, 0), THAW_STEP_MM, PR_SET_MDWE);
}
