// Everything a processor holds of a thread, in threads that run and in one that waits in the kernel: general registers, x87,
// MXCSR, SSE, AVX, and AVX-512 where there is.
#include <stddef.h>

#include "state.h"

enum { THREADS = 4 }; /* the last one waits in the kernel */

struct image {
    uint64_t general[9]; /* r8, r9, r10, r12, r13, r14, r15, rbx, rbp */
    uint64_t reserved[7];
    double x87[8];
    uint64_t masks[8];
    uint32_t mxcsr;
    uint16_t control;
    uint16_t padding;
    atomic_char go;
    char byte;
    int gate; /* a pipe to read from; -1: wait for `go` */
    atomic_int stage; /* 1: loaded */
    uint8_t vectors[32][64] __attribute__((aligned(64)));
};
_Static_assert(offsetof(struct image, x87) == 128 && offsetof(struct image, masks) == 192 && offsetof(struct image, mxcsr) == 256
        && offsetof(struct image, control) == 260 && offsetof(struct image, go) == 264 && offsetof(struct image, byte) == 265
        && offsetof(struct image, gate) == 268 && offsetof(struct image, stage) == 272 && offsetof(struct image, vectors) == 320,
    "as the assembly has it");

/* Loads everything from `in`, waits, stores everything to `out`. While it waits it uses rax, rcx, rdx, rsi, rdi, r11 only. */
void hold_sse(struct image *in, struct image *out);
void hold_avx(struct image *in, struct image *out);
void hold_avx512(struct image *in, struct image *out);

#define EACH8(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7)
#define EACH16(op) EACH8(op) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define EACH32(op) EACH16(op) op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) op(24) op(25) op(26) op(27) op(28) op(29) \
    op(30) op(31)
#define TEXT(x) #x
#define LOAD512(n) "vmovdqa64 320+64*" TEXT(n) "(%rdi), %zmm" TEXT(n) "\n"
#define SAVE512(n) "vmovdqa64 %zmm" TEXT(n) ", 320+64*" TEXT(n) "(%rcx)\n"
#define LOAD256(n) "vmovdqa 320+64*" TEXT(n) "(%rdi), %ymm" TEXT(n) "\n"
#define SAVE256(n) "vmovdqa %ymm" TEXT(n) ", 320+64*" TEXT(n) "(%rcx)\n"
#define LOAD128(n) "movdqa 320+64*" TEXT(n) "(%rdi), %xmm" TEXT(n) "\n"
#define SAVE128(n) "movdqa %xmm" TEXT(n) ", 320+64*" TEXT(n) "(%rcx)\n"
#define LOADMASK(n) "kmovq 192+8*" TEXT(n) "(%rdi), %k" TEXT(n) "\n"
#define SAVEMASK(n) "kmovq %k" TEXT(n) ", 192+8*" TEXT(n) "(%rcx)\n"
#define LOADX87(n) "fldl 128+8*" TEXT(n) "(%rdi)\n"
#define SAVEX87(n) "fstpl 128+8*(7-" TEXT(n) ")(%rcx)\n"

#define HOLD(name, load, save, end) \
    __asm__(".text\n" #name ":\n" \
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n push %rsi\n" \
        "fninit\n fldcw 260(%rdi)\n ldmxcsr 256(%rdi)\n" EACH8(LOADX87) load \
        "mov 0(%rdi), %r8\n mov 8(%rdi), %r9\n mov 16(%rdi), %r10\n mov 24(%rdi), %r12\n mov 32(%rdi), %r13\n" \
        "mov 40(%rdi), %r14\n mov 48(%rdi), %r15\n mov 56(%rdi), %rbx\n mov 64(%rdi), %rbp\n" \
        "movl $1, 272(%rdi)\n" \
        "cmpl $0, 268(%rdi)\n js 2f\n" \
        "lea 265(%rdi), %rsi\n mov $1, %edx\n mov 268(%rdi), %edi\n" \
        "1: xor %eax, %eax\n syscall\n cmp $1, %rax\n jne 1b\n jmp 3f\n" /* read(2) */ \
        "2: pause\n cmpb $0, 264(%rdi)\n je 2b\n" \
        "3: mov (%rsp), %rcx\n" \
        "mov %r8, 0(%rcx)\n mov %r9, 8(%rcx)\n mov %r10, 16(%rcx)\n mov %r12, 24(%rcx)\n mov %r13, 32(%rcx)\n" \
        "mov %r14, 40(%rcx)\n mov %r15, 48(%rcx)\n mov %rbx, 56(%rcx)\n mov %rbp, 64(%rcx)\n" save \
        "stmxcsr 256(%rcx)\n fnstcw 260(%rcx)\n" EACH8(SAVEX87) \
        "fninit\n push $0x1F80\n ldmxcsr (%rsp)\n pop %rcx\n" end \
        "pop %rsi\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n")

HOLD(hold_sse, EACH16(LOAD128), EACH16(SAVE128), "");
HOLD(hold_avx, EACH16(LOAD256), EACH16(SAVE256), "vzeroupper\n");
HOLD(hold_avx512, EACH32(LOAD512) EACH8(LOADMASK), EACH32(SAVE512) EACH8(SAVEMASK), "vzeroupper\n");

static struct image loaded[THREADS], stored[THREADS];
static int gate[2];
static size_t width = 16;
static int vectors = 16;

static void *body(void *argument) {
    struct image *in = argument, *out = &stored[in - loaded];
    if (width == 64)
        hold_avx512(in, out);
    else if (width == 32)
        hold_avx(in, out);
    else
        hold_sse(in, out);
    atomic_store(&out->stage, 2);
    return NULL;
}

void prepare(const char *variant) {
    (void)variant;
    if (__builtin_cpu_supports("avx"))
        width = 32;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        width = 64, vectors = 32;
    MUST(pipe(gate));
    for (int thread = 0; thread < THREADS; thread++) {
        struct image *image = &loaded[thread];
        fill(image->general, sizeof image->general, 10 + thread);
        fill(image->masks, sizeof image->masks, 20 + thread);
        fill(image->vectors, sizeof image->vectors, 30 + thread);
        for (int each = 0; each < 8; each++)
            image->x87[each] = 1.0 / (3 + each + 8 * thread);
        image->mxcsr = thread % 2 ? 0xBFC0 : 0x5F80; /* rounding modes, flush to zero */
        image->control = thread % 2 ? 0x077F : 0x0F7F;
        image->gate = thread == THREADS - 1 ? gate[0] : -1;
        start(body, image);
        UNTIL(atomic_load(&image->stage) == 1, "thread %d did not start", thread);
    }
    pause_for(10 * MILLISECOND);
}

void verify(int invocation) {
    if (invocation == 1) {
        REQUIRE(!atomic_load(&stored[THREADS - 1].stage), "a blocked read returned");
        MUST(write(gate[1], "x", 1));
        for (int thread = 0; thread < THREADS; thread++)
            atomic_store(&loaded[thread].go, 1);
    }
    for (int thread = 0; thread < THREADS; thread++) {
        struct image *in = &loaded[thread], *out = &stored[thread];
        UNTIL(atomic_load(&out->stage) == 2, "thread %d does not run", thread);
        for (int each = 0; each < 9; each++)
            REQUIRE(in->general[each] == out->general[each], "thread %d: general register %d is %lx, not %lx", thread, each,
                out->general[each], in->general[each]);
        for (int each = 0; each < vectors; each++)
            REQUIRE(!memcmp(in->vectors[each], out->vectors[each], width), "thread %d: vector register %d changed", thread, each);
        REQUIRE(vectors == 16 || !memcmp(in->masks, out->masks, sizeof in->masks), "thread %d: a mask register changed", thread);
        REQUIRE(!memcmp(in->x87, out->x87, sizeof in->x87), "thread %d: an x87 register changed", thread);
        REQUIRE((in->mxcsr & ~63U) == (out->mxcsr & ~63U), "thread %d: MXCSR is %x, not %x", thread, out->mxcsr, in->mxcsr);
        REQUIRE(in->control == out->control, "thread %d: x87 control is %x, not %x", thread, out->control, in->control);
    }
}
