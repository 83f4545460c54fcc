/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /dev/perfctr without the library. */
#include <fcntl.h>
#include <linux/perfctr.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ops.h"

/* A set that counts; *index is what RDPMC takes for its first counter. */
static int counting(unsigned int counters, uint32_t *index)
{
	struct perfctr_config config = { .size = sizeof(config), .nr = counters };
	int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);

	for (unsigned int i = 0; i < counters; i++) {
		config.counter[i].event = 0x00c0;
		config.counter[i].domain = PERFCTR_DOM_USER;
	}
	if (fd < 0 || ioctl(fd, PERFCTR_IOC_CONFIGURE, &config) ||
	    ioctl(fd, PERFCTR_IOC_START))
		fail("/dev/perfctr");
	*index = config.counter[0].rdpmc;
	return fd;
}

/* Counts until the program ends. */
uint32_t device_counting(unsigned int counters)
{
	uint32_t index;

	counting(counters, &index);
	return index;
}

void device_open(unsigned int counters, long n)
{
	uint32_t index;

	for (long i = 0; i < n; i++)
		close(counting(counters, &index));
}
