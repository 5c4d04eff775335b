// Where a thread goes for the moment of a clone, so that its child is born there: used by clinux_spawn alone.
#ifndef CLINUX_HOME_H
#define CLINUX_HOME_H

#include <linux/capability.h>
#include <stdint.h>

#include "CLinux.h"

/* The thread's own network and pid namespace and user, while it has others. */
struct home {
    int network, processes; /* -1: not left */
    int64_t user; /* -1: still that */
    struct __user_cap_data_struct capabilities[2];
};

/* Takes the calling thread where the plan's child is to be born. Returns 0 or an errno; home_return follows in either case. */
int home_leave(struct home *home, const struct clinux_spawn_plan *plan);

void home_return(struct home *home);

#endif
