/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CMPXCHG8B and CMPXCHG16B change ZF and no other flag (SDM volume 2A). */
#include "pmu.h"

#define CF_PF_OF    0x805ull            /* 80000000h + 80000000h: and ZF */
#define ZF          0x040ull
#define ARITHMETIC  0x8d5ull
#define CONTROL     0x44100ull          /* TF, NT, AC */

static u64 pair[2] __attribute__((aligned(16)));

static u64 exchange_16(u64 low)
{
    u64 flags;

    asm volatile("mov $0x80000000, %%r8d\n\tadd %%r8d, %%r8d\n\t"
                 "lock cmpxchg16b %1\n\tpushf\n\tpop %0"
                 : "=r"(flags), "+m"(pair), "+a"(low)
                 : "b"(pair[0]), "c"(pair[1]), "d"(pair[1]) : "r8", "cc");
    return flags;
}

static u64 exchange_8(u64 low)
{
    u64 flags;

    asm volatile("mov $0x80000000, %%r8d\n\tadd %%r8d, %%r8d\n\t"
                 "lock cmpxchg8b %1\n\tpushf\n\tpop %0"
                 : "=r"(flags), "+m"(pair[0]), "+a"(low)
                 : "b"((u32)pair[0]), "c"((u32)(pair[0] >> 32)),
                   "d"((u32)(pair[0] >> 32)) : "r8", "cc");
    return flags;
}

void test_flags(void)
{
    static u64 (*const exchange[])(u64) = { exchange_8, exchange_16 };

    pair[0] = 0x1234567fff;
    pair[1] = 0x5a5a;
    for (unsigned i = 0; i < 2; i++) {
        u64 equal = exchange[i](i ? pair[0] : (u32)pair[0]);
        u64 other = exchange[i](0);

        EXPECT("flags after an exchange", equal & ARITHMETIC, CF_PF_OF | ZF);
        EXPECT("flags without an exchange", other & ARITHMETIC, CF_PF_OF);
        EXPECT("no others", (equal | other) & CONTROL, 0);
    }
}
