// The children of the frozen process that had ended without being waited for.
#ifndef RESTORER_CHILDREN_H
#define RESTORER_CHILDREN_H

/* Makes each again, with its id, and ends it as it had ended. To be called before there are threads, by one who may choose ids. */
void make_children(void);

#endif
