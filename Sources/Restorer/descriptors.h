// The open descriptors of a clone, each at its number. None shares its position with another clone's.
#ifndef RESTORER_DESCRIPTORS_H
#define RESTORER_DESCRIPTORS_H

#include "process_image.h"

/* What a clone was given in place of descriptors that were connected to the outside. */
struct given {
    int control, output, error, runtime_api;
};

/* The number that the image's own are all below. The template keeps its socket there, a clone its control socket, and what is
 * still needed while the image's are made stands above it. */
int first_spare(void);

enum { SPARES = 4 }; /* control socket and the three given */

/* Closes what the template had below, makes the image's descriptors and maps what of them is mapped, closes everything but those and
 * the control socket, which is first_spare() afterwards, and locks. */
void make_descriptors(struct given given);

/* Adds what the image's inotify descriptors and epolls watched: when nothing more is opened or closed. */
void make_watches(void);

/* pairs.c: a pipe or socket pair, with all of its ends, of which `first` is the first in the table. */
void make_pipe(const struct thaw_descriptor *first);
void make_socket_pair(const struct thaw_descriptor *first);

/* sockets.c */
int make_listener(const struct thaw_descriptor *wanted);
int make_datagram(const struct thaw_descriptor *wanted);
int make_reset(const struct thaw_descriptor *wanted);

/* connections.c: before anything listens where their ends are; and an end of one, out of the way. */
void make_connections(void);
int take_connection(const struct thaw_descriptor *wanted);

/* Sets what the options table has for `wanted`. */
void set_options(int socket, const struct thaw_descriptor *wanted);

/* Moves `made` to the number wanted. */
void put(int made, const struct thaw_descriptor *wanted);

/* A copy of `made` above first_spare(), where no number is wanted; closes the original. Swept away at the end. */
int lift(int made, const struct thaw_descriptor *wanted);

/* The status flags that can be set when something is made. */
static const uint32_t MADE_WITH = 02000000 | 04000; /* O_CLOEXEC | O_NONBLOCK */

#endif
