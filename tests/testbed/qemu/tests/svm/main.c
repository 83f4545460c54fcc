/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "svm.h"

void main(void);
void main(void)
{
    machine_init();
    check(svm_on(), "the processor has no SVM");
    print("next RIP %s\n", svm_next_rip() ? "saved" : "not saved");
    test_exits();
    test_events();
    test_breakpoints();
    finish();
}
