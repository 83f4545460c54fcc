// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints to the console ring that the tool stack has set up.
#include <stdarg.h>

#include "tiny.h"

#include <xen/io/console.h>

unsigned int good, bad;

static struct xencons_interface *ring;
static evtchn_port_t port;

static uint64_t hvm_param(unsigned int index)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index };

    hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, (unsigned long)&p, 0, 0);
    return p.value;
}

void console_init(void)
{
    if (pvh) {
        ring = (void *)(hvm_param(HVM_PARAM_CONSOLE_PFN) * PAGE);
        port = (evtchn_port_t)hvm_param(HVM_PARAM_CONSOLE_EVTCHN);
    } else {
        const unsigned long *m2p = (void *)MACH2PHYS_VIRT_START;

        ring = (void *)(m2p[info->console.domU.mfn] * PAGE);
        port = info->console.domU.evtchn;
    }
}

static void notify(void)
{
    struct evtchn_send send = { .port = port };

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (unsigned long)&send, 0, 0);
}

void yield(void)
{
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
}

static void put(char c)
{
    uint32_t prod = ring->out_prod;

    while (prod - *(volatile XENCONS_RING_IDX *)&ring->out_cons >= sizeof(ring->out)) {
        notify();
        yield();
    }
    ring->out[MASK_XENCONS_IDX(prod, ring->out)] = c;
    __asm__ volatile("" : : : "memory");
    ring->out_prod = prod + 1;
}

static void number(unsigned long n, unsigned int base, unsigned int width)
{
    char digits[24];
    unsigned int i = 0;

    do {
        digits[i++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n || i < width);
    while (i)
        put(digits[--i]);
}

// %s, %u, %d, %lu, %ld, %#x, %#lx and %%
void print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    for (; *format; format++) {
        bool is_long = false;
        long value;

        if (*format != '%') {
            put(*format);
            continue;
        }
        format++;
        if (*format == '#') {
            put('0');
            put('x');
            format++;
        }
        if (*format == 'l') {
            is_long = true;
            format++;
        }
        switch (*format) {
        case 's':
            for (const char *s = va_arg(args, const char *); *s; s++)
                put(*s);
            break;
        case 'd':
            value = is_long ? va_arg(args, long) : va_arg(args, int);
            if (value < 0)
                put('-');
            number(value < 0 ? -(unsigned long)value : (unsigned long)value, 10, 1);
            break;
        case 'u':
        case 'x':
            number(is_long ? va_arg(args, unsigned long) : va_arg(args, unsigned int),
                   *format == 'u' ? 10 : 16, 1);
            break;
        default:
            put(*format);
        }
    }
    va_end(args);
    notify();
}

void expect(const char *name, long got, long want)
{
    if (got == want) {
        good++;
        print("ok %s = %ld\n", name, got);
    } else {
        bad++;
        print("BAD %s = %ld, expected %ld\n", name, got, want);
    }
}

const char *about;

// As expect(); the name begins with what it is about.
void check(const char *what, long got, long want)
{
    static char name[96];
    unsigned int n = 0;

    for (const char *s = about; *s && n < 40; s++)
        name[n++] = *s;
    name[n++] = ':';
    name[n++] = ' ';
    for (const char *s = what; *s && n < sizeof(name) - 1; s++)
        name[n++] = *s;
    name[n] = 0;
    expect(name, got, want);
}

// Until all has been read: what a dead domain has in its ring is lost.
void flush(void)
{
    while (*(volatile XENCONS_RING_IDX *)&ring->out_cons != ring->out_prod)
        yield();
}

void power_off(void)
{
    struct sched_shutdown down = { .reason = bad ? SHUTDOWN_crash : SHUTDOWN_poweroff };

    flush();
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&down, 0, 0);
    for (;;)
        ;
}
