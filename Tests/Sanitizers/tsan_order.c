// Tells ThreadSanitizer what is ordered in libraries that are built without it, so that it takes no lock and no handover for a race:
// the slow paths of Swift's Mutex, which wait in the kernel, and what Swift's concurrency hands to libdispatch's threads.
// Loaded before those libraries (LD_PRELOAD).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

/* Weak: programs without the sanitizer get this too. */
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *
typedef SWIFT void lock_slow(uint32_t thread, SELF mutex);
typedef SWIFT void unlock_slow(SELF mutex);

SWIFT void lock(uint32_t thread, SELF mutex) __asm__(LOCK);
SWIFT void unlock(SELF mutex) __asm__(UNLOCK);

SWIFT void lock(uint32_t thread, SELF mutex) {
    ((lock_slow *)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock(SELF mutex) {
    if (__tsan_release) __tsan_release(mutex);
    ((unlock_slow *)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}

typedef void work(void *);
typedef void async_f(void *queue, void *context, work *function);

struct handover {
    work *function;
    void *context;
};

static void take(void *argument) {
    struct handover handover = *(struct handover *)argument;
    if (__tsan_acquire) __tsan_acquire(argument);
    free(argument);
    handover.function(handover.context);
}

void dispatch_async_f(void *queue, void *context, work *function) {
    struct handover *handover = malloc(sizeof *handover);
    if (!handover) abort();
    *handover = (struct handover){function, context};
    if (__tsan_release) __tsan_release(handover);
    ((async_f *)dlsym(RTLD_NEXT, "dispatch_async_f"))(queue, handover, take);
}
