// The files that are a clone's own: what is in its /tmp, files without a name, and locks.
#ifndef RESTORER_FILES_H
#define RESTORER_FILES_H

#include <stdint.h>

/* Makes what was in /tmp, where nothing is yet. */
void make_nodes(void);

/* Makes the files without a name, each out of the way at its object_descriptor(). */
void make_objects(void);
int object_descriptor(uint64_t object);

/* When all descriptors are in place, and no other of these files is closed any more: that would unlock it. */
void make_locks(void);

#endif
