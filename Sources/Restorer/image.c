#include "image.h"

#include "report.h"
#include "syscalls.h"
#include "text.h"

const struct thaw_image *image;

void load_image(uint64_t window, int file) {
    struct thaw_image header;
    long length = must(sys_pread(file, &header, sizeof header, 0), THAW_STEP_STATE, 0);
    if (length != sizeof header || header.magic != THAW_IMAGE_MAGIC || header.header_size != sizeof header)
        fail(THAW_STEP_STATE, -EINVAL, 0);
    char *place = (char *)window + THAW_WINDOW_STATE;
    must(
        sys_mmap((uint64_t)place, header.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
        THAW_STEP_STATE, (uint64_t)place);
    for (uint64_t done = 0; done < header.size; done += (uint64_t)length) {
        length = must(sys_pread(file, place + done, header.size - done, done), THAW_STEP_STATE, done);
        if (length == 0) fail(THAW_STEP_STATE, -EIO, done);
    }
    image = (const struct thaw_image *)place;
}

void switch_image(const struct thaw_process *process) {
    /* Towards lower addresses, and copied in ascending order: the two may overlap. */
    memcpy((char *)image, (const char *)image + process->image, process->size);
}
