// The content of the frozen address space.
#ifndef RESTORER_FILL_H
#define RESTORER_FILL_H

/* Fills all mappings of the image, which must be there, writable where there is something to write. `memory` and `base` are
 * the files that hold the content. Uses the part of the window that is meant for stacks, and leaves it empty. */
void fill_mappings(int memory, int base);

#endif
