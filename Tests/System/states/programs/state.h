// What every program of the state matrix is made of: a Lambda custom runtime (runtime.c) around two functions. `prepare` sets a
// state up before the snapshot, `verify` looks at it thoroughly in every invocation after it.
#ifndef STATE_H
#define STATE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* A program defines these. `variant` is what follows the dot in the handler's name: "" without one. If it ends in "next", the program
 * does not know restore/next and is frozen in invocation/next. */
void prepare(const char *variant);
void verify(int invocation);

/* Ends the init or the verification with a sentence. For the main thread. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same from any thread, which goes on; the first sentence is the one that is told. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that this state cannot be had here; the program then works without it. */
void unavailable(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Adds `"name": "value"` to the answer. The value must not need escapes. */
void tell(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define REQUIRE(condition, ...) \
    do { \
        if (!(condition)) \
            fail(__VA_ARGS__); \
    } while (0)

/* A system call that must work. */
#define MUST(call) \
    ({ \
        __typeof__(call) result_of_call = (call); \
        if ((long)result_of_call == -1) \
            fail("%s: %s", #call, strerror(errno)); \
        result_of_call; \
    })

/* A pthread function that must work. */
#define WORKS(call) \
    do { \
        int error_of_call = (call); \
        if (error_of_call) \
            fail("%s: %s", #call, strerror(error_of_call)); \
    } while (0)

/* Waits for what another thread or the clock must bring about. */
#define UNTIL(condition, ...) \
    do { \
        uint64_t end_of_wait = now(CLOCK_MONOTONIC) + 20 * SECOND; \
        while (!(condition)) { \
            REQUIRE(now(CLOCK_MONOTONIC) < end_of_wait, __VA_ARGS__); \
            pause_for(MILLISECOND); \
        } \
    } while (0)

#define MILLISECOND UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define PAGE 4096

uint64_t now(clockid_t clock); /* nanoseconds */
void pause_for(uint64_t nanoseconds); /* whatever signals come */
pthread_t start(void *(*body)(void *), void *argument);

/* A path of our own in /tmp. Valid until the fourth call after it. */
const char *scratch(const char *name);

/* Whether this is a clone that came by restore/next; the tests of the programs themselves only act as if. */
bool is_clone(void);

/* The value of a header of the answer to restore/next; NULL if there was none. */
const char *restore_header(const char *name);

/* Content that depends on every byte's place and on `seed`. */
void fill(void *memory, size_t size, uint64_t seed);
bool filled(const void *memory, size_t size, uint64_t seed);

/* The content of a file of /proc, NUL-terminated; free() it. */
char *slurp(const char *path, size_t *size);

// Whether the mapping that holds the address has this flag among its VmFlags, see proc_pid_smaps(5).
bool flagged(const void *memory, const char *flag);

/* A field of a file with lines "Name:\tvalue", such as /proc/self/status. False without it. */
bool field(const char *path, const char *name, char *value, size_t size);

#endif
