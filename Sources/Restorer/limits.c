#include "limits.h"

#include "confine.h"
#include "image.h"
#include "report.h"
#include "syscalls.h"

static void set_limit(int kind) {
    struct resource_limit limit = {image->limits[kind].soft, image->limits[kind].hard};
    must(sys_setrlimit(kind, &limit), THAW_STEP_LIMIT, (uint64_t)kind);
}

/* Limits that would hold back the template, or a clone before it is complete: on descriptors, processor time, the size of files, and
 * the numbers of processes and queued signals. The program may have lowered them below what it has. */
static int is_own(int kind) {
    return kind == RLIMIT_NOFILE || kind == RLIMIT_CPU || kind == RLIMIT_FSIZE || kind == RLIMIT_NPROC ||
        kind == RLIMIT_SIGPENDING;
}

static uint32_t late; /* those of them that differ from the template's, a bit each */

static int differs(int kind) {
    struct resource_limit limit;
    must(sys_getrlimit(kind, &limit), THAW_STEP_LIMIT, (uint64_t)kind);
    return limit.soft != image->limits[kind].soft || limit.hard != image->limits[kind].hard;
}

void set_inherited_limits(void) {
    late = 0;
    for (int kind = 0; kind < RLIM_NLIMITS; kind++) {
        if (!is_own(kind)) set_limit(kind);
        else if (kind != RLIMIT_NOFILE && differs(kind)) late |= 1U << kind;
    }
    must(sys_set_nice(image->nice), THAW_STEP_LIMIT, (uint64_t)RLIM_NLIMITS);
    for (int feature = 0; feature < 64; feature++)
        if (image->permitted_features >> feature & 1)
            must(sys_arch_prctl(ARCH_REQ_XCOMP_PERM, (uint64_t)feature), THAW_STEP_LIMIT, (uint64_t)feature);
    for (uint64_t i = 0; i < image->actions.count; i++) {
        const struct thaw_action *action = image_actions(i);
        struct signal_action wanted = {action->handler, action->flags, action->restorer, action->mask};
        must(sys_signal_action((int)action->signal, &wanted), THAW_STEP_SIGNAL, action->signal);
    }
}

void forget_actions(void) {
    static const struct signal_action usual;
    for (uint64_t i = 0; i < image->actions.count; i++)
        must(
            sys_signal_action((int)image_actions(i)->signal, &usual), THAW_STEP_SIGNAL, image_actions(i)->signal);
}

void make_room_for_descriptors(int least) {
    uint64_t needed = (uint64_t)least;
    if (image->limits[RLIMIT_NOFILE].hard > needed) needed = image->limits[RLIMIT_NOFILE].hard;
    struct resource_limit limit = {needed, needed};
    must(sys_setrlimit(RLIMIT_NOFILE, &limit), THAW_STEP_LIMIT, RLIMIT_NOFILE);
}

void set_own_limits(void) {
    set_limit(RLIMIT_NOFILE);
    sys_umask((int)image->mode_mask);
    take_own_score();
    if (image->own & THAW_OWN_PROCESSORS)
        must(sys_sched_setaffinity(sizeof image->processors, image->processors), THAW_STEP_PROCESSORS, 0);
    if (image->own & THAW_OWN_COREDUMP_FILTER)
        set_number("/proc/self/coredump_filter", image->coredump_filter, THAW_STEP_LIMIT);
}

void set_late_limits(void) {
    for (int kind = 0; late >> kind; kind++)
        if (late >> kind & 1) set_limit(kind);
}
