// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tb tag N: marks a moment in the emulator's cost report (bare Linux and dom0).
 */
#include "tb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>

#define REPORT_PORT 0x5e0

int tag_main(int argc, char **argv)
{
	if (argc != 2)
		die("usage: tb tag NUMBER");
	if (ioperm(REPORT_PORT, 4, 1))
		die("ioperm: %s (only bare Linux and dom0 may write to I/O ports)", strerror(errno));
	outl((unsigned int)strtoul(argv[1], NULL, 0), REPORT_PORT);
	return 0;
}
