// Processes, threads, memory and signals that no clone could have.
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "refused.h"

static void child(void) {
    pid_t child = MUST(fork());
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "the-child");
        for (;;)
            pause();
    }
    UNTIL(({
        char path[64], name[32] = "";
        snprintf(path, sizeof path, "/proc/%d/status", child);
        field(path, "Name", name, sizeof name) && !strcmp(name, "the-child");
    }), "no child");
    detail("the-child");
    detail("%d", child);
}

/* A process of the same memory that is no thread. */
static int stay(void *argument) {
    if (argument)
        syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        syscall(SYS_pause);
}

static void sharing_child(void) {
    static char stack[65536];
    TRY(clone(stay, stack + sizeof stack, CLONE_VM | SIGCHLD, stack));
}

/* A thread with descriptors, or a directory, of its own. */
static void lone_thread(int shared) {
    static char stack[65536];
    TRY(clone(stay, stack + sizeof stack, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | shared, NULL));
    pause_for(20 * MILLISECOND);
}

static void own_files(void) {
    lone_thread(CLONE_FS);
}

static void own_directory(void) {
    lone_thread(CLONE_FILES);
}

static void sysv_memory(void) {
    int id = TRY(shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600));
    void *memory = shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    REQUIRE(memory != (void *)-1, "shmat: %s", strerror(errno));
}

static void shm_file(void) {
    int file = TRY(open("/dev/shm/the-shm", O_CREAT | O_RDWR, 0600));
    unlink("/dev/shm/the-shm");
    MUST(ftruncate(file, PAGE));
    REQUIRE(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED, "mmap: %s", strerror(errno));
}

static void aio(void) {
    uint64_t context = 0;
    TRY(syscall(SYS_io_setup, 4, &context));
}

static void pending(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    MUST(kill(getpid(), SIGUSR2));
}

static void pending_of_thread(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    WORKS(pthread_kill(pthread_self(), SIGRTMIN + 1));
}

static void secret(void) {
    int file = TRY(syscall(447 /* memfd_secret */, 0));
    TRY(ftruncate(file, PAGE));
    REQUIRE(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED, "mmap: %s", strerror(errno));
}

static void filter(void) {
    struct { uint16_t code; uint8_t yes, no; uint32_t value; } allow = {0x06, 0, 0, SECCOMP_RET_ALLOW};
    struct { uint16_t count; void *filter; } program = {1, &allow};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

static void landlock(void) {
    struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK};
    int ruleset = TRY(syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0));
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    TRY(syscall(SYS_landlock_restrict_self, ruleset, 0));
    close(ruleset);
}

static void deleted_directory(void) {
    MUST(mkdir(scratch("the-directory"), 0700));
    MUST(chdir(scratch("the-directory")));
    MUST(rmdir(scratch("the-directory")));
}

static void traced(void) {
    pid_t parent = getpid(), child = MUST(fork());
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ptrace(PTRACE_SEIZE, parent, NULL, NULL))
            _exit(errno);
        for (;;)
            pause();
    }
    pause_for(50 * MILLISECOND);
    siginfo_t info = {0};
    MUST(waitid(P_PID, child, &info, WEXITED | WNOHANG));
    if (info.si_pid == child)
        unavailable("%s", strerrorname_np(info.si_status));
}

static const struct state states[] = {
    {"child", child}, {"sharing-child", sharing_child}, {"own-files", own_files},
    {"own-directory", own_directory}, {"sysv", sysv_memory},
    {"shm", shm_file}, 
    {"aio", aio}, {"pending", pending}, {"pending-thread", pending_of_thread}, {"secret", secret}, {"seccomp", filter},
    {"landlock", landlock}, {"deleted-directory", deleted_directory}, {"traced", traced},
};

void prepare(const char *variant) {
    set_up(variant, states, COUNT(states));
}

/* It came back although it should not: what it is like then matters to nobody. */
void verify(int invocation) {
    (void)invocation;
}
