// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tb mux DIRECTORY: dom0 passes on what its guests write.
 *
 * xenconsoled logs each guest's console to DIRECTORY/guest-NAME.log. Frames
 * found there go to the channel as they are, anything else as "con" frames.
 * A guest's last frame, "done", leaves the file /run/tb/done/NAME.
 */
#include "tb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define GUESTS 16
#define LINE   8192

struct log {
	char guest[64];
	int fd;
	size_t have, text;
	char line[LINE];
	char noise[2048];
};

static struct log logs[GUESTS];
static int log_count;

static void flush_noise(struct log *l)
{
	if (l->text)
		frame("con", l->guest, l->noise, l->text);
	l->text = 0;
}

static void noise(struct log *l, const char *p, size_t n)
{
	for (; n; n--) {
		l->noise[l->text++] = *p++;
		if (l->text == sizeof(l->noise))
			flush_noise(l);
	}
}

static void mark_done(const char *guest)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TB_DONE "/%.63s", guest);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
}

static int is_done(const char *line)
{
	char kind[16];

	return sscanf(line, "~TB1 %*s %*s %15s", kind) == 1 && !strcmp(kind, "done");
}

/* One whole line with its newline, in l->line and terminated. */
static void take_line(struct log *l)
{
	if (strncmp(l->line, "~TB1 ", 5)) {
		if (l->have > 1)
			noise(l, l->line, l->have);
		return;
	}
	frame_forward(l->line, l->have);
	if (is_done(l->line)) {
		flush_noise(l);
		mark_done(l->guest);
	}
}

static void take(struct log *l, const char *p, size_t n)
{
	for (; n; n--, p++) {
		if (*p == '\r')
			continue;
		l->line[l->have++] = *p;
		if (*p != '\n' && l->have < LINE - 1)
			continue;
		l->line[l->have] = 0;
		take_line(l);
		l->have = 0;
	}
}

static void read_log(struct log *l)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(l->fd, buf, sizeof(buf))) > 0)
		take(l, buf, (size_t)n);
}

static void find_log(const char *dir, const char *file)
{
	char path[512];
	struct log *l = &logs[log_count];
	size_t n = strlen(file);

	if (log_count == GUESTS || strncmp(file, "guest-", 6) || n < 11 ||
	    strcmp(file + n - 4, ".log") || n - 10 >= sizeof(l->guest))
		return;
	for (int i = 0; i < log_count; i++)
		if (strlen(logs[i].guest) == n - 10 && !strncmp(logs[i].guest, file + 6, n - 10))
			return;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	l->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (l->fd < 0)
		return;
	snprintf(l->guest, sizeof(l->guest), "%.*s", (int)(n - 10), file + 6);
	log_count++;
}

static void scan(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		find_log(dir, e->d_name);
	if (d)
		closedir(d);
	for (int i = 0; i < log_count; i++)
		read_log(&logs[i]);
}

int mux_main(int argc, char **argv)
{
	char events[4096];
	int fd = inotify_init1(IN_CLOEXEC);

	if (argc != 2)
		die("usage: tb mux DIRECTORY");
	if (fd < 0 || inotify_add_watch(fd, argv[1], IN_CREATE | IN_MODIFY) < 0)
		die("cannot watch %s: %s", argv[1], strerror(errno));
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		scan(argv[1]);
		/* Text that is no frame may wait a second for company. */
		if (!poll(&p, 1, 1000))
			for (int i = 0; i < log_count; i++)
				flush_noise(&logs[i]);
		else if (read(fd, events, sizeof(events)) < 0)
			die("inotify: %s", strerror(errno));
	}
}

/* How long the last words of a domain that has gone may be on the way. */
#define LAST_WORDS_MS	5000

/* tb guest-wait NAME DOMID SECONDS: 0 when its job is done, 1 when it died. */
int guest_wait_main(int argc, char **argv)
{
	char done[128], domain[64];
	int store = store_open(), fd = inotify_init1(IN_CLOEXEC), gone = 0;
	int64_t end;

	if (argc != 4)
		die("usage: tb guest-wait NAME DOMID SECONDS");
	if (store < 0 || fd < 0 || inotify_add_watch(fd, TB_DONE, IN_CREATE) < 0)
		die("cannot watch: %s", strerror(errno));
	snprintf(done, sizeof(done), TB_DONE "/%s", argv[1]);
	snprintf(domain, sizeof(domain), "/local/domain/%s/name", argv[2]);
	store_watch(store, "@releaseDomain");
	end = now_ms() + atol(argv[3]) * 1000;

	while (access(done, F_OK)) {
		struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
				       { .fd = store, .events = POLLIN } };
		int64_t now = now_ms();
		char events[1024];

		/* However many events come: it has all of that time. */
		if (!gone && !store_exists(store, domain)) {
			gone = 1;
			if (end > now + LAST_WORDS_MS)
				end = now + LAST_WORDS_MS;
		}
		if (now >= end && gone)
			return 1;
		if (now >= end) {
			fprintf(stderr, "tb: guest %s has not finished within %s s\n",
				argv[1], argv[3]);
			return 124;
		}
		if (poll(p, 2, (int)(end - now)) <= 0)
			continue;
		if (p[0].revents && read(fd, events, sizeof(events)) < 0)
			die("inotify: %s", strerror(errno));
		if (p[1].revents)
			store_drain_event(store);
	}
	return 0;
}
