// What sets a clone apart from the host: its namespaces, mounts, identity and system call filter.
#ifndef RESTORER_CONFINE_H
#define RESTORER_CONFINE_H

#include "template_protocol.h"

/* Moves this process, which has one thread, into the cgroups whose `tasks` files these are. */
void enter_cgroups(const int *files, unsigned count);

/* The network, IPC and host name of the sandbox whose init this is. */
void enter_namespaces(int init);

/* mounts.c. The template's: whose /tmp is. */
void learn_owner(void);

/* A new /tmp. */
void mount_scratch(uint64_t bytes);

/* A mount namespace of the clone's own, with /var/task, /tmp and /proc. */
void make_mounts(const struct thaw_clone_request *request, int code);

/* The template is the last that the kernel kills when memory runs out; a clone is one like any other. */
void become_killable(void);

/* As the function, which may only put the score up: what the program had chosen. */
void take_own_score(void);

/* The user namespace of the sandbox, and the function's identity in it. Capabilities over that namespace, and no other, stay
 * until drop_capabilities: making threads with given ids needs them. */
void take_identity(int init, uint32_t user, uint32_t group);

/* Of the calling thread; there is no way back. */
void drop_capabilities(void);

/* For all threads. */
void filter_system_calls(void);

#endif
