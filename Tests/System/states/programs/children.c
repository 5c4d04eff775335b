// Children that had ended before the snapshot and were not waited for: by themselves, and by a signal.
#include <sys/wait.h>

#include "state.h"

static pid_t children[2];
static atomic_int told;

static void hear(int signal) {
    atomic_fetch_add(&told, signal == SIGCHLD);
}

void prepare(const char *variant) {
    (void)variant;
    signal(SIGCHLD, hear);
    for (int each = 0; each < 2; each++) {
        children[each] = MUST(fork());
        if (children[each] == 0) {
            if (each)
                kill(getpid(), SIGTERM);
            _exit(3);
        }
        siginfo_t info;
        while (waitid(P_PID, children[each], &info, WEXITED | WNOWAIT))
            REQUIRE(errno == EINTR, "waitid: %s", strerror(errno));
    }
    UNTIL(atomic_load(&told) > 0, "nobody told of the children");
    atomic_store(&told, 0);
}

void verify(int invocation) {
    int status;
    if (invocation > 1) {
        REQUIRE(wait(&status) == -1 && errno == ECHILD, "there is another child");
        return;
    }
    REQUIRE(atomic_load(&told) == 0, "the children's ends were told again");
    REQUIRE(MUST(waitpid(children[1], &status, WNOHANG)) == children[1], "the second child is not there");
    REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "the second child ended with 0x%x", status);
    REQUIRE(MUST(wait(&status)) == children[0], "the first child is not there");
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 3, "the first child ended with 0x%x", status);
}
