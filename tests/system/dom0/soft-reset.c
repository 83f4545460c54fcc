// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * soft-reset ID: waits until the domain has asked for a soft reset, and gives it one.
 *
 * A kernel that executes another (kexec) asks for one, so that what Xen holds for the
 * first does not meet the second. xl of Xen 4.17 grants it only to domains with a device
 * model. The domain goes on behind its request, with its memory as it was and a new port
 * for its console. For a domain with on_soft_reset="preserve"; by the end it is nobody's,
 * and must be destroyed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/hvm/params.h>
#include <xenstore.h>

#define SECONDS 120

static void fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "soft-reset: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, ": %m\n");
    exit(1);
}

static void wait_for_request(xc_interface *xc, uint32_t id)
{
    xc_dominfo_t info;

    for (int i = 0; i < SECONDS * 20; i++) {
        if (xc_domain_getinfo(xc, id, 1, &info) != 1 || info.domid != id)
            fail("domain %u is gone", id);
        if (info.shutdown && info.shutdown_reason == SHUTDOWN_soft_reset)
            return;
        usleep(50000);
    }
    fail("domain %u: no request in %d s (shutdown %d, reason %u)", id, SECONDS, info.shutdown,
         info.shutdown_reason);
}

// All its event channels are closed: the console daemon has to hear of another.
static void new_console(xc_interface *xc, uint32_t id)
{
    struct xs_handle *store = xs_open(0);
    char path[64], text[16];
    int port = xc_evtchn_alloc_unbound(xc, id, 0), length;

    if (port < 0)
        fail("no port");
    if (xc_hvm_param_set(xc, id, HVM_PARAM_CONSOLE_EVTCHN, (uint64_t)port))
        fail("the console's parameter");
    snprintf(path, sizeof(path), "/local/domain/%u/console/port", id);
    length = snprintf(text, sizeof(text), "%d", port);
    if (!store || !xs_write(store, XBT_NULL, path, text, (unsigned int)length))
        fail("%s = %s", path, text);
    xs_close(store);
}

int main(int argc, char **argv)
{
    uint32_t id = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    xc_interface *xc = xc_interface_open(NULL, NULL, 0);

    if (!id) {
        fprintf(stderr, "usage: soft-reset ID\n");
        return 2;
    }
    if (!xc)
        fail("not in a control domain");
    wait_for_request(xc, id);
    // It must not look at its console before there is one.
    if (xc_domain_pause(xc, id))
        fail("pause");
    if (xc_domain_soft_reset(xc, id))
        fail("domain %u refused", id);
    new_console(xc, id);
    if (xc_domain_unpause(xc, id))
        fail("unpause");
    printf("domain %u was reset\n", id);
    return 0;
}
