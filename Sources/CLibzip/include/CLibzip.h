// What is used of libzip, loaded when it is first needed instead of linked: Debian 12 has the library as libzip.so.4 and
// Debian 13 as libzip.so.5, alike in all that is used here, and one executable serves both.
#ifndef CLIBZIP_H
#define CLIBZIP_H

// The functions of these names are this target's, and not for a loaded libzip to find.
#define ZIP_EXTERN __attribute__((visibility("hidden")))
#include <zip.h>

// Loads libzip unless that is done. NULL if it is there, else what the dynamic linker said; the functions of zip.h may
// be called only after NULL.
const char *_Nullable clibzip_load(void);

#endif
