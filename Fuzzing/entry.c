// What libFuzzer calls; the targets are Swift.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_test(const uint8_t *input, size_t size);
void fuzz_print_seeds(void);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    fuzz_test(input, size);
    return 0;
}

/* A target whose only argument is `seeds` prints its seeds, each a line in hexadecimal, and ends. */
int LLVMFuzzerInitialize(int *count, char ***arguments) {
    if (*count != 2 || strcmp((*arguments)[1], "seeds") != 0) return 0;
    fuzz_print_seeds();
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
