// Pages that clones are known to need, seen to before they run.
#ifndef RESTORER_PREFAULT_H
#define RESTORER_PREFAULT_H

#include <stdint.h>

struct range {
    uint64_t start, end;
};

/* In the template. Each range lies in one mapping: if that can be written, each clone makes the pages its own in
 * prefault_memory; if not, clones inherit them mapped. */
void set_prefault(const struct range *ranges, uint32_t count);

/* In the clone. */
void prefault_memory(void);

#endif
