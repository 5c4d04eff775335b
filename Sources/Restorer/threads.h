// The threads of a clone.
#ifndef RESTORER_THREADS_H
#define RESTORER_THREADS_H

/* Makes all but the first thread, with the ids they had. Each sets itself up, then waits. */
void make_threads(void);

/* Sets the calling thread up as the image's first, and returns when all the others wait. */
void gather_threads(void);

/* Lets them go, and goes itself: every thread returns into the image, where it was frozen. */
_Noreturn void run_threads(void);

#endif
