#include "confine.h"

#include "image.h"
#include "report.h"
#include "seccomp_filter.h"
#include "syscalls.h"
#include "text.h"

void enter_cgroups(const int *files, unsigned count) {
    for (unsigned i = 0; i < count; i++) must(sys_write(files[i], "0", 1), THAW_STEP_CGROUP, i);
}

void enter_namespaces(int init) {
    must(sys_setns(init, CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS), THAW_STEP_ENTER, 0);
}

static void set_score(uint32_t score) { set_number("/proc/self/oom_score_adj", score, THAW_STEP_IDENTITY); }

void become_killable(void) { set_score(THAW_OOM_SCORE); }

void take_own_score(void) {
    if (image->own & THAW_OWN_OOM_SCORE && image->oom_score > THAW_OOM_SCORE) set_score(image->oom_score);
}

static void empty_bounding_set(void) {
    for (int capability = 0; capability < 64; capability++) {
        long result = sys_prctl(PR_CAPBSET_DROP, capability, 0, 0);
        if (result == -EINVAL && capability > 0) return; /* past the last one this kernel has */
        must(result, THAW_STEP_IDENTITY, (uint64_t)capability);
    }
}

void take_identity(int init, uint32_t user, uint32_t group) {
    must(sys_setns(init, CLONE_NEWUSER), THAW_STEP_ENTER, 1);
    empty_bounding_set();
    must(sys_setgroups(0, NULL), THAW_STEP_IDENTITY, group);
    must(sys_setresgid(group), THAW_STEP_IDENTITY, group);
    /* Takes no capability away: that would be for one who was root in this namespace, and nobody who enters was. */
    must(sys_setresuid(user), THAW_STEP_IDENTITY, user);
    must(sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0), THAW_STEP_IDENTITY, user);
    /* A change of identity makes the process undumpable, and its /proc/self the host's root's. */
    must(sys_prctl(PR_SET_DUMPABLE, 1, 0, 0), THAW_STEP_IDENTITY, user);
}

void drop_capabilities(void) {
    static const struct __user_cap_header_struct self = {.version = _LINUX_CAPABILITY_VERSION_3};
    static const struct __user_cap_data_struct none[2];
    must(sys_capset(&self, none), THAW_STEP_IDENTITY, 0);
}

void filter_system_calls(void) {
    /* Not initialised as a whole: the compiler would keep a copy with the address in it, which takes a relocation. */
    struct filter_program program;
    program.length = THAW_SECCOMP_LENGTH;
    program.instructions = thaw_seccomp_filter;
    unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    long result = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result > 0) fail(THAW_STEP_SECCOMP, -EBUSY, (uint64_t)result); /* the thread that could not follow */
    must(result, THAW_STEP_SECCOMP, 0);
}
