#include "confine.h"
#include "report.h"
#include "syscalls.h"
#include "text.h"

/* Which mount a failure is about. */
enum { NAMESPACE, CODE, SCRATCH, OVERLAY, PROC, OWNERS };

enum { OPTIONS_SIZE = 128, SCRATCH_MODE = 01777 };

/* Who is root inside of every sandbox: whoever the template's root directory belongs to. */
static uint32_t owner, owners_group;

void learn_owner(void) {
    struct statx root;
    must(sys_statx("/", STATX_UID | STATX_GID, &root), THAW_STEP_MOUNT, OWNERS);
    owner = root.stx_uid;
    owners_group = root.stx_gid;
}

void mount_scratch(uint64_t bytes) {
    char buffer[OPTIONS_SIZE];
    struct text options = {buffer, sizeof buffer, 0};
    append(&options, "mode=1777,size=");
    append_number(&options, bytes);
    append(&options, ",uid=");
    append_number(&options, owner);
    append(&options, ",gid=");
    append_number(&options, owners_group);
    must(sys_mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, buffer), THAW_STEP_MOUNT, SCRATCH);
}

/* What the template has at /tmp was written by the function, and an image has its files as those of the user that a function is
 * inside. Here they become those of the sandbox's user, in a mount of the clone's own: its namespace maps the one to the other. */
static void give_to_sandbox(void) {
    int tree = (int)must(sys_open_tree("/tmp"), THAW_STEP_MOUNT, OWNERS);
    int users = (int)must(sys_open("/proc/1/ns/user", O_RDONLY | O_CLOEXEC, 0), THAW_STEP_MOUNT, OWNERS);
    const struct mount_attr change = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)users};
    must(sys_mount_setattr(tree, &change), THAW_STEP_MOUNT, OWNERS);
    must(sys_attach_mount(tree, "/tmp"), THAW_STEP_MOUNT, OWNERS);
    sys_close(users);
    sys_close(tree);
}

/* What the template has at /tmp stays the lower layer, reached through a descriptor once the upper one's mount covers it. */
static void mount_overlay(uint64_t bytes) {
    give_to_sandbox();
    int lower = (int)must(sys_open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC, 0), THAW_STEP_MOUNT, OVERLAY);
    mount_scratch(bytes);
    must(sys_mkdir("/tmp/upper", 0700), THAW_STEP_MOUNT, OVERLAY);
    must(sys_chmod("/tmp/upper", SCRATCH_MODE), THAW_STEP_MOUNT, OVERLAY);
    must(sys_chown("/tmp/upper", owner, owners_group), THAW_STEP_MOUNT, OVERLAY);
    must(sys_mkdir("/tmp/work", 0700), THAW_STEP_MOUNT, OVERLAY);
    char path[DESCRIPTOR_PATH_SIZE], buffer[OPTIONS_SIZE];
    descriptor_path(path, lower);
    struct text options = {buffer, sizeof buffer, 0};
    /* What was frozen is renamed, and keeps its other names, as it did before. */
    append(&options, "redirect_dir=on,index=on,upperdir=/tmp/upper,workdir=/tmp/work,lowerdir=");
    append(&options, path);
    must(sys_mount("overlay", "/tmp", "overlay", MS_NOSUID | MS_NODEV, buffer), THAW_STEP_MOUNT, OVERLAY);
    sys_close(lower);
}

void make_mounts(const struct thaw_clone_request *request, int code) {
    must(sys_unshare(CLONE_NEWNS), THAW_STEP_MOUNT, NAMESPACE);
    if (request->flags & THAW_CLONE_CODE) must(sys_attach_mount(code, "/var/task"), THAW_STEP_MOUNT, CODE);
    must(sys_mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), THAW_STEP_MOUNT, PROC);
    if (request->flags & THAW_CLONE_FRESH_SCRATCH) {
        if (request->flags & THAW_CLONE_OVERLAY_SCRATCH)
            mount_overlay(request->scratch_bytes);
        else
            mount_scratch(request->scratch_bytes);
    }
}
