// SwiftPM builds no target without a source file; everything is in the headers.
#include "process_image.h"
#include "template_protocol.h"
