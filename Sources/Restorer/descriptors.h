// The open descriptors of a clone, each at its number. None shares its position with another clone's.
#ifndef RESTORER_DESCRIPTORS_H
#define RESTORER_DESCRIPTORS_H

#include "process_image.h"

/* What a clone was given in place of descriptors that were connected to the outside. */
struct given {
    int control, output, error, runtime_api;
};

/* The number that the descriptors of all processes are below. The template keeps its socket there, a clone its control socket, and what
 * is still needed while the image's are made stands above it. */
int first_spare(void);

/* Once, when the image is loaded. */
void number_spares(void);

/* What stands from first_spare() on: in a clone, and memory and base, which only a tree needs there, in its template, too. */
enum spare { SPARE_CONTROL, SPARE_UPWARD, SPARE_OUTPUT, SPARE_ERROR, SPARE_RUNTIME_API, SPARE_MEMORY, SPARE_BASE, SPARE_DOWNWARD, SPARES };
int spare(enum spare which);

/* Closes what the template had below, makes the image's descriptors, the other processes, which inherit theirs, and maps what is mapped;
 * closes everything but the own ones and the control socket, which is first_spare() afterwards, and locks. */
void make_descriptors(struct given given);

/* In another process than the first, in place of that. */
void take_descriptors(void);

/* Adds what the image's inotify descriptors and epolls watched: when nothing more is opened or closed. */
void make_watches(void);

/* What the first process held for others until their timers run. */
void close_shelf(void);

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
