// SPDX-License-Identifier: LGPL-2.1-or-later
// asnobody [-g GROUP] COMMAND...: runs it without any privilege, but for being in
// that group.
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    gid_t group = 0;
    int member = argc > 2 && !strcmp(argv[1], "-g");

    if (member) {
        group = (gid_t)atoi(argv[2]);
        argv += 2;
        argc -= 2;
    }
    if (argc < 2 || setgroups((size_t)member, &group) || setgid(65534) || setuid(65534)) {
        perror("asnobody");
        return 4;
    }
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
