// The restorer moves: from where the kernel loaded it to the hole that the frozen process leaves.
#ifndef RESTORER_RELOCATE_H
#define RESTORER_RELOCATE_H

#include <stdint.h>

/* Empties the address space except for a copy of this program at `window`, and goes on there, on a stack of the copy's, with
 * `next`. Global variables keep their values; pointers into the program that were stored anywhere do not stay valid. */
_Noreturn void move_to_window(uint64_t window, void (*next)(void));

#endif
