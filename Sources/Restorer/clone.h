// From the fork of a template to the function's next instruction.
#ifndef RESTORER_CLONE_H
#define RESTORER_CLONE_H

#include "messages.h"

/* How many descriptors come with a request. */
unsigned descriptors_of(const struct thaw_clone_request *request);

/* In the process just forked; `descriptors` came with the request. */
_Noreturn void become_clone(const struct thaw_clone_request *request, const int *descriptors);

#endif
