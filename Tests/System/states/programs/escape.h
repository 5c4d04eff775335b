// Attempts to get out of a sandbox. Each answers 0 when it worked, else the error.
#ifndef ESCAPE_H
#define ESCAPE_H

#include "state.h"

struct attempt { const char *name; int (*make)(void); };

extern const struct attempt system_attempts[], process_attempts[];
extern const int system_attempt_count, process_attempt_count;

/* The error of a call. */
#define ERROR_OF(call) ((long)(call) == -1 ? errno : 0)

/* Runs an attempt in a child, whose end by a signal is an error too. */
int in_child(int (*make)(void));

#endif
