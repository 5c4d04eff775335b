#include "timers.h"

#include "image.h"
#include "report.h"
#include "syscalls.h"

static const uint64_t SECOND = 1000000000;

/* Linux before 6.15 gives out timer ids in turn: this many are taken and given back before giving up. */
enum { IDS_TRIED = 65536 };

static struct timer_value timer_value(uint64_t value, uint64_t interval) {
    return (struct timer_value){
        .value = {(int64_t)(value / SECOND), (int64_t)(value % SECOND)},
        .interval = {(int64_t)(interval / SECOND), (int64_t)(interval % SECOND)},
    };
}

static void make_timer(const struct thaw_timer *timer) {
    struct signal_event event = {
        .value = timer->sigev_value,
        .signal = timer->signal,
        .notify = timer->notify,
        .thread = timer->notify & NOTIFY_THREAD ? (int32_t)timer->tid : 0,
    };
    for (int tried = 0; tried < IDS_TRIED; tried++) {
        int id = timer->id; /* in and out */
        must(sys_timer_create(timer->clock, &event, &id), THAW_STEP_TIMER, (uint64_t)timer->id);
        if (id == timer->id) return;
        sys_timer_delete(id);
    }
    fail(THAW_STEP_TIMER, -EBUSY, (uint64_t)timer->id);
}

void make_timers(void) {
    if (image->timers.count == 0) return;
    long chosen = sys_prctl(PR_TIMER_CREATE_RESTORE_IDS, 1, 0, 0);
    for (uint64_t i = 0; i < image->timers.count; i++) make_timer(image_timers(i));
    if (chosen == 0) sys_prctl(PR_TIMER_CREATE_RESTORE_IDS, 0, 0, 0);
}

/* A timerfd's expirations that nobody has read stand in it as a number; starting the timer clears it. */
static void start_descriptor(const struct thaw_descriptor *descriptor) {
    uint64_t detail = (uint64_t)descriptor->number;
    if (descriptor->value) {
        struct timer_value value = timer_value(descriptor->value, descriptor->interval);
        /* No flags: what is left is a span of time, whatever the timer was set with. */
        must(sys_timerfd_settime(descriptor->number, 0, &value), THAW_STEP_TIMER, detail);
    }
    if (descriptor->position)
        must(sys_ioctl(descriptor->number, TIMERFD_SET_TICKS, &descriptor->position), THAW_STEP_TIMER, detail);
}

void start_timers(void) {
    for (int which = 0; which < 3; which++) {
        const struct thaw_interval *timer = &image->interval_timers[which];
        if (timer->value == 0) continue;
        struct timer_value value = timer_value(timer->value, timer->interval);
        struct timer_microvalue coarse = {
            .value = {value.value.seconds, value.value.nanoseconds / 1000},
            .interval = {value.interval.seconds, value.interval.nanoseconds / 1000},
        };
        /* 0 would stop it */
        if (timer->value < 1000) coarse.value.microseconds = 1;
        must(sys_setitimer(which, &coarse), THAW_STEP_TIMER, (uint64_t)which);
    }
    for (uint64_t i = 0; i < image->timers.count; i++) {
        const struct thaw_timer *timer = image_timers(i);
        struct timer_value value = timer_value(timer->value, timer->interval);
        if (timer->value) must(sys_timer_settime(timer->id, &value), THAW_STEP_TIMER, (uint64_t)timer->id);
    }
    for (uint64_t i = 0; i < image->descriptors.count; i++)
        if (image_descriptors(i)->kind == THAW_FD_TIMER) start_descriptor(image_descriptors(i));
}
