// What is used of libarchive, loaded when it is first needed: only images of containers need it, and the program that reads
// zips starts without it.
#ifndef CLIBARCHIVE_H
#define CLIBARCHIVE_H

#include <stddef.h>
#include <stdint.h>

// Loads libarchive unless that is done. NULL if it is there, else what the dynamic linker said; the functions below may be
// called only after NULL.
const char *_Nullable clibarchive_load(void);

// A tar archive, plain or compressed with gzip or zstd.
typedef struct clibarchive clibarchive;

// One member; its strings are there until the next one is read. They are the archive's bytes, in no encoding.
typedef struct {
    const char *_Nullable name;
    const char *_Nullable hard_link;
    const char *_Nullable symbolic_link;
    // st_mode; the kind is 0 for a hard link.
    uint32_t mode;
    uint32_t kind;
    int64_t user, group, size, seconds;
    int64_t nanoseconds;
} clibarchive_member;

// Reads from the beginning of a file, whose offset moves; it has to stay open. NULL: out of memory. If it is not open
// afterwards, clibarchive_failure() tells why.
// is_raw: no tar, but one member with all that the file decompresses to; none if that is nothing.
clibarchive *_Nullable clibarchive_open(int descriptor, int is_raw, int *_Nonnull is_open);
void clibarchive_close(clibarchive *_Nonnull archive);

// 1: a member; 0: the end; -1: a failure.
int clibarchive_next(clibarchive *_Nonnull archive, clibarchive_member *_Nonnull member);

// The next piece of the member's content: 1, or 0 at its end, or -1. What lies between two pieces is zeros.
int clibarchive_read(
    clibarchive *_Nonnull archive, const void *_Nullable *_Nonnull bytes, size_t *_Nonnull count, int64_t *_Nonnull offset
);

// What failed, in English; there until the archive is closed.
const char *_Nonnull clibarchive_failure(clibarchive *_Nonnull archive);

#endif
