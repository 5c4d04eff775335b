// The tables of the frozen image, as the restorer reads them: at their place in the window, validated by the engine.
#ifndef RESTORER_IMAGE_H
#define RESTORER_IMAGE_H

#include "process_image.h"

extern const struct thaw_image *image;

/* Copies the state from `file` to its place in the window. Memory of our own, not a mapping of the file: what a fork copies
 * the page tables of, a clone reads without a fault. */
void load_image(uint64_t window, int file);

/* Puts the image of another process of the tree in the place of the first one's. */
void switch_image(const struct thaw_process *process);

static inline const void *image_bytes(uint64_t offset) { return (const char *)image + image->bytes.offset + offset; }
static inline const char *image_text(uint64_t offset) { return (const char *)image_bytes(offset); }

#define IMAGE_TABLE(name, type) \
    static inline const struct type *image_##name(uint64_t index) { \
        return (const struct type *)((const char *)image + image->name.offset) + index; \
    }
IMAGE_TABLE(threads, thaw_thread)
IMAGE_TABLE(mappings, thaw_mapping)
IMAGE_TABLE(runs, thaw_run)
IMAGE_TABLE(descriptors, thaw_descriptor)
IMAGE_TABLE(options, thaw_option)
IMAGE_TABLE(watches, thaw_watch)
IMAGE_TABLE(file_watches, thaw_file_watch)
IMAGE_TABLE(actions, thaw_action)
IMAGE_TABLE(timers, thaw_timer)
IMAGE_TABLE(children, thaw_child)
IMAGE_TABLE(nodes, thaw_node)
IMAGE_TABLE(names, thaw_name)
IMAGE_TABLE(objects, thaw_object)
IMAGE_TABLE(extents, thaw_extent)
IMAGE_TABLE(locks, thaw_lock)
IMAGE_TABLE(processes, thaw_process)
#undef IMAGE_TABLE

#endif
