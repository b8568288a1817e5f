// C shims: what the processor and the kernel offer and Swift cannot call by itself.

#ifndef SLUICE_CPLATFORM_H
#define SLUICE_CPLATFORM_H

#include "crc32.h"
#include "crc32c.h"
#include "disk.h"
#include "socket.h"

#endif
