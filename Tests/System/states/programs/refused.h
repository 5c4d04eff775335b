// For the programs whose states no clone could have: each variant sets up one, and where that is denied says so and works without.
#ifndef REFUSED_H
#define REFUSED_H

#include <stdarg.h>
#include <sys/prctl.h>

#include "state.h"

struct state { const char *name; void (*make)(void); };

/* Tells the test what the message must contain. */
static inline __attribute__((format(printf, 1, 2))) void detail(const char *format, ...) {
    char text[256];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    printf("detail: %s\n", text);
}

/* A call that may be denied. */
#define TRY(call) \
    ({ \
        long result_of_try = (long)(call); \
        if (result_of_try == -1) { \
            unavailable("%s", strerrorname_np(errno)); \
            return; \
        } \
        result_of_try; \
    })

static inline void set_up(const char *variant, const struct state *states, int count) {
    char name[16];
    snprintf(name, sizeof name, "-%s", variant); /* by which the test finds what is left of it */
    prctl(PR_SET_NAME, name);
    for (int each = 0; each < count; each++)
        if (!strcmp(states[each].name, variant)) {
            states[each].make();
            return;
        }
    fail("no state '%s'", variant);
}

#endif
