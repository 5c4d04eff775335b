// Loads libarchive: see CLibarchive.h.
#include "CLibarchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define FUNCTIONS(F)                                                                                                   \
    F(archive_entry_filetype)                                                                                          \
    F(archive_entry_gid)                                                                                               \
    F(archive_entry_hardlink)                                                                                          \
    F(archive_entry_mtime)                                                                                             \
    F(archive_entry_mtime_nsec)                                                                                        \
    F(archive_entry_pathname)                                                                                          \
    F(archive_entry_perm)                                                                                              \
    F(archive_entry_size)                                                                                              \
    F(archive_entry_symlink)                                                                                           \
    F(archive_entry_uid)                                                                                               \
    F(archive_error_string)                                                                                            \
    F(archive_read_data_block)                                                                                         \
    F(archive_read_free)                                                                                               \
    F(archive_read_new)                                                                                                \
    F(archive_read_next_header)                                                                                        \
    F(archive_read_open_fd)                                                                                            \
    F(archive_read_support_filter_gzip)                                                                                \
    F(archive_read_support_filter_zstd)                                                                                \
    F(archive_read_support_format_empty)                                                                               \
    F(archive_read_support_format_raw)                                                                                 \
    F(archive_read_support_format_tar)

#define POINTER(name) __typeof__(&name) name;
static struct {
    FUNCTIONS(POINTER)
} libarchive;

static char failure[256];

static void load(void) {
    void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(failure, sizeof failure, "%s", dlerror());
        return;
    }
#define FIND(name)                                                                                                     \
    if (!(libarchive.name = (__typeof__(&name))dlsym(library, #name))) {                                               \
        snprintf(failure, sizeof failure, "%s", dlerror());                                                            \
        return;                                                                                                        \
    }
    FUNCTIONS(FIND)
}

const char *clibarchive_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return failure[0] ? failure : NULL;
}

static struct archive *real(clibarchive *archive) { return (struct archive *)archive; }

// Much is read at a time: layers are large.
static const size_t block = 1 << 17;

clibarchive *clibarchive_open(int descriptor, int is_raw, int *is_open) {
    struct archive *archive = libarchive.archive_read_new();
    if (!archive) return NULL;
    libarchive.archive_read_support_filter_gzip(archive);
    libarchive.archive_read_support_filter_zstd(archive);
    libarchive.archive_read_support_format_empty(archive);
    if (is_raw) libarchive.archive_read_support_format_raw(archive);
    else libarchive.archive_read_support_format_tar(archive);
    lseek(descriptor, 0, SEEK_SET);
    *is_open = libarchive.archive_read_open_fd(archive, descriptor, block) == ARCHIVE_OK;
    return (clibarchive *)archive;
}

void clibarchive_close(clibarchive *archive) { libarchive.archive_read_free(real(archive)); }

int clibarchive_next(clibarchive *archive, clibarchive_member *member) {
    struct archive_entry *entry = NULL;
    int result = libarchive.archive_read_next_header(real(archive), &entry);
    if (result == ARCHIVE_EOF) return 0;
    // A warning is about a name that is in no encoding, or an attribute that is not used here.
    if ((result != ARCHIVE_OK && result != ARCHIVE_WARN) || !entry) return -1;
    *member = (clibarchive_member){
        .name = libarchive.archive_entry_pathname(entry),
        .hard_link = libarchive.archive_entry_hardlink(entry),
        .symbolic_link = libarchive.archive_entry_symlink(entry),
        .mode = libarchive.archive_entry_perm(entry),
        .kind = libarchive.archive_entry_filetype(entry),
        .user = libarchive.archive_entry_uid(entry),
        .group = libarchive.archive_entry_gid(entry),
        .size = libarchive.archive_entry_size(entry),
        .seconds = libarchive.archive_entry_mtime(entry),
        .nanoseconds = libarchive.archive_entry_mtime_nsec(entry),
    };
    return 1;
}

int clibarchive_read(clibarchive *archive, const void **bytes, size_t *count, int64_t *offset) {
    la_int64_t place = 0;
    int result = libarchive.archive_read_data_block(real(archive), bytes, count, &place);
    *offset = place;
    if (result == ARCHIVE_EOF) return 0;
    return result == ARCHIVE_OK || result == ARCHIVE_WARN ? 1 : -1;
}

const char *clibarchive_failure(clibarchive *archive) {
    const char *text = libarchive.archive_error_string(real(archive));
    return text ? text : "it is damaged";
}
