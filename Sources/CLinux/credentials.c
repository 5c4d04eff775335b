// What the child of clinux_spawn may do, and as whom. Raw system calls only: it shares its parent's memory.
#define _GNU_SOURCE
#include "credentials.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int drop_bounding_set(void) {
    for (int capability = 0; capability < 64; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
            if (errno == EINVAL && capability > 0) break; /* past the last one this kernel has */
            return errno;
        }
    return outcome(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
}

/* Raw calls: glibc's own would interrupt every thread of the parent, whose memory the child shares, to follow suit. */
int take_identity(uid_t uid, gid_t gid, const int32_t *groups, size_t count) {
    if (count > 32) return EINVAL;
    gid_t list[32];
    for (size_t i = 0; i < count; i++) list[i] = (gid_t)groups[i];
    if (syscall(SYS_setgroups, count, list) < 0) return errno;
    if (syscall(SYS_setresgid, gid, gid, gid) < 0) return errno;
    return outcome(syscall(SYS_setresuid, uid, uid, uid));
}

int clear_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    return outcome(syscall(SYS_capset, &header, none));
}

/* The bounding set limits what can be made inheritable, and not what is: so that comes first. Only what is inheritable can be
 * ambient, which is what execve leaves to a user who is not root. */
int keep_capability(int capability) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    if (capability < 0 || capability > 63) return EINVAL;
    uint32_t kept[2] = {0, 0};
    kept[capability / 32] = 1U << capability % 32;
    if (syscall(SYS_capget, &header, sets) < 0) return errno;
    for (int i = 0; i < 2; i++) sets[i].inheritable = kept[i];
    if (syscall(SYS_capset, &header, sets) < 0) return errno;
    int error = drop_bounding_set();
    if (error) return error;
    for (int i = 0; i < 2; i++) sets[i].effective = sets[i].permitted = kept[i];
    if (syscall(SYS_capset, &header, sets) < 0) return errno;
    return outcome(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0));
}
