// What Swift cannot import on its own: kernel structures, and system calls that the Glibc module hides.
//
// The Glibc module is built without _GNU_SOURCE, so Linux-only functions of glibc are declared again here, with glibc's
// own signatures; they return -1 and set errno as the man pages say. Functions named clinux_… are ours: each says why it
// exists, and returns a value >= 0 or -errno.
#ifndef CLINUX_H
#define CLINUX_H

#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/stat.h>
#include <linux/veth.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

// Declared by glibc only under _GNU_SOURCE.
int unshare(int flags);
int setns(int descriptor, int type);
int memfd_create(const char *name, unsigned int flags);
int pipe2(int ends[2], int flags);
int syncfs(int descriptor);
int fallocate(int descriptor, int mode, off_t offset, off_t length);
ssize_t copy_file_range(int from, off_t *fromOffset, int to, off_t *toOffset, size_t length, unsigned int flags);

// Values of macros the importer cannot see without _GNU_SOURCE, or cannot translate.
extern const int clinux_O_TMPFILE;
extern const int clinux_SEEK_DATA;
extern const int clinux_SEEK_HOLE;
extern const int clinux_FALLOC_FL_KEEP_SIZE;
extern const int clinux_FALLOC_FL_PUNCH_HOLE;
extern const int clinux_CLONE_NEWNS;
extern const int clinux_CLONE_NEWPID;
extern const int clinux_CLONE_NEWIPC;
extern const int clinux_CLONE_NEWUTS;
extern const int clinux_CLONE_NEWNET;
extern const int clinux_CLONE_NEWUSER;
extern const int clinux_CLONE_NEWCGROUP;
extern const int clinux_CLONE_FS;
extern const unsigned int clinux_MFD_CLOEXEC;
extern const unsigned int clinux_RLIMIT_MAXIMUM_RESOURCE;

/* accept4(2), because SOCK_NONBLOCK and SOCK_CLOEXEC are enum members that do not import as integers. */
int clinux_accept(int listener, int nonblocking);

/* socket(2) with SOCK_CLOEXEC and, if asked, SOCK_NONBLOCK, for the same reason. */
int clinux_socket(int domain, int type, int protocol, int nonblocking);
int clinux_socketpair(int domain, int type, int nonblocking, int ends[2]);
extern const int clinux_SOCK_SEQPACKET;

/* statx(2): the importer cannot tell the function from its structure. Of the descriptor itself when path is empty. */
int clinux_statx(int directory, const char *path, int follow, struct statx *result);

/* TUNSETIFF is an _IOW number and its argument a structure with anonymous unions. Flags: IFF_TAP | IFF_NO_PI. */
int clinux_tap_attach(int descriptor, const char *name);
/* TUNSETIFINDEX and TUNSETPERSIST are _IOW numbers too: the first before, the second after clinux_tap_attach. */
int clinux_tap_choose_index(int descriptor, unsigned int index);
int clinux_tap_persist(int descriptor);

/* pivot_root(2) has no wrapper: the directory becomes the root of the calling thread's mount namespace, and what was there
 * before is detached. */
int clinux_pivot_root(const char *directory);

/* sched_setaffinity(2) for the calling thread, whose argument is filled with macros; below 0 is the processor it runs on. */
int clinux_stay_on_processor(int processor);

/* RNDADDENTROPY takes a structure with a flexible array member. Credits `count` * 8 bits; at most 512 bytes. */
int clinux_random_add_entropy(int descriptor, const void *bytes, size_t count);
/* RNDRESEEDCRNG is an _IO number. */
int clinux_random_reseed(int descriptor);

/* F_OFD_SETLK of fcntl(2), which Swift cannot import: locks [start, start + length) of a file for writing, against all other open
 * files. -EAGAIN: `past` is where the lock ends that is in the way, or `start` when that is gone already. */
int clinux_lock_range(int descriptor, off_t start, off_t length, off_t *past);

/* pipe2(2) with O_CLOEXEC. The kernel counts a pipe's room as that of the maker's real user, which glibc changes for all threads of
 * a process only: this is `user` for the moment, and by its thread alone. */
int clinux_pipe_of(int ends[2], uid_t user);

/* No glibc wrapper in Debian 12, and Swift cannot call the variadic syscall(2). */
int clinux_finit_module(int descriptor, const char *parameters, int flags);
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_send_signal(int pidfd, int signal);

/* Passing a descriptor needs the CMSG_* macros. Sends the bytes, at least one, with it; returns how many were taken. */
int clinux_send_descriptor(int socket, int descriptor, const void *bytes, size_t count);
/* Receives what clinux_send_descriptor sent, close-on-exec; -ENODATA when the message carried none. */
int clinux_receive_descriptor(int socket);

/* The same with any number of descriptors, at most clinux_message_descriptors, and without waiting for room. */
extern const size_t clinux_message_descriptors;
int clinux_send_message(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptors_count);
/* Receives one message without waiting: its bytes (the result; 0 at the end of a stream), and what descriptors came along,
 * close-on-exec, their number in descriptors_count, which says on entry how many there is room for. */
int clinux_receive_message(int socket, void *bytes, size_t count, int *descriptors, size_t *descriptors_count);

/* flistxattr(2): <sys/xattr.h> is not in Swift's Glibc. */
ssize_t clinux_list_attributes(int descriptor, char *names, size_t size);

/* fsopen(2), with FSOPEN_CLOEXEC, and its kin: glibc's constants are enumerations of types that differ between releases. */
int clinux_fsopen(const char *type);
/* A value of NULL is a flag without one. */
int clinux_fsconfig_set(int context, const char *key, const char *value);
int clinux_fsconfig_create(int context);
/* fsmount(2): attributes MOUNT_ATTR_…; the mount is in no namespace. */
int clinux_fsmount(int context, unsigned int attributes);
/* open_tree(2) with OPEN_TREE_CLONE of the mount that the descriptor stands for. */
int clinux_clone_mount(int mount);
/* The same of the mount at a path, where the calling thread sees it. */
int clinux_clone_mount_at(const char *path);
int clinux_mount_attributes(int mount, uint64_t attributes);
/* MOUNT_ATTR_IDMAP of mount_setattr(2): files are whose the user namespace says. */
int clinux_mount_owners(int mount, int users);

/* LOOP_CTL_GET_FREE of loop(4): the number of a device that nobody uses. */
int clinux_loop_find(int control);
/* LOOP_CONFIGURE: makes it a read-only device over the file, which the kernel frees when its last user goes. -EBUSY when somebody
 * else was faster. */
int clinux_loop_attach(int loop, int file);

/* waitid(2) keeps its results behind macros over anonymous unions; only the raw system call reports resource use. */
struct clinux_exit {
    pid_t pid; /* 0: nothing to report (WNOHANG) */
    int32_t code; /* CLD_EXITED, CLD_KILLED, CLD_DUMPED */
    int32_t status; /* exit status or signal */
    int64_t peak_resident_kilobytes;
    int64_t cpu_microseconds; /* user and system */
};
int clinux_wait_pidfd(int pidfd, int options, struct clinux_exit *result);
int clinux_wait_pid(pid_t pid, int options, struct clinux_exit *result);
int clinux_wait_any(int options, struct clinux_exit *result);

/* sem_clockwait(3), which glibc declares for GNU programs alone: until `time` of CLOCK_MONOTONIC, in nanoseconds. 0 or an errno. */
int clinux_semaphore_wait(sem_t *semaphore, uint64_t time);

/* The time stamp counter (rdtsc) is an instruction, not a function; 0 where there is none. */
uint64_t clinux_timestamp_counter(void);

/* What this CPU can do, as far as programs choose code by it: leaves of the cpuid instruction, what the kernel saves of its
 * state (XCR0), and how large that is. Returns how many values were written, at most clinux_processor_values; 0 where there is
 * no such instruction. */
enum { clinux_processor_values = 16 };
size_t clinux_processor_features(uint32_t values[clinux_processor_values]);

/* signalfd(2) with SFD_CLOEXEC | SFD_NONBLOCK, of the signals whose bit (1 << (n - 1)) is set; blocks them too. */
int clinux_signal_descriptor(uint64_t signals);

#include "CLinuxSpawn.h"
#include "CLinuxTrace.h"

#endif
