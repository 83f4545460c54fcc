// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Frames: one line each, "~TB1 who seq kind name payload crc".
 *
 * The channel may be a console that the kernel writes to as well. So every
 * frame starts on a line of its own, carries its payload in base64, a sequence
 * number per sender and a CRC-32 of everything before the CRC: the host finds
 * every frame in the noise, and notices one that was damaged or lost.
 */
#include "tb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/io.h>
#include <termios.h>
#include <unistd.h>

#define CHUNK      2048
#define FRAME_PORT 0x5e8

static uint32_t crc32(const char *p, size_t n)
{
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= (unsigned char)*p++;
		for (int i = 0; i < 8; i++)
			crc = (crc >> 1) ^ (0xedb88320u & -(crc & 1));
	}
	return ~crc;
}

static size_t base64(char *out, const unsigned char *in, size_t n)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *o = out;

	for (; n >= 3; n -= 3, in += 3) {
		*o++ = set[in[0] >> 2];
		*o++ = set[(in[0] & 3) << 4 | in[1] >> 4];
		*o++ = set[(in[1] & 15) << 2 | in[2] >> 6];
		*o++ = set[in[2] & 63];
	}
	if (n) {
		unsigned char last = n == 2 ? in[1] : 0;

		*o++ = set[in[0] >> 2];
		*o++ = set[(in[0] & 3) << 4 | last >> 4];
		*o++ = n == 2 ? set[(last & 15) << 2] : '=';
		*o++ = '=';
	}
	return (size_t)(o - out);
}

/* The lock file also holds the next sequence number. Returns its descriptor. */
static int lock_sequence(unsigned long *seq)
{
	char text[24] = "";
	int fd = open(TB_RUN "/seq", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || flock(fd, LOCK_EX))
		die("cannot lock " TB_RUN "/seq");
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		die("cannot read " TB_RUN "/seq");
	*seq = strtoul(text, NULL, 10);
	return fd;
}

static void unlock_sequence(int fd, unsigned long next)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lu", next);

	if (pwrite(fd, text, (size_t)n, 0) != n)
		die("cannot write " TB_RUN "/seq");
	close(fd);
}

/*
 * Bare Linux and dom0 write to a port of the emulated machine: one instruction
 * for many bytes, where a serial port costs dom0 several traps for each.
 */
static int use_port(void)
{
	static int opened;
	const char *name = getenv("TB_CHANNEL");

	if (name && *name)
		return 0;
	if (!opened && ioperm(FRAME_PORT, 1, 1))
		die("ioperm: %s", strerror(errno));
	opened = 1;
	return 1;
}

static int channel(void)
{
	static int fd = -1;
	struct termios t;

	if (fd >= 0)
		return fd;
	fd = open(getenv("TB_CHANNEL"), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		die("cannot open the channel %s", getenv("TB_CHANNEL"));
	if (!tcgetattr(fd, &t)) {
		t.c_oflag &= ~(tcflag_t)OPOST;
		t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

static void put(const char *p, size_t n)
{
	int fd;

	if (use_port()) {
		outsb(FRAME_PORT, p, n);
		return;
	}
	fd = channel();
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done <= 0)
			die("cannot write to the channel");
		p += done;
		n -= (size_t)done;
	}
}

static const char *who(void)
{
	const char *w = getenv("TB_WHO");

	return w && *w ? w : "unknown";
}

static void one_frame(const char *kind, const char *name, const void *data, size_t size)
{
	char line[CHUNK / 3 * 4 + 512];
	unsigned long seq;
	size_t len;
	int lock = lock_sequence(&seq);
	int n = snprintf(line, sizeof(line) - CHUNK / 3 * 4 - 32, "~TB1 %s %lu %s %s ",
			 who(), seq, kind, name);

	if (n < 0 || (size_t)n >= sizeof(line) - CHUNK / 3 * 4 - 32)
		die("name too long: %s", name);
	len = (size_t)n;
	if (size)
		len += base64(line + len, data, size);
	else
		line[len++] = '-';
	line[len++] = ' ';
	len += (size_t)snprintf(line + len, 16, "%08x\n", crc32(line, len));
	put("\n", 1);
	put(line, len);
	unlock_sequence(lock, seq + 1);
}

void frame(const char *kind, const char *name, const void *data, size_t size)
{
	const char *p = data;

	do {
		size_t n = size < CHUNK ? size : CHUNK;

		one_frame(kind, name, p, n);
		p += n;
		size -= n;
	} while (size);
}

void frame_str(const char *kind, const char *name, const char *text)
{
	frame(kind, name, text, strlen(text));
}

int frame_file(const char *kind, const char *name, const char *path)
{
	char buf[CHUNK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf + have, sizeof(buf) - have)) > 0) {
		have += (size_t)n;
		if (have == sizeof(buf)) {
			frame(kind, name, buf, have);
			have = 0;
		}
	}
	if (have)
		frame(kind, name, buf, have);
	close(fd);
	return n < 0 ? -1 : 0;
}

void frame_drain(void)
{
	if (!use_port())
		tcdrain(channel());
}

/* Passes on a line that a guest framed; its own CRC protects it. */
void frame_forward(const char *line, size_t size)
{
	unsigned long seq;
	int lock = lock_sequence(&seq);

	put("\n", 1);
	put(line, size);
	unlock_sequence(lock, seq);
}
