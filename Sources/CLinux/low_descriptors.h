// Descriptors at low numbers, so that a child can begin with the low end of this process's table and nothing else.
#ifndef LOW_DESCRIPTORS_H
#define LOW_DESCRIPTORS_H

#include <stdint.h>

/* What one child is given. */
struct low_descriptors {
    int used;
    int end; /* all numbers given lie below */
};

/* Begins to give; nobody else does until low_descriptors_end. 0, or errno: there are none to give. */
int low_descriptors_begin(struct low_descriptors *given);
/* Puts a copy of `*number` at a low number and says which; one that is negative stays as it is. 0 or errno. */
int low_descriptors_give(struct low_descriptors *given, int32_t *number);
/* Closes the copies. After each low_descriptors_begin, whatever that returned. */
void low_descriptors_end(struct low_descriptors *given);

#endif
