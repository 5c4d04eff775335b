// The other processes of a tree: children of the first one, and their children.
#ifndef RESTORER_PROCESSES_H
#define RESTORER_PROCESSES_H

#include <stdint.h>

/* How many others the tree has, and the descriptors over which their parents hear that each is complete, and tell it to run. */
int gates(void);
int gate(int process);

/* Once, when the image is loaded, and its spare descriptors have numbers. */
void number_gates(void);

/* Makes all others, which inherit the descriptors that there are, and returns when they are complete. */
void make_processes(void);

/* Lets this one's children run. */
void open_gates(void);

#endif
