// The frozen address space.
#ifndef RESTORER_MEMORY_H
#define RESTORER_MEMORY_H

/* Builds all of it in this process, whose address space holds nothing but the window. `memory` and `base` are the files
 * that hold its content. */
void build_memory(int memory, int base);

/* What of it cannot be set before the fork that makes a clone. */
void finish_memory(void);

#endif
