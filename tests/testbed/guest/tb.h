/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tb: the tool that runs steps inside a booted machine and reports them. */
#ifndef TB_H
#define TB_H

#include <stddef.h>
#include <stdint.h>

#define TB_RUN   "/run/tb"
#define TB_STEPS TB_RUN "/steps"
#define TB_DONE  TB_RUN "/done"

/* Prints a message and ends with status 4: the environment is broken. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* frame.c: one line on the channel to the host, see README.md. */
void frame(const char *kind, const char *name, const void *data, size_t size);
void frame_str(const char *kind, const char *name, const char *text);
int frame_file(const char *kind, const char *name, const char *path);
void frame_drain(void);
void frame_forward(const char *line, size_t size);

/* The verbs. */
int step_main(int argc, char **argv);
int store_main(int argc, char **argv);
int mux_main(int argc, char **argv);
int guest_wait_main(int argc, char **argv);
int tag_main(int argc, char **argv);

/* store.c: the XenStore, through /dev/xen/xenbus. */
int store_open(void);
int store_watch(int fd, const char *path);
int store_exists(int fd, const char *path);
void store_wait_event(int fd, int timeout_ms);
void store_drain_event(int fd);

int64_t now_ms(void);

#endif
