#include "processes.h"

#include "clone.h"
#include "descriptors.h"
#include "files.h"
#include "image.h"
#include "limits.h"
#include "memory.h"
#include "report.h"
#include "syscalls.h"
#include "threads.h"
#include "timers.h"

static int count, first_gate;
static uint64_t open; /* the gates to this one's children, a bit each */

int gates(void) { return count; }
int gate(int process) { return first_gate + process; }

void number_gates(void) {
    count = (int)image->processes.count;
    /* Beyond the objects, and the ends of connections, of which there are not more than descriptors. */
    first_gate = object_descriptor(image->objects.count + image->descriptors.count);
}

/* The other side says nothing but that it is time. One that is gone has said why, if it could. */
static void wait_at(int descriptor) {
    uint8_t word;
    struct received received;
    if (receive(descriptor, &word, sizeof word, &received) < 0 || received.length == 0) sys_exit_group(1);
}

static void say_at(int descriptor) {
    static const uint8_t word = 1;
    if (send(descriptor, &word, sizeof word, -1) < 0) sys_exit_group(1);
}

void open_gates(void) {
    for (int i = 0; i < count; i++) {
        if (!(open >> i & 1)) continue;
        say_at(gate(i));
        sys_close(gate(i));
    }
}

/* Sessions and groups are those of the parent where nothing is said. */
static void join(const struct thaw_process *process) {
    if (process->leads & THAW_LEADS_SESSION)
        must(sys_setsid(), THAW_STEP_PROCESS, process->pid);
    else if (process->leads & THAW_LEADS_GROUP || process->group)
        must(sys_setpgid((int)process->group), THAW_STEP_PROCESS, process->pid);
}

/* The first one's image, memory and signal handlers give way to its own. */
static void become_itself(const struct thaw_process *process) {
    uint64_t window = (uint64_t)image - THAW_WINDOW_STATE, end = window + THAW_WINDOW_SIZE;
    forget_actions();
    must(sys_munmap(0, window), THAW_STEP_UNMAP, 0);
    must(sys_munmap(end, ADDRESSES_END - end), THAW_STEP_UNMAP, end);
    switch_image(process);
    build_memory_at_once(spare(SPARE_MEMORY), spare(SPARE_BASE));
}

static void make_children_of(uint64_t parent);

static _Noreturn void become_process(const struct thaw_process *process, uint64_t number) {
    must(sys_dup3(spare(SPARE_DOWNWARD), spare(SPARE_UPWARD), O_CLOEXEC), THAW_STEP_PROCESS, process->pid);
    sys_close(spare(SPARE_DOWNWARD));
    sys_close_range((unsigned)gate(0), (unsigned)gate(count) - 1);
    open = 0;
    join(process);
    /* Its own children begin, as it did, with what the first process has. */
    make_children_of(number);
    become_itself(process);
    must(sys_chdir(image_text(image->working_directory)), THAW_STEP_FILE, 0);
    take_descriptors();
    make_watches();
    set_inherited_limits();
    complete(0);
    say_at(spare(SPARE_UPWARD));
    wait_at(spare(SPARE_UPWARD));
    open_gates();
    start_timers();
    sys_close(spare(SPARE_CONTROL));
    sys_close(spare(SPARE_UPWARD));
    run_threads();
}

static void make_process(uint64_t index) {
    const struct thaw_process *process = image_processes(index);
    int32_t pid = (int32_t)process->pid;
    int ends[2];
    must(sys_socketpair(FAMILY_UNIX, PACKET_SOCKET | O_CLOEXEC, ends), THAW_STEP_PROCESS, process->pid);
    must(sys_dup3(ends[0], gate((int)index), O_CLOEXEC), THAW_STEP_PROCESS, process->pid);
    must(sys_dup3(ends[1], spare(SPARE_DOWNWARD), O_CLOEXEC), THAW_STEP_PROCESS, process->pid);
    sys_close(ends[0]);
    sys_close(ends[1]);
    struct clone_args arguments = {
        .exit_signal = SIGCHLD,
        .set_tid = (uint64_t)&pid,
        .set_tid_size = 1,
    };
    if (must(sys_clone3(&arguments), THAW_STEP_PROCESS, process->pid) == 0) become_process(process, index + 1);
    sys_close(spare(SPARE_DOWNWARD));
    open |= 1UL << index;
    wait_at(gate((int)index));
}

/* Of the first process, which is 0, or of another, whose index is one less. */
static void make_children_of(uint64_t parent) {
    for (uint64_t i = 0; i < image->processes.count; i++)
        if (image_processes(i)->parent == parent) make_process(i);
}

void make_processes(void) { make_children_of(0); }
