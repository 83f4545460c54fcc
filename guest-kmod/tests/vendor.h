/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vendor.h - event codes of the CPU that a test runs on
 *
 * Intel: SDM volume 3, "Pre-defined Architectural Performance Events", and the
 * event list of Skylake. AMD: PPR of family 17h, "Core Performance Monitor Counters".
 */
#ifndef TESTS_VENDOR_H
#define TESTS_VENDOR_H

#include <cpuid.h>

#define INSTRUCTIONS	0x00c0u	/* both vendors */

static inline int is_amd(void)
{
	unsigned int a, b, c, d;

	__cpuid(0, a, b, c, d);
	return b == 0x68747541;	/* "Auth" */
}

#define BRANCHES	(is_amd() ? 0x00c2u : 0x00c4u)
#define CONDITIONAL	(is_amd() ? 0x00d1u : 0x01c4u)
#define CYCLES		(is_amd() ? 0x0076u : 0x003cu)

#endif
