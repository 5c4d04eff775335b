// The frozen address space.
#ifndef RESTORER_MEMORY_H
#define RESTORER_MEMORY_H

/* Builds all of it in this process, whose address space holds nothing but the window. `memory` and `base` are the files
 * that hold its content. See fill.h for huge pages. */
void build_memory(int memory, int base, int huge_pages_for_all);

/* The same for a single process of which nothing is forked. */
void build_memory_at_once(int memory, int base);

/* What of it cannot be set before the fork that makes a clone. */
void finish_memory(void);

/* Maps what each clone maps for itself. */
void map_own_files(void);

#endif
