#ifndef CPROCESSIMAGE_H
#define CPROCESSIMAGE_H
#include "process_image.h"
#include "seccomp_filter.h"
#include "template_protocol.h"
#endif
