// Numbers that were reserved when the process's table was small: see low_descriptors.h.
#define _GNU_SOURCE
#include "low_descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

enum { limit = 48 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Each holds a copy of `placeholder` while nobody uses it; none is reserved while count is 0. */
static int numbers[limit], count, placeholder;

static int reserve(void) {
    if (count) return 0;
    placeholder = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (placeholder < 0) return errno;
    for (; count < limit; count++) {
        numbers[count] = fcntl(placeholder, F_DUPFD_CLOEXEC, 3);
        if (numbers[count] >= 0) continue;
        int error = errno;
        while (count > 0) close(numbers[--count]);
        close(placeholder);
        return error;
    }
    return 0;
}

int low_descriptors_begin(struct low_descriptors *given) {
    *given = (struct low_descriptors){0};
    pthread_mutex_lock(&lock);
    int error = reserve();
    /* The kernel gives the lowest number that is free, so they rise. */
    if (!error) given->end = numbers[count - 1] + 1;
    return error;
}

int low_descriptors_give(struct low_descriptors *given, int32_t *number) {
    if (*number < 0) return 0;
    if (given->used == count) return EMFILE;
    int place = numbers[given->used];
    if (dup3(*number, place, O_CLOEXEC) < 0) return errno;
    given->used++;
    *number = place;
    return 0;
}

void low_descriptors_end(struct low_descriptors *given) {
    while (given->used > 0) dup3(placeholder, numbers[--given->used], O_CLOEXEC);
    pthread_mutex_unlock(&lock);
}
