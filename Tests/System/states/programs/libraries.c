// A program with shared libraries, some loaded before the snapshot and some after it. Linked dynamically.
#include <dlfcn.h>
#include <link.h>

#include "state.h"

static double (*cosine)(double);
static int objects;

static int count(struct dl_phdr_info *info, size_t size, void *number) {
    (void)info, (void)size;
    ++*(int *)number;
    return 0;
}

void prepare(const char *variant) {
    (void)variant;
    void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library, "%s", dlerror());
    cosine = (double (*)(double))dlsym(library, "cos");
    REQUIRE(cosine && cosine(0) == 1, "no cosine");
    dl_iterate_phdr(count, &objects);
}

static void *body(void *argument) {
    *(double *)argument = cosine(*(double *)argument);
    return argument;
}

void verify(int invocation) {
    int found = 0;
    dl_iterate_phdr(count, &found);
    REQUIRE(found == objects + (invocation > 1), "%d objects are loaded, before the snapshot %d", found, objects);
    double value = 0;
    WORKS(pthread_join(start(body, &value), NULL));
    REQUIRE(value == 1, "cos(0) is %f", value);
    void *library = dlopen("libresolv.so.2", RTLD_LAZY);
    REQUIRE(library, "%s", dlerror());
    REQUIRE(dlsym(library, "ns_initparse"), "%s", dlerror());
    REQUIRE(!dlopen("libnowhere.so", RTLD_LAZY) && dlerror(), "a library that does not exist was loaded");
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    fprintf(stream, "%d %.3f %s", 42, 3.14159, "text");
    fclose(stream);
    REQUIRE(!strcmp(text, "42 3.142 text"), "printf wrote '%s'", text);
    free(text);
}
