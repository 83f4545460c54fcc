// SPDX-License-Identifier: LGPL-2.1-or-later
// RDPMC in user mode without a counter set: must die of SIGSEGV.
int main(void)
{
    unsigned int lo, hi;

    __asm__ volatile("rdpmc" : "=a"(lo), "=d"(hi) : "c"(0));
    return 0;
}
