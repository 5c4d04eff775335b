// What the kernel's own headers (linux/…, asm/…) leave to a C library: structures of system calls, and a few constants.
#ifndef RESTORER_KERNEL_H
#define RESTORER_KERNEL_H

#include <asm/errno.h>
#include <asm/ioctl.h>
#include <asm/ioctls.h>
#include <asm/prctl.h>
#include <asm/resource.h>
#include <asm/signal.h>
#include <asm/socket.h>
#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/elf.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inotify.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/timerfd.h>
#include <linux/un.h>
#include <linux/wait.h>
#include <stddef.h>
#include <stdint.h>

struct vector {
    void *base;
    size_t length;
};

struct message_header {
    void *name;
    uint32_t name_length;
    struct vector *vectors;
    size_t vectors_count;
    void *control;
    size_t control_length;
    uint32_t flags;
};

/* The header of SCM_RIGHTS; the descriptors follow it. */
struct control_header {
    size_t length;
    int32_t level, type;
};

struct signal_action {
    uint64_t handler, flags, restorer, mask;
};

struct resource_limit {
    uint64_t soft, hard;
};

struct timer_time {
    int64_t seconds, nanoseconds;
};

struct timer_value {
    struct timer_time interval, value;
};

struct timer_microvalue {
    struct {
        int64_t seconds, microseconds;
    } interval, value;
};

/* struct sigevent */
struct signal_event {
    uint64_t value;
    int32_t signal, notify, thread;
    int32_t padding[11];
};

struct filter_program {
    uint16_t length;
    const void *instructions;
};

enum {
    FAMILY_UNIX = 1, /* AF_UNIX */
    FAMILY_INTERNET4 = 2, /* AF_INET */
    FAMILY_INTERNET6 = 10, /* AF_INET6 */
    STREAM_SOCKET = 1, /* SOCK_STREAM */
    DATAGRAM_SOCKET = 2, /* SOCK_DGRAM */
    PACKET_SOCKET = 5, /* SOCK_SEQPACKET */
    RIGHTS = 1, /* SCM_RIGHTS */
    SHUT_WRITE = 1, /* SHUT_WR */
    SIGNALS_SIZE = 8, /* of a signal mask, bytes */
    EVENT_SEMAPHORE = 1, /* EFD_SEMAPHORE */
    NOTIFY_THREAD = 4, /* SIGEV_THREAD_ID */
    THP_EXCEPT_ADVISED = 2, /* PR_THP_DISABLE_EXCEPT_ADVISED, Linux 6.18 */
};

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef PR_SET_MDWE /* Linux 6.3 */
#define PR_SET_MDWE 65
#endif
#ifndef PR_SET_MEMORY_MERGE /* Linux 6.4 */
#define PR_SET_MEMORY_MERGE 67
#endif
#ifndef ARCH_REQ_XCOMP_PERM
#define ARCH_REQ_XCOMP_PERM 0x1023
#endif
#ifndef PR_TIMER_CREATE_RESTORE_IDS /* Linux 6.15 */
#define PR_TIMER_CREATE_RESTORE_IDS 77
#endif
/* flock(2) */
#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define TIMERFD_SET_TICKS _IOW('T', 0, uint64_t) /* TFD_IOC_SET_TICKS */
#define MESSAGE_CLOSE_ON_EXEC 0x40000000 /* MSG_CMSG_CLOEXEC */
#define MESSAGE_DONT_WAIT 0x40 /* MSG_DONTWAIT */
#define MESSAGE_NO_SIGNAL 0x4000 /* MSG_NOSIGNAL */
#define MESSAGE_CUT_SHORT 0x28 /* MSG_TRUNC | MSG_CTRUNC */

enum { PAGE = 4096, HUGE_PAGE = 2 << 20 };

/* The end of what a process may map, with four levels of page tables. */
static const uint64_t ADDRESSES_END = 0x7ffffffff000;

#endif
