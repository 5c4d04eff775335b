// From the fork of a template to the function's next instruction.
#ifndef RESTORER_CLONE_H
#define RESTORER_CLONE_H

#include "messages.h"

/* How many descriptors come with a request. */
unsigned descriptors_of(const struct thaw_clone_request *request);

/* The directory of the cgroup in which the clone is born; -1 when it moves by itself, or not at all. */
int birth_cgroup_of(const struct thaw_clone_request *request, const int *descriptors);

/* What is left to do in every process of a clone when its memory and its descriptors are in place; limits that are inherited, too.
 * `prefaults`: nobody waits for it. */
void complete(int prefaults);

/* In the process just forked; `descriptors` came with the request. */
_Noreturn void become_clone(const struct thaw_clone_request *request, const int *descriptors);

#endif
