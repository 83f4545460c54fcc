// SPDX-License-Identifier: GPL-2.0-only
/*
 * domains.c - samples in the kernel and in Xen
 */
#define _GNU_SOURCE
#include "sample.h"

/* The overflow interrupt comes anywhere in the kernel, in the module too. */
void kernel(unsigned int flags, u64 period)
{
	struct perfctr_read r;
	struct set s;
	int i;

	set_open(&s, INSTRUCTIONS, period, 1024, flags);
	s.config.counter[0].domain = PERFCTR_DOM_USER | PERFCTR_DOM_KERNEL;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	for (i = 0; i < 3000; i++) {
		syscall(SYS_getppid);
		if (i % 100 == 0)
			sched_yield();
		if (i % 500 == 0)
			usleep(10);
		if (i % 700 == 0)
			set_read(&s);
	}
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, flags ? "kernel, one by one" : "kernel");
	check(r.value[0] > 3000 * 50, "kernel, count", r.value[0], 3000 * 50);
	check(s.kernel > s.records / 10, "kernel, samples there", s.kernel,
	      s.records / 10);
	set_close(&s);
}

void kernels(void)
{
	if (!(info.flags & PERFCTR_INFO_KERNEL))
		return;
	kernel(0, 1009);
	kernel(0, 10007);
	kernel(PERFCTR_F_NOTIFY, 50021);
}

/* Xen executes instructions for a PV guest's system call, and for another's CPUID. */
static void enter_xen(void)
{
	unsigned int leaf = 0, b, c, d;

	syscall(SYS_getppid);
	asm volatile("cpuid" : "+a" (leaf), "=b" (b), "=c" (c), "=d" (d));
}

/* Xen's own instructions for this VCPU. */
static void hypervisor(unsigned int domain, u64 period)
{
	struct set s;
	int i;

	set_open(&s, INSTRUCTIONS, period, 1024, 0);
	s.config.counter[0].domain = domain;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	for (i = 0; i < 3000; i++)
		enter_xen();
	control(&s, PERFCTR_IOC_STOP);
	account(&s, "hypervisor");
	/* Most samples are taken there, a few where Xen has just left. */
	check(s.hypervisor > (domain == PERFCTR_DOM_HYP ? s.records / 2 : 0),
	      "hypervisor, samples there", s.hypervisor, s.records);
	equal("hypervisor, with an address", s.placed, s.hypervisor);
	set_close(&s);
}

void hypervisors(void)
{
	hypervisor(PERFCTR_DOM_HYP, 10007);
	hypervisor(PERFCTR_DOM_USER | PERFCTR_DOM_KERNEL | PERFCTR_DOM_HYP,
		   10007);
}
