#include "report.h"

#include "syscalls.h"

static int report_socket = -1;

void report_to(int socket) { report_socket = socket; }

_Noreturn void fail(enum thaw_step step, long error, uint64_t detail) {
    struct thaw_failure failure = {
        .kind = THAW_FAILED, .error = (int32_t)-error, .step = (uint32_t)step, .detail = detail};
    struct vector packet = {&failure, sizeof failure};
    struct message_header message = {.vectors = &packet, .vectors_count = 1};
    sys_sendmsg(report_socket, &message, MESSAGE_NO_SIGNAL);
    sys_exit_group(1);
}
