// The content of the frozen address space.
#ifndef RESTORER_FILL_H
#define RESTORER_FILL_H

#include "process_image.h"

/* Fills all mappings of the image, which must be there, writable where there is something to write. `memory` and `base` are
 * the files that hold the content. Uses the part of the window that is meant for stacks, and leaves it empty. */
void fill_mappings(int memory, int base);

/* Small pages from here on, unless the program itself had asked for huge ones: a clone that touches new memory is to have 4 KiB
 * for it, not 2 MiB, also where the host gives huge pages to all. A kernel that has none refuses what is so anyway. */
void end_huge_pages(const struct thaw_mapping *mapping);

#endif
