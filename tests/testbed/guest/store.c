// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tb signal NAME, tb wait [-t SECONDS] NAME, tb barrier [-t SECONDS] NAME COUNT
 *
 * Machines that meet: notes left under /tb in the XenStore, which dom0 makes
 * writable for its guests. Bare Linux has no XenStore and nobody to meet:
 * there a signal is a no-op, and so is a barrier or a wait.
 */
#include "tb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#define PAYLOAD 4096

static void transfer(int fd, void *buf, size_t n, int out)
{
	char *p = buf;

	while (n) {
		ssize_t done = out ? write(fd, p, n) : read(fd, p, n);

		if (done <= 0)
			die("XenStore connection: %s", strerror(errno));
		p += done;
		n -= (size_t)done;
	}
}

int store_open(void)
{
	return open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
}

/* Receives one message; a watch event may come where a reply is awaited. */
static uint32_t receive(int fd, char *payload, size_t *size)
{
	struct xsd_sockmsg m;

	transfer(fd, &m, sizeof(m), 0);
	if (m.len >= PAYLOAD)
		die("XenStore message too long");
	transfer(fd, payload, m.len, 0);
	payload[m.len] = 0;
	*size = m.len;
	return m.type;
}

/* Returns 0 and the reply, or -1. Each string travels with its final zero. */
static int request(int fd, uint32_t type, const void *body, size_t n, char *reply, size_t *size)
{
	char buf[sizeof(struct xsd_sockmsg) + 512];
	struct xsd_sockmsg m = { .type = type, .len = (uint32_t)n };
	uint32_t got;

	if (n > 512)
		die("name too long");
	memcpy(buf, &m, sizeof(m));
	memcpy(buf + sizeof(m), body, n);
	transfer(fd, buf, sizeof(m) + n, 1);
	while ((got = receive(fd, reply, size)) == XS_WATCH_EVENT)
		;
	return got == XS_ERROR ? -1 : 0;
}

static int store_write(int fd, const char *path, const char *value)
{
	char body[512], reply[PAYLOAD];
	size_t n = strlen(path) + 1, size;

	memcpy(body, path, n);
	memcpy(body + n, value, strlen(value));
	return request(fd, XS_WRITE, body, n + strlen(value), reply, &size);
}

int store_watch(int fd, const char *path)
{
	char body[512], reply[PAYLOAD];
	int n = snprintf(body, sizeof(body), "%s%ctb", path, 0);
	size_t size;

	return request(fd, XS_WATCH, body, (size_t)n + 1, reply, &size);
}

int store_exists(int fd, const char *path)
{
	char reply[PAYLOAD];
	size_t size;

	return !request(fd, XS_READ, path, strlen(path) + 1, reply, &size);
}

static int children(int fd, const char *path)
{
	char reply[PAYLOAD];
	size_t size;
	int n = 0;

	if (request(fd, XS_DIRECTORY, path, strlen(path) + 1, reply, &size))
		return 0;
	for (size_t i = 0; i < size; i++)
		n += !reply[i];
	return n;
}

void store_drain_event(int fd)
{
	char payload[PAYLOAD];
	size_t size;

	receive(fd, payload, &size);
}

/* Waits until something watched changes. An event read too early is harmless. */
void store_wait_event(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, timeout_ms) > 0)
		store_drain_event(fd);
}

static int met(int fd, const char *path, int count)
{
	return count ? children(fd, path) >= count : store_exists(fd, path);
}

static int meet(int fd, const char *path, int count, long seconds)
{
	int64_t end = now_ms() + seconds * 1000;

	/* A watch sends one event at once, so nothing falls between. */
	if (store_watch(fd, path))
		die("XenStore refuses the watch on %s", path);
	while (!met(fd, path, count)) {
		int64_t left = end - now_ms();

		if (left <= 0) {
			fprintf(stderr, "tb: nobody came to %s within %ld s\n", path, seconds);
			return 1;
		}
		/* Events may be eaten by request(): look again now and then. */
		store_wait_event(fd, left < 250 ? (int)left : 250);
	}
	return 0;
}

int store_main(int argc, char **argv)
{
	const char *verb = argv[0], *role = getenv("TB_ROLE"), *who = getenv("TB_WHO");
	long seconds = 120;
	char path[256];
	int fd;

	if (argc > 2 && !strcmp(argv[1], "-t")) {
		seconds = atol(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc != (strcmp(verb, "barrier") ? 2 : 3))
		die("usage: signal NAME | wait [-t SECONDS] NAME | barrier [-t SECONDS] NAME COUNT");
	if (role && !strcmp(role, "native"))
		return 0;
	fd = store_open();
	if (fd < 0)
		die("cannot open /dev/xen/xenbus: %s", strerror(errno));

	if (!strcmp(verb, "barrier")) {
		snprintf(path, sizeof(path), "/tb/barrier/%s/%s", argv[1], who ? who : "unknown");
		if (store_write(fd, path, "1"))
			die("cannot write %s", path);
		snprintf(path, sizeof(path), "/tb/barrier/%s", argv[1]);
		return meet(fd, path, atoi(argv[2]), seconds);
	}
	snprintf(path, sizeof(path), "/tb/signal/%s", argv[1]);
	if (!strcmp(verb, "wait"))
		return meet(fd, path, 0, seconds);
	if (store_write(fd, path, "1"))
		die("cannot write %s", path);
	return 0;
}
