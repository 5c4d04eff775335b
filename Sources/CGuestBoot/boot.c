// What process 1 of a microVM needs before the Swift runtime starts.
#include "CGuestBoot.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* A statically linked Swift program looks for itself under /proc before main, and aborts when it cannot. As the first
 * process of a machine nobody has mounted /proc yet, so this runs before the Swift runtime's own constructors (priorities
 * up to 100 are the C library's). A failure is left for the supervisor to find and report. */
__attribute__((constructor(101))) static void mount_proc_for_first_process(void) {
    if (getpid() != 1) return;
    mkdir("/proc", 0555);
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
}

void cguestboot_link(void) {}
