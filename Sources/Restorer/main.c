// restorer init | template …: see template_protocol.h for what they are, README.md for the rules of the code here.
#include "init.h"
#include "syscalls.h"
#include "template.h"
#include "text.h"

/* The kernel starts a program with its arguments on the stack: their count, then their addresses. */
__asm__(".text\n"
        ".globl _start\n"
        "_start:\n\t"
        "xor %ebp, %ebp\n\t"
        "mov %rsp, %rdi\n\t"
        "and $-16, %rsp\n\t"
        "call start\n\t"
        "ud2\n");

__attribute__((used)) static _Noreturn void start(const uint64_t *stack) {
    const char *role = stack[0] >= 2 ? (const char *)stack[2] : "";
    const char *word = stack[0] >= 3 ? (const char *)stack[3] : "";
    if (text_is(role, "init")) run_init();
    if (text_is(role, "template")) run_template(text_is(word, "huge-pages-for-all"));
    static const char usage[] = "usage: restorer init | template [huge-pages-for-all]\n";
    sys_write(2, usage, sizeof usage - 1);
    sys_exit_group(2);
}
