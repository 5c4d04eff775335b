#include "files.h"

#include "descriptors.h"
#include "image.h"
#include "report.h"
#include "syscalls.h"

static const int64_t SECOND = 1000000000;

static void write_content(int file, uint64_t first, uint64_t count, uint64_t size, uint64_t detail) {
    uint64_t end = 0;
    for (uint64_t i = 0; i < count; i++) {
        const struct thaw_extent *extent = image_extents(first + i);
        const char *content = image_bytes(extent->content);
        for (uint64_t done = 0; done < extent->size;)
            done += (uint64_t)must(
                sys_pwrite(file, content + done, extent->size - done, extent->offset + done), THAW_STEP_SCRATCH, detail);
        end = extent->offset + extent->size;
    }
    if (size > end) must(sys_ftruncate(file, size), THAW_STEP_SCRATCH, detail);
}

/* /tmp numbers its files as they are made. */
static void skip_numbers(uint32_t count, uint64_t detail) {
    for (uint32_t i = 0; i < count; i++)
        sys_close((int)must(sys_open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), THAW_STEP_SCRATCH, detail));
}

static void make_file(const struct thaw_node *node, uint64_t index) {
    int flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC;
    int file = (int)must(
        sys_open(image_text(node->path), flags, (int)(node->mode & 07777)), THAW_STEP_SCRATCH, index);
    write_content(file, node->first_extent, node->extents, node->size, index);
    sys_close(file);
}

static void set_times(const struct thaw_node *node, uint64_t place, uint64_t index) {
    struct timer_time times[2];
    times[0].seconds = node->accessed / SECOND;
    times[0].nanoseconds = node->accessed % SECOND;
    times[1].seconds = node->modified / SECOND;
    times[1].nanoseconds = node->modified % SECOND;
    must(sys_set_times(image_text(place), times), THAW_STEP_SCRATCH, index);
}

static int is_directory(const struct thaw_node *node) { return (node->mode & S_IFMT) == S_IFDIR; }

static void make_node(const struct thaw_node *node, uint64_t index) {
    const char *path = image_text(node->path);
    skip_numbers(node->gap, index);
    switch (node->mode & S_IFMT) {
    case S_IFREG: make_file(node, index); break;
    case S_IFDIR: must(sys_mkdir(path, (int)(node->mode & 07777)), THAW_STEP_SCRATCH, index); return;
    case S_IFLNK: must(sys_symlink(image_text(node->target), path), THAW_STEP_SCRATCH, index); break;
    default: must(sys_mknod(path, (int)node->mode), THAW_STEP_SCRATCH, index);
    }
    set_times(node, node->path, index);
}

void make_nodes(void) {
    uint64_t count = image->nodes.count;
    for (uint64_t i = 0; i < count; i++) make_node(image_nodes(i), i);
    for (uint64_t i = 0; i < image->names.count; i++) {
        const struct thaw_name *name = image_names(i);
        const char *from = image_text(name->from), *to = image_text(name->to);
        must(name->moves ? sys_rename(from, to) : sys_link(from, to), THAW_STEP_SCRATCH, count + i);
    }
    /* Last, as everything that is made in a directory changes its time. */
    for (uint64_t i = count; i-- > 0;)
        if (is_directory(image_nodes(i))) set_times(image_nodes(i), image_nodes(i)->place, i);
}

int object_descriptor(uint64_t object) { return first_spare() + SPARES + (int)object; }

enum { OBJECT_MODE = 0600 };

static int make_object(const struct thaw_object *object, uint64_t detail) {
    if (object->kind == THAW_OBJECT_FILE)
        return (int)must(sys_open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, OBJECT_MODE), THAW_STEP_OBJECT, detail);
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    return (int)must(sys_memfd_create(image_text(object->name), flags), THAW_STEP_OBJECT, detail);
}

void make_objects(void) {
    for (uint64_t i = 0; i < image->objects.count; i++) {
        const struct thaw_object *object = image_objects(i);
        int made = make_object(object, i);
        write_content(made, object->first_extent, object->extents, object->size, i);
        if (object->kind != THAW_OBJECT_FILE || object->permissions != OBJECT_MODE)
            must(sys_fchmod(made, (int)object->permissions), THAW_STEP_OBJECT, i);
        if (object->seals) must(sys_fcntl(made, F_ADD_SEALS, (long)object->seals), THAW_STEP_OBJECT, i);
        must(sys_dup3(made, object_descriptor(i), O_CLOEXEC), THAW_STEP_OBJECT, i);
        sys_close(made);
    }
}

static long lock(const struct thaw_lock *lock) {
    if (lock->kind == THAW_LOCK_FLOCK)
        return sys_flock(lock->number, (lock->is_exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
    struct flock range;
    range.l_type = lock->is_exclusive ? F_WRLCK : F_RDLCK;
    range.l_whence = 0;
    range.l_start = (int64_t)lock->start;
    range.l_len = (int64_t)lock->length;
    range.l_pid = 0;
    return sys_fcntl(lock->number, lock->kind == THAW_LOCK_POSIX ? F_SETLK : F_OFD_SETLK, (long)&range);
}

void make_locks(void) {
    for (uint64_t i = 0; i < image->locks.count; i++)
        must(lock(image_locks(i)), THAW_STEP_LOCK, (uint64_t)image_locks(i)->number);
}
