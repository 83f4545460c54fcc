/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * startstop - starts and stops a set of the device N times
 *
 * Usage: startstop N
 */
#include <fcntl.h>
#include <linux/perfctr.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	struct perfctr_config config = {
		.size = sizeof(config),
		.nr = 1,
		.counter = { { .event = 0x00c0, .domain = PERFCTR_DOM_USER } },
	};
	long rounds = argc > 1 ? atol(argv[1]) : 0;
	int fd = open("/dev/perfctr", O_RDWR);

	if (fd < 0 || ioctl(fd, PERFCTR_IOC_CONFIGURE, &config)) {
		perror("startstop: /dev/perfctr");
		return 1;
	}
	for (long i = 0; i < rounds; i++) {
		if (ioctl(fd, PERFCTR_IOC_START) || ioctl(fd, PERFCTR_IOC_STOP)) {
			perror("startstop");
			return 1;
		}
	}
	return 0;
}
