// Loads libzip: see CLibzip.h.
#include "CLibzip.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define FUNCTIONS(F)                                                                                                   \
    F(zip_close)                                                                                                       \
    F(zip_discard)                                                                                                     \
    F(zip_error_fini)                                                                                                  \
    F(zip_error_init)                                                                                                  \
    F(zip_error_init_with_code)                                                                                        \
    F(zip_error_strerror)                                                                                              \
    F(zip_fclose)                                                                                                      \
    F(zip_fdopen)                                                                                                      \
    F(zip_file_add)                                                                                                    \
    F(zip_file_get_error)                                                                                              \
    F(zip_file_get_external_attributes)                                                                                \
    F(zip_file_set_external_attributes)                                                                                \
    F(zip_file_set_mtime)                                                                                              \
    F(zip_fopen_index)                                                                                                 \
    F(zip_fread)                                                                                                       \
    F(zip_get_error)                                                                                                   \
    F(zip_get_name)                                                                                                    \
    F(zip_get_num_entries)                                                                                             \
    F(zip_open)                                                                                                        \
    F(zip_open_from_source)                                                                                            \
    F(zip_source_buffer_create)                                                                                        \
    F(zip_source_file)                                                                                                 \
    F(zip_source_free)                                                                                                 \
    F(zip_stat_index)

#define POINTER(name) __typeof__(&name) name;
static struct {
    FUNCTIONS(POINTER)
} libzip;

static char failure[256];

static void load(void) {
    void *library = dlopen("libzip.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libzip.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(failure, sizeof failure, "%s", dlerror());
        return;
    }
#define FIND(name)                                                                                                     \
    if (!(libzip.name = (__typeof__(&name))dlsym(library, #name))) {                                                   \
        snprintf(failure, sizeof failure, "%s", dlerror());                                                            \
        return;                                                                                                        \
    }
    FUNCTIONS(FIND)
}

const char *clibzip_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return failure[0] ? failure : NULL;
}

int zip_close(zip_t *archive) { return libzip.zip_close(archive); }

void zip_discard(zip_t *archive) { libzip.zip_discard(archive); }

void zip_error_fini(zip_error_t *error) { libzip.zip_error_fini(error); }

void zip_error_init(zip_error_t *error) { libzip.zip_error_init(error); }

void zip_error_init_with_code(zip_error_t *error, int code) { libzip.zip_error_init_with_code(error, code); }

const char *zip_error_strerror(zip_error_t *error) { return libzip.zip_error_strerror(error); }

int zip_fclose(zip_file_t *file) { return libzip.zip_fclose(file); }

zip_t *zip_fdopen(int descriptor, int flags, int *error) { return libzip.zip_fdopen(descriptor, flags, error); }

zip_int64_t zip_file_add(zip_t *archive, const char *name, zip_source_t *source, zip_flags_t flags) {
    return libzip.zip_file_add(archive, name, source, flags);
}

zip_error_t *zip_file_get_error(zip_file_t *file) { return libzip.zip_file_get_error(file); }

int zip_file_get_external_attributes(
    zip_t *archive, zip_uint64_t index, zip_flags_t flags, zip_uint8_t *system, zip_uint32_t *attributes
) {
    return libzip.zip_file_get_external_attributes(archive, index, flags, system, attributes);
}

int zip_file_set_external_attributes(
    zip_t *archive, zip_uint64_t index, zip_flags_t flags, zip_uint8_t system, zip_uint32_t attributes
) {
    return libzip.zip_file_set_external_attributes(archive, index, flags, system, attributes);
}

int zip_file_set_mtime(zip_t *archive, zip_uint64_t index, time_t time, zip_flags_t flags) {
    return libzip.zip_file_set_mtime(archive, index, time, flags);
}

zip_file_t *zip_fopen_index(zip_t *archive, zip_uint64_t index, zip_flags_t flags) {
    return libzip.zip_fopen_index(archive, index, flags);
}

zip_int64_t zip_fread(zip_file_t *file, void *buffer, zip_uint64_t size) { return libzip.zip_fread(file, buffer, size); }

zip_error_t *zip_get_error(zip_t *archive) { return libzip.zip_get_error(archive); }

const char *zip_get_name(zip_t *archive, zip_uint64_t index, zip_flags_t flags) {
    return libzip.zip_get_name(archive, index, flags);
}

zip_int64_t zip_get_num_entries(zip_t *archive, zip_flags_t flags) { return libzip.zip_get_num_entries(archive, flags); }

zip_t *zip_open(const char *path, int flags, int *error) { return libzip.zip_open(path, flags, error); }

zip_t *zip_open_from_source(zip_source_t *source, int flags, zip_error_t *error) {
    return libzip.zip_open_from_source(source, flags, error);
}

zip_source_t *zip_source_buffer_create(const void *bytes, zip_uint64_t size, int freed, zip_error_t *error) {
    return libzip.zip_source_buffer_create(bytes, size, freed, error);
}

zip_source_t *zip_source_file(zip_t *archive, const char *path, zip_uint64_t start, zip_int64_t length) {
    return libzip.zip_source_file(archive, path, start, length);
}

void zip_source_free(zip_source_t *source) { libzip.zip_source_free(source); }

int zip_stat_index(zip_t *archive, zip_uint64_t index, zip_flags_t flags, zip_stat_t *status) {
    return libzip.zip_stat_index(archive, index, flags, status);
}
