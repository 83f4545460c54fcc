// SPDX-License-Identifier: LGPL-2.1-or-later
// asnobody COMMAND...: runs it without any privilege.
#include <grp.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2 || setgroups(0, 0) || setgid(65534) || setuid(65534)) {
        perror("asnobody");
        return 4;
    }
    execv(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
