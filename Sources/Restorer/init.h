// The role `init`: process 1 of a sandbox's pid namespace, whose end is the end of every process in it.
#ifndef RESTORER_INIT_H
#define RESTORER_INIT_H

_Noreturn void run_init(void);

#endif
