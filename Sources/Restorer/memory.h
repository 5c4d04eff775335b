// The frozen address space.
#ifndef RESTORER_MEMORY_H
#define RESTORER_MEMORY_H

#include "template_protocol.h"

/* Builds all of it in this process, whose address space holds nothing but the window. `memory` and `base` are the files
 * that hold its content. */
void build_memory(int memory, int base);

/* What of it cannot be set before the fork that makes a clone. */
void finish_memory(void);

struct range {
    uint64_t start, end;
};

/* The pages that each clone makes its own while it is being built, because it will write to them. */
void set_prefault(const struct range *ranges, uint32_t count);
void prefault_memory(void);

#endif
