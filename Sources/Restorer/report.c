#include "report.h"

#include "syscalls.h"
#include "text.h"

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

enum { NUMBER_SIZE = 24 };

void set_number(const char *path, uint64_t number, enum thaw_step step) {
    char digits[NUMBER_SIZE];
    struct text text = {digits, sizeof digits, 0};
    append_number(&text, number);
    int file = (int)must(sys_open(path, O_WRONLY | O_CLOEXEC, 0), step, number);
    must(sys_write(file, digits, text.length), step, number);
    sys_close(file);
}
