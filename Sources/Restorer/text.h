// Bytes and text, without a C library.
#ifndef RESTORER_TEXT_H
#define RESTORER_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* What the compiler calls on its own for assignments of structures. */
void *memcpy(void *target, const void *source, size_t length);
void *memset(void *target, int byte, size_t length);

int text_is(const char *text, const char *other);

/* Text being put together in a buffer of the caller's, NUL-terminated, cut off where it does not fit. */
struct text {
    char *bytes;
    size_t capacity, length;
};

void append(struct text *text, const char *more);
void append_number(struct text *text, uint64_t number);

/* "/proc/self/fd/N" */
enum { DESCRIPTOR_PATH_SIZE = 32 };
void descriptor_path(char path[DESCRIPTOR_PATH_SIZE], int descriptor);

#endif
