// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs until it is killed.
int main(void)
{
    for (;;)
        __asm__ volatile("");
}
