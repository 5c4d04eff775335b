#include "text.h"

void *memcpy(void *target, const void *source, size_t length) {
    void *end = target;
    __asm__ volatile("rep movsb" : "+D"(end), "+S"(source), "+c"(length) : : "memory");
    return target;
}

void *memset(void *target, int byte, size_t length) {
    void *end = target;
    __asm__ volatile("rep stosb" : "+D"(end), "+c"(length) : "a"(byte) : "memory");
    return target;
}

int text_is(const char *text, const char *other) {
    while (*text && *text == *other) {
        text++;
        other++;
    }
    return *text == *other;
}

void append(struct text *text, const char *more) {
    while (*more && text->length + 1 < text->capacity) text->bytes[text->length++] = *more++;
    text->bytes[text->length] = 0;
}

void append_number(struct text *text, uint64_t number) {
    char digits[21];
    size_t first = sizeof digits - 1;
    digits[first] = 0;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    append(text, digits + first);
}

void descriptor_path(char path[DESCRIPTOR_PATH_SIZE], int descriptor) {
    struct text text = {path, DESCRIPTOR_PATH_SIZE, 0};
    append(&text, "/proc/self/fd/");
    append_number(&text, (uint64_t)descriptor);
}
