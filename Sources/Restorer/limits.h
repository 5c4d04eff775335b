// What of a process is neither memory nor descriptors: resource limits, signal dispositions, umask, timers.
#ifndef RESTORER_LIMITS_H
#define RESTORER_LIMITS_H

/* Sets in the template what every clone inherits by the fork. Signals are all blocked, so no disposition takes effect. */
void set_inherited_limits(void);

/* In the template: room for descriptors up to `least`, whatever the image's limit is. */
void make_room_for_descriptors(int least);

/* In the clone, when its descriptors are in place. */
void set_own_limits(void);

/* In a process that becomes another of its tree: takes back the dispositions of the first one's signals. */
void forget_actions(void);

/* When there is nothing to be made any more. */
void set_late_limits(void);

#endif
