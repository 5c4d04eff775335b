// How a failure reaches the engine: a thaw_failure on the socket that the process has to it, and the process ends.
#ifndef RESTORER_REPORT_H
#define RESTORER_REPORT_H

#include "kernel.h"
#include "template_protocol.h"

/* Where failures go to: the template's socket, or a clone's control socket. */
void report_to(int socket);

_Noreturn void fail(enum thaw_step step, long error, uint64_t detail);

/* The result of a system call that must not fail. */
static inline long must(long result, enum thaw_step step, uint64_t detail) {
    if (__builtin_expect(result < 0, 0)) fail(step, result, detail);
    return result;
}

/* Writes a number to a file of /proc. */
void set_number(const char *path, uint64_t number, enum thaw_step step);

/* The same for a result that may be an address of any value: only the last page of numbers is errors. */
static inline uint64_t must_map(long result, uint64_t detail) {
    if (__builtin_expect((unsigned long)result > -4096UL, 0)) fail(THAW_STEP_MAP, result, detail);
    return (uint64_t)result;
}

#endif
