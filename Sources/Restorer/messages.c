#include "messages.h"

#include "syscalls.h"
#include "text.h"

struct rights {
    struct control_header header;
    int32_t descriptors[MAXIMUM_DESCRIPTORS];
};

long receive(int socket, void *bytes, size_t capacity, struct received *received) {
    struct vector packet = {bytes, capacity};
    struct rights rights;
    struct message_header message = {
        .vectors = &packet, .vectors_count = 1, .control = &rights, .control_length = sizeof rights};
    long length;
    do length = sys_recvmsg(socket, &message, MESSAGE_CLOSE_ON_EXEC);
    while (length == -EINTR);
    if (length < 0) return length;
    if (message.flags & MESSAGE_CUT_SHORT) return -EMSGSIZE;
    received->length = (size_t)length;
    received->count = 0;
    if (message.control_length >= sizeof rights.header && rights.header.type == RIGHTS) {
        size_t size = rights.header.length - sizeof rights.header;
        received->count = (unsigned)(size / sizeof rights.descriptors[0]);
        memcpy(received->descriptors, rights.descriptors, size);
    }
    return 0;
}

long send(int socket, const void *bytes, size_t length, int descriptor) {
    struct vector packet = {(void *)bytes, length};
    struct rights rights = {
        .header = {sizeof rights.header + sizeof rights.descriptors[0], SOL_SOCKET, RIGHTS}, .descriptors = {descriptor}};
    struct message_header message = {.vectors = &packet, .vectors_count = 1};
    if (descriptor >= 0) {
        message.control = &rights;
        message.control_length = rights.header.length;
    }
    long sent;
    do sent = sys_sendmsg(socket, &message, MESSAGE_NO_SIGNAL);
    while (sent == -EINTR);
    return sent < 0 ? sent : 0;
}
