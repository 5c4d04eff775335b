// The compiled programs of BPF/slots.bpf.c, as bytes.
#include "slot_maps.h"

#if !__has_embed("slots.bpf.o")
#error "slots.bpf.o is missing: build with scripts/build, or run BPF/build first"
#endif

static const unsigned char object[] __attribute__((aligned(8))) = {
#embed "slots.bpf.o"
};
const void *slot_programs_object(void) { return object; }
unsigned long slot_programs_object_size(void) { return sizeof object; }
