#ifndef CPROCESSIMAGE_H
#define CPROCESSIMAGE_H
#include "process_image.h"
#include "template_protocol.h"
#endif
