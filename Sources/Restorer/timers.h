// Timers: made while a clone is built, started when it runs, so that time stands still for one that waits to be used.
#ifndef RESTORER_TIMERS_H
#define RESTORER_TIMERS_H

/* Timers of timer_create(2), stopped, with the ids they had. Needs the threads they notify. */
void make_timers(void);

/* Starts everything that was running: those timers, interval timers, timerfds. */
void start_timers(void);

#endif
