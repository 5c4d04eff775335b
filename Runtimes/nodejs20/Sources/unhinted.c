// Preloaded into Node.js: memory lies where the kernel puts it, one piece beside the other, and not where its user would like it.
//
// V8 asks for each 256 KiB of its heap at a random address. In a snapshot each of these has page tables and a mapping of its own,
// which every clone gets a copy of before it can run: most of what forking a template costs, and 0.3 MB of each clone. The
// kernel still chooses at random where all of it begins.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) void *mmap(
    void *address, size_t length, int protection, int flags, int file, off_t offset) {
    int is_wish = file < 0 && !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE));
    return (void *)syscall(SYS_mmap, is_wish ? NULL : address, length, protection, flags, file, offset);
}

/* Of no concern to the function and to the processes that it starts: `bootstrap` has put this library first. */
__attribute__((constructor)) static void leave_environment(void) {
    const char *libraries = getenv("LD_PRELOAD");
    if (!libraries) return;
    const char *others = strchr(libraries, ':');
    if (others)
        setenv("LD_PRELOAD", others + 1, 1);
    else
        unsetenv("LD_PRELOAD");
}
