// See credentials.c. Each returns 0 or an errno.
#ifndef CLINUX_CREDENTIALS_H
#define CLINUX_CREDENTIALS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

static inline int outcome(long result) { return result < 0 ? errno : 0; }

/* The ambient set too. */
int drop_bounding_set(void);
int take_identity(uid_t uid, gid_t gid, const int32_t *groups, size_t count);
int clear_capabilities(void);
/* The only one left, in every set. */
int keep_capability(int capability);

#endif
