#include "init.h"

#include "syscalls.h"

/* Orphans are buried by the kernel, because this process says that it does not want to hear of them. Of other signals a
 * process 1 hears only those it has a handler for, or that come from outside: it has none, and ends by them. */
_Noreturn void run_init(void) {
    static const struct signal_action ignore = {.handler = 1 /* SIG_IGN */};
    sys_signal_action(SIGCHLD, &ignore);
    sys_prctl(PR_SET_NAME, (long)"init", 0, 0);
    sys_close_range(0, ~0U);
    for (;;) sys_pause();
}
