// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tb: one static program, called by the name of the verb or as "tb VERB".
 */
#include "tb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("tb: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(4);
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* tb say TEXT, tb up TEXT, tb done STATUS */
static int text_main(int argc, char **argv)
{
	frame_str(argv[0], "-", argc > 1 ? argv[1] : "");
	frame_drain();
	return 0;
}

/* tb file NAME PATH */
static int file_main(int argc, char **argv)
{
	if (argc != 3)
		die("usage: tb file NAME PATH");
	frame("file", argv[1], "", 0);
	if (frame_file("file", argv[1], argv[2]))
		die("cannot read %s", argv[2]);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "step", step_main },
	{ "say", text_main },
	{ "up", text_main },
	{ "done", text_main },
	{ "file", file_main },
	{ "signal", store_main },
	{ "wait", store_main },
	{ "barrier", store_main },
	{ "tag", tag_main },
	{ "mux", mux_main },
	{ "guest-wait", guest_wait_main },
};

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');

	base = base ? base + 1 : argv[0];
	if (!strncmp(base, "tb-", 3))
		base += 3;
	if (!strcmp(base, "tb") && argc > 1) {
		argc--;
		argv++;
		base = argv[0];
	}
	argv[0] = (char *)(uintptr_t)base;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(base, verbs[i].name))
			return verbs[i].run(argc, argv);
	die("unknown verb %s", base);
}
