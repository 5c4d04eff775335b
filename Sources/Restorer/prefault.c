#include "prefault.h"

#include "image.h"
#include "syscalls.h"
#include "template_protocol.h"

/* All of this is a matter of speed only: what fails is left to the page fault. */

static struct range written[THAW_MAXIMUM_PREFAULT_RANGES];
static uint32_t written_count;

static const struct thaw_mapping *mapping_at(uint64_t address) {
    uint64_t low = 0, high = image->mappings.count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (image_mappings(middle)->end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < image->mappings.count && image_mappings(low)->start <= address ? image_mappings(low) : 0;
}

/* A fork leaves out the page tables of a file's mapping, unless a page of it has been made the process's own: makes the one
 * at `address` that, with the content it has. */
static void make_inherited(const struct thaw_mapping *mapping, uint64_t address) {
    uint64_t length = mapping->end - mapping->start;
    if (mapping->runs || mapping->flags & THAW_MAPPING_SHARED) return;
    if (sys_mprotect(mapping->start, length, PROT_READ | PROT_WRITE) < 0) return;
    sys_madvise(address, PAGE, MADV_POPULATE_WRITE);
    sys_mprotect(mapping->start, length, (int)mapping->protection);
}

void set_prefault(const struct range *ranges, uint32_t count) {
    const struct thaw_mapping *inherited = 0;
    written_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct thaw_mapping *mapping = mapping_at(ranges[i].start);
        if (!mapping) continue;
        if (mapping->protection & PROT_WRITE) {
            written[written_count++] = ranges[i];
            continue;
        }
        if (mapping != inherited) make_inherited(mapping, ranges[i].start);
        inherited = mapping;
        sys_madvise(ranges[i].start, ranges[i].end - ranges[i].start, MADV_POPULATE_READ);
    }
}

void prefault_memory(void) {
    for (uint32_t i = 0; i < written_count; i++)
        sys_madvise(written[i].start, written[i].end - written[i].start, MADV_POPULATE_WRITE);
}
