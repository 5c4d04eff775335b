// Packets with descriptors beside them.
#ifndef RESTORER_MESSAGES_H
#define RESTORER_MESSAGES_H

#include <stddef.h>

#include "template_protocol.h"

enum { MAXIMUM_DESCRIPTORS = 7 + THAW_MAXIMUM_CGROUP_FILES };

struct received {
    size_t length; /* 0: the other side has closed */
    int descriptors[MAXIMUM_DESCRIPTORS];
    unsigned count;
};

/* Waits for a packet. Negative (-errno) when none can come any more, or when it was cut off. */
long receive(int socket, void *bytes, size_t capacity, struct received *received);

/* With `descriptor` beside it unless that is negative. */
long send(int socket, const void *bytes, size_t length, int descriptor);

#endif
