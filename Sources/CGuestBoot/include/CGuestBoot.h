#ifndef CGUESTBOOT_H
#define CGUESTBOOT_H

/* Does nothing; a reference to it makes the linker keep the constructor of this module. */
void cguestboot_link(void);

#endif
