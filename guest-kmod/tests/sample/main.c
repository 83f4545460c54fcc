// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sampling in the module, without the library.  Loops of known length run under
 * counters that sample, and every overflow must be found again:
 *
 *	samples + lost samples + missed overflows == floor(value / period)
 *
 * in one thread, in threads that push each other off the CPU, above Xen's rate,
 * with a buffer that is too small, in batches and one by one.
 *
 *	cc -O2 -static -pthread -I../../include/uapi -o sample *.c
 *
 * Prints one line per check, and "sample: ok" or the number of failures.  As root:
 * one part counts the kernel too.
 */
#define _GNU_SOURCE
#include "sample.h"

struct perfctr_info info = { .size = sizeof(info) };
static int failures, checks;

int check(int good, const char *what, u64 got, u64 want)
{
	checks++;
	printf("%s %d - %s: %llu, expected %llu\n", good ? "ok" : "not ok", checks,
	       what, got, want);
	if (!good)
		failures++;
	return good;
}

void die(const char *what)
{
	printf("not ok - %s: %s\n", what, strerror(errno));
	exit(1);
}

static const struct {
	const char *name;
	void (*run)(void);
} PARTS[] = {
	{ "batches", batches },		{ "beside", besides },
	{ "slot", slot },		{ "threads", threaded },
	{ "rate", rates },		{ "buffer", small_buffer },
	{ "poll", polling },		{ "signal", signalling },
	{ "handlers", handlers },
	{ "chain", chains },		{ "hand-chain", hand_chains },
	{ "period", period },		{ "periods", periods },
	{ "refusals", refusals },	{ "kernel", kernels },
	{ "throttled", throttled },	{ "hypervisor", hypervisors },
};

/*
 * The parts that are named, or all but those that need another policy: `throttled' a
 * pmi-rate of 2000, `hypervisor' that Xen may be counted.
 */
int main(int argc, char **argv)
{
	int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC), i;
	size_t part;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (fd < 0)
		die("/dev/perfctr");
	if (ioctl(fd, PERFCTR_IOC_INFO, &info))
		die("info");
	close(fd);
	if (!(info.flags & PERFCTR_INFO_SAMPLE)) {
		puts("1..0 # SKIP this Xen does not sample");
		return 3;
	}
	printf("# least period %llu\n", (u64)info.min_period);
	for (part = 0; part < sizeof(PARTS) / sizeof(PARTS[0]); part++) {
		for (i = 1; i < argc; i++)
			if (!strcmp(argv[i], PARTS[part].name))
				break;
		if (argc > 1 ? i == argc : PARTS[part].run == throttled ||
					   PARTS[part].run == hypervisors)
			continue;
		printf("# %s\n", PARTS[part].name);
		/* One that hangs is a failure too. */
		alarm(120);
		PARTS[part].run();
	}
	printf("1..%d\n", checks);
	if (failures)
		printf("sample: %d failed\n", failures);
	else
		puts("sample: ok");
	return failures != 0;
}
