// The content of the frozen address space.
#ifndef RESTORER_FILL_H
#define RESTORER_FILL_H

/* Fills all mappings of the image, which must be there, writable where there is something to write. `memory` and `base` are
 * the files that hold the content. Uses the part of the window that is meant for stacks, and leaves it empty.
 *
 * Where the host gives huge pages to all that do not say otherwise, this process and its clones get no more of them. */
void fill_mappings(int memory, int base, int huge_pages_for_all);

/* The same of a process of which nothing is forked: without a thought for huge pages, which take time. */
void fill_mappings_at_once(int memory, int base);

#endif
