#include "clone.h"

#include "children.h"
#include "confine.h"
#include "descriptors.h"
#include "files.h"
#include "image.h"
#include "limits.h"
#include "memory.h"
#include "prefault.h"
#include "processes.h"
#include "report.h"
#include "syscalls.h"
#include "threads.h"
#include "timers.h"

/* The order of descriptors beside THAW_CLONE. */
enum { CONTROL, INIT, OUTPUT, ERROR, RUNTIME_API, FIRST_OPTIONAL };

/* Where the descriptors of its cgroups begin. */
static unsigned cgroup_index(const struct thaw_clone_request *request) {
    return FIRST_OPTIONAL + (request->flags & THAW_CLONE_CODE ? 1 : 0);
}

unsigned descriptors_of(const struct thaw_clone_request *request) {
    return cgroup_index(request) + (request->flags & THAW_CLONE_INTO_CGROUP ? 1 : 0) + request->cgroup_files;
}

int birth_cgroup_of(const struct thaw_clone_request *request, const int *descriptors) {
    return request->flags & THAW_CLONE_INTO_CGROUP ? descriptors[cgroup_index(request)] : -1;
}

/* While this is still a process of the host's root. */
static void enter_sandbox(const struct thaw_clone_request *request, const int *descriptors) {
    enter_cgroups(descriptors + descriptors_of(request) - request->cgroup_files, request->cgroup_files);
    sys_setsid();
    enter_namespaces(descriptors[INIT]);
    make_mounts(request, descriptors[FIRST_OPTIONAL]);
    become_killable();
    take_identity(descriptors[INIT], request->user, request->group);
}

void complete(int prefaults) {
    set_own_limits();
    finish_memory();
    make_children();
    /* Before there are threads: a page made one's own is one that other processors need not be told about. */
    if (prefaults) prefault_memory();
    make_threads();
    gather_threads();
    make_timers();
    set_late_limits();
    if (image->is_subreaper) must(sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0), THAW_STEP_IDENTITY, 0);
    must(sys_prctl(PR_SET_DUMPABLE, image->dumpable, 0, 0), THAW_STEP_IDENTITY, 0);
    filter_system_calls();
}

/* As the function: what it cannot open, its image cannot make the restorer open. */
static void build(const struct thaw_clone_request *request, const int *descriptors) {
    if (image->nodes.count) make_nodes();
    must(sys_chdir(image_text(image->working_directory)), THAW_STEP_FILE, 0);
    make_descriptors((struct given){
        .control = descriptors[CONTROL],
        .output = descriptors[OUTPUT],
        .error = descriptors[ERROR],
        .runtime_api = descriptors[RUNTIME_API],
    });
    make_watches();
    complete(request->flags & THAW_CLONE_PREFAULT);
}

/* Waits until the engine wants the clone to run. An engine that is gone wants none. */
static void wait_for_wake(int control) {
    static const uint32_t parked = THAW_PARKED;
    if (send(control, &parked, sizeof parked, -1) < 0) sys_exit_group(0);
    struct thaw_wake wake;
    struct received received;
    if (receive(control, &wake, sizeof wake, &received) < 0 || received.length == 0) sys_exit_group(0);
    if (received.length != sizeof wake || wake.kind != THAW_WAKE) fail(THAW_STEP_WAKE, -EPROTO, received.length);
}

_Noreturn void become_clone(const struct thaw_clone_request *request, const int *descriptors) {
    report_to(descriptors[CONTROL]);
    enter_sandbox(request, descriptors);
    build(request, descriptors);
    int control = first_spare();
    wait_for_wake(control);
    open_gates();
    start_timers();
    close_shelf();
    sys_close(control);
    run_threads();
}
