#include "relocate.h"

#include "process_image.h"
#include "report.h"
#include "syscalls.h"
#include "text.h"

enum { STACK_SIZE = 16384 };

/* The stack of the template, and of a clone's first thread until it returns into the image. */
static char stack[STACK_SIZE] __attribute__((aligned(64)));

/* The linker's name for the first byte of this program, wherever it is. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

static uint64_t here(void) { return (uint64_t)&__ehdr_start; }

static const Elf64_Phdr *segments(void) { return (const Elf64_Phdr *)(here() + __ehdr_start.e_phoff); }

static uint64_t up_to_page(uint64_t address) { return (address + PAGE - 1) & -(uint64_t)PAGE; }

static uint64_t span(void) {
    uint64_t end = 0;
    for (int i = 0; i < __ehdr_start.e_phnum; i++) {
        const Elf64_Phdr *segment = &segments()[i];
        if (segment->p_type == PT_LOAD && segment->p_vaddr + segment->p_memsz > end)
            end = segment->p_vaddr + segment->p_memsz;
    }
    return up_to_page(end);
}

static int protection(const Elf64_Phdr *segment) {
    return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
        (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Copies the program to `place`, free until now, and calls `next` of the copy. */
static _Noreturn void go_on_at(uint64_t place, void (*next)(uint64_t, uint64_t), uint64_t first, uint64_t second) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    must(sys_mmap(place, span(), PROT_READ | PROT_WRITE, flags, -1, 0), THAW_STEP_RELOCATE, place);
    for (int i = 0; i < __ehdr_start.e_phnum; i++) {
        const Elf64_Phdr *segment = &segments()[i];
        if (segment->p_type != PT_LOAD) continue;
        uint64_t offset = segment->p_vaddr & -(uint64_t)PAGE;
        uint64_t length = up_to_page(segment->p_vaddr + segment->p_memsz) - offset;
        memcpy((void *)(place + offset), (const void *)(here() + offset), length);
        must(sys_mprotect(place + offset, length, protection(segment)), THAW_STEP_RELOCATE, place);
    }
    __asm__ volatile("mov %[stack], %%rsp\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "call *%[next]\n\t"
                     "ud2"
                     :
                     : [stack] "r"((uint64_t)stack + STACK_SIZE - here() + place), [next] "r"((uint64_t)next - here() + place),
                       "D"(first), "S"(second)
                     : "memory");
    __builtin_unreachable();
}

/* A free place that does not touch the window, which may lie wherever the kernel put us, our stack or the vdso. */
static uint64_t place_outside(uint64_t window) {
    uint64_t room = 3 * THAW_WINDOW_SIZE;
    uint64_t place = must_map(sys_mmap(0, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), window);
    /* The window is too short to touch both ends of the room. */
    return place + span() <= window || place >= window + THAW_WINDOW_SIZE ? place : place + room - span();
}

static void arrive(uint64_t left, uint64_t next) {
    must(sys_munmap(left, span()), THAW_STEP_UNMAP, left);
    ((void (*)(void))(here() + next))();
}

static uint64_t window_place;

static void leave_for_window(uint64_t next, uint64_t unused) {
    (void)unused;
    must(sys_munmap(0, here()), THAW_STEP_UNMAP, 0);
    uint64_t end = here() + span();
    must(sys_munmap(end, ADDRESSES_END - end), THAW_STEP_UNMAP, end);
    go_on_at(window_place, arrive, here(), next);
}

_Noreturn void move_to_window(uint64_t window, void (*next)(void)) {
    window_place = window;
    go_on_at(place_outside(window), leave_for_window, (uint64_t)next - here(), 0);
}
