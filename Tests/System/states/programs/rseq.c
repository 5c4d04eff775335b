// Restartable sequences: the registration of each thread, and counters per processor that lose nothing when threads are frozen
// in the middle of a sequence.
#include <sched.h>
#include <sys/rseq.h>

#include "state.h"

enum { THREADS = 3, PROCESSORS = 1024 };

static struct { intptr_t count; char padding[56]; } counters[PROCESSORS];
static atomic_ulong counted[THREADS];
static atomic_ulong aborted;
static atomic_bool running = true;
static atomic_int stopped;

static struct rseq *area(void) {
    return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* Adds one to the counter of the processor we are on; false if we were interrupted. */
static bool add(void) {
    struct rseq *rseq = area();
    uint32_t processor = __atomic_load_n(&rseq->cpu_id_start, __ATOMIC_RELAXED);
    intptr_t *counter = &counters[processor].count;
    __asm__ goto(
        ".pushsection __rseq_cs, \"aw\"\n"
        ".balign 32\n"
        "3: .long 0, 0\n"
        ".quad 1f, (2f - 1f), 4f\n"
        ".popsection\n"
        "leaq 3b(%%rip), %%rax\n"
        "movq %%rax, %[section]\n"
        "1:\n"
        "cmpl %[processor], %[current]\n"
        "jnz 4f\n"
        "nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n"
        "addq $1, %[counter]\n"
        "2:\n"
        ".pushsection __rseq_failure, \"ax\"\n"
        ".byte 0x0f, 0xb9, 0x3d\n"
        ".long 0x53053053\n"
        "4:\n"
        "jmp %l[interrupted]\n"
        ".popsection\n"
        :
        : [section] "m"(rseq->rseq_cs), [processor] "r"(processor), [current] "m"(rseq->cpu_id), [counter] "m"(*counter)
        : "memory", "cc", "rax"
        : interrupted);
    return true;
interrupted:
    return false;
}

static void *body(void *argument) {
    atomic_ulong *mine = argument;
    unsigned long count = 0;
    while (atomic_load_explicit(&running, memory_order_relaxed)) {
        if (add())
            count++;
        else
            atomic_fetch_add(&aborted, 1);
        if (count % 4096 == 0)
            atomic_store(mine, count);
    }
    atomic_store(mine, count);
    atomic_fetch_add(&stopped, 1);
    pause();
    return NULL;
}

void prepare(const char *variant) {
    (void)variant;
    REQUIRE(__rseq_size, "the C library did not register rseq");
    for (int thread = 0; thread < THREADS; thread++)
        start(body, &counted[thread]);
    for (int thread = 0; thread < THREADS; thread++)
        UNTIL(atomic_load(&counted[thread]) > 100000, "thread %d does not count", thread);
}

static void check_processor(void) {
    cpu_set_t allowed;
    MUST(sched_getaffinity(0, sizeof allowed, &allowed));
    for (int processor = 0; processor < CPU_SETSIZE; processor++) {
        if (!CPU_ISSET(processor, &allowed))
            continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        MUST(sched_setaffinity(0, sizeof one, &one));
        REQUIRE(area()->cpu_id == (uint32_t)processor, "rseq says processor %u on processor %d", area()->cpu_id, processor);
        REQUIRE(area()->cpu_id_start == (uint32_t)processor, "cpu_id_start is %u", area()->cpu_id_start);
    }
    MUST(sched_setaffinity(0, sizeof allowed, &allowed));
}

void verify(int invocation) {
    check_processor();
    /* Registered means that it cannot be done again. */
    long again = syscall(SYS_rseq, area(), 32, 0, 0x53053053);
    REQUIRE(again == -1 && (errno == EBUSY || errno == EINVAL), "rseq could be registered again");
    if (invocation == 1) {
        for (int thread = 0; thread < THREADS; thread++) {
            unsigned long before = atomic_load(&counted[thread]);
            UNTIL(atomic_load(&counted[thread]) > before, "thread %d does not count any more", thread);
        }
        atomic_store(&running, false);
        UNTIL(atomic_load(&stopped) == THREADS, "the threads do not stop");
    }
    unsigned long sum = 0, processors = 0;
    for (int thread = 0; thread < THREADS; thread++)
        sum += atomic_load(&counted[thread]);
    for (int processor = 0; processor < PROCESSORS; processor++)
        processors += counters[processor].count;
    REQUIRE(sum == processors, "threads counted %lu, processors %lu", sum, processors);
}
