// The role `template`: see template_protocol.h.
#ifndef RESTORER_TEMPLATE_H
#define RESTORER_TEMPLATE_H

_Noreturn void run_template(int huge_pages_for_all);

#endif
