// Locks that another thread holds at the snapshot while others wait for them: mutexes of each kind, a condition, a read-write
// lock, a barrier and a semaphore. Robust mutexes of an owner that dies afterwards. Threads that are joined afterwards.
#include <semaphore.h>

#include "state.h"

enum { KINDS = 4 };
static const char *const names[KINDS] = {"mutex", "recursive mutex", "priority-inheriting mutex", "robust mutex"};

static pthread_mutex_t mutexes[KINDS], abandoned[2], guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static int value; /* under `guard` */
static pthread_t holder, waiters[KINDS + 5];
static atomic_int holding, waiting, got[KINDS + 5];
static atomic_bool release;

static void *hold(void *argument) {
    (void)argument;
    for (int kind = 0; kind < KINDS; kind++)
        pthread_mutex_lock(&mutexes[kind]);
    pthread_mutex_lock(&mutexes[1]);
    pthread_mutex_lock(&abandoned[0]);
    pthread_mutex_lock(&abandoned[1]);
    pthread_rwlock_wrlock(&lock);
    atomic_store(&holding, 1);
    while (!atomic_load(&release))
        pause_for(MILLISECOND);
    for (int kind = 0; kind < KINDS; kind++)
        if (pthread_mutex_unlock(&mutexes[kind]))
            complain("%s: cannot be unlocked by its owner", names[kind]);
    if (pthread_mutex_unlock(&mutexes[1]))
        complain("a recursive mutex was locked once only");
    if (pthread_rwlock_unlock(&lock))
        complain("a write lock was lost");
    return &holder;
}

static void *wait_for(void *argument) {
    int kind = (int)(long)argument;
    atomic_fetch_add(&waiting, 1);
    if (kind < KINDS) {
        pthread_mutex_lock(&mutexes[kind]);
        atomic_fetch_add(&got[kind], 1);
        pthread_mutex_unlock(&mutexes[kind]);
    } else if (kind == KINDS) {
        pthread_rwlock_rdlock(&lock);
    } else if (kind == KINDS + 1) {
        pthread_rwlock_wrlock(&lock);
    } else if (kind == KINDS + 2) {
        pthread_mutex_lock(&guard);
        while (!value)
            pthread_cond_wait(&condition, &guard);
        pthread_mutex_unlock(&guard);
    } else if (kind == KINDS + 3) {
        pthread_barrier_wait(&barrier);
    } else {
        while (sem_wait(&semaphore) && errno == EINTR)
            ;
    }
    if (kind == KINDS || kind == KINDS + 1)
        pthread_rwlock_unlock(&lock);
    if (kind >= KINDS)
        atomic_fetch_add(&got[kind], 1);
    return argument;
}

void prepare(const char *variant) {
    (void)variant;
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutex_init(&mutexes[0], &kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&mutexes[1], &kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&mutexes[2], &kind);
    pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_NONE);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&mutexes[3], &kind);
    pthread_mutex_init(&abandoned[0], &kind);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&abandoned[1], &kind);
    pthread_barrier_init(&barrier, NULL, 2);
    sem_init(&semaphore, 0, 0);
    holder = start(hold, NULL);
    UNTIL(atomic_load(&holding), "the holder did not start");
    for (long each = 0; each < KINDS + 5; each++)
        waiters[each] = start(wait_for, (void *)each);
    UNTIL(atomic_load(&waiting) == KINDS + 5, "the waiters did not start");
    pause_for(50 * MILLISECOND); /* so that they wait in the kernel */
}

static void first(void) {
    for (int each = 0; each < KINDS + 5; each++)
        REQUIRE(!atomic_load(&got[each]), "waiter %d did not wait", each);
    for (int kind = 0; kind < KINDS; kind++)
        REQUIRE(pthread_mutex_trylock(&mutexes[kind]) == EBUSY, "%s: not held any more", names[kind]);
    REQUIRE(pthread_mutex_unlock(&mutexes[3]) == EPERM, "a mutex does not know its owner");
    REQUIRE(pthread_rwlock_tryrdlock(&lock) == EBUSY, "a write lock is not held any more");
    atomic_store(&release, true);
    void *result;
    WORKS(pthread_join(holder, &result));
    REQUIRE(result == &holder, "a thread ended with another result");
    for (int each = 0; each < 2; each++) {
        int error = pthread_mutex_lock(&abandoned[each]);
        REQUIRE(error == EOWNERDEAD, "a robust mutex of a dead owner: %s", strerror(error));
        WORKS(pthread_mutex_consistent(&abandoned[each]));
        WORKS(pthread_mutex_unlock(&abandoned[each]));
    }
    pthread_mutex_lock(&guard);
    value = 1;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&guard);
    pthread_barrier_wait(&barrier);
    sem_post(&semaphore);
    for (long each = 0; each < KINDS + 5; each++) {
        UNTIL(atomic_load(&got[each]) == 1, "waiter %ld does not wake up", each);
        WORKS(pthread_join(waiters[each], &result));
        REQUIRE(result == (void *)each, "waiter %ld ended with another result", each);
    }
}

void verify(int invocation) {
    if (invocation == 1)
        first();
    for (int kind = 0; kind < KINDS; kind++) {
        WORKS(pthread_mutex_lock(&mutexes[kind]));
        WORKS(pthread_mutex_unlock(&mutexes[kind]));
    }
    WORKS(pthread_rwlock_wrlock(&lock));
    WORKS(pthread_rwlock_unlock(&lock));
}
