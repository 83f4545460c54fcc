// SPDX-License-Identifier: LGPL-2.1-or-later
// tinyguest: a PV and PVH guest of a few pages that calls Xen's perfctr hypercall in
// every wrong way, and some right ones. Its command line says what it does:
//   sweep     every operation, every field, every kind of page (the default)
//   off       what a domain may do that has no permission
//   storm     takes all there is, samples as often as it may, and never ends; with
//             crash or reset it then does that
//   quick     counts once, says so, ends
//   yield     each VCPU counts and gives its CPU away, for ever; with plain it does not count
// Prints "ok NAME: ..." or "BAD NAME: ..." and, at the end, how many of each.
#include <cpuid.h>

#include "tiny.h"

#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/hvm/start_info.h>

bool pvh;
const char *options;
start_info_t *info;

void *memset(void *to, int c, unsigned long n)
{
    void *start = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(c) : "memory");
    return start;
}

void *memcpy(void *to, const void *from, unsigned long n)
{
    void *start = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
    return start;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a - *b;
}

// One of the words of the command line.
bool option(const char *name)
{
    for (const char *p = options; *p; p++) {
        unsigned int i = 0;

        if (p != options && p[-1] != ' ')
            continue;
        while (name[i] && p[i] == name[i])
            i++;
        if (!name[i] && (!p[i] || p[i] == ' '))
            return true;
    }
    return false;
}

uint64_t frame(const void *va)
{
    uint64_t pfn = (unsigned long)va / PAGE;

    return pvh ? pfn : ((unsigned long *)info->mfn_list)[pfn];
}

uint64_t pte(const void *va, uint64_t flags)
{
    return frame(va) * PAGE | flags | 0x60;     // accessed, dirty
}

void set_pte(void *va, uint64_t value)
{
    expect("change of a page table entry",
           hypercall(__HYPERVISOR_update_va_mapping, (unsigned long)va, value, UVMF_INVLPG, 0),
           0);
}

void stray_fault(void);
void stray_fault(void)
{
    print("BAD fault at %#lx\n", fault_ip);
    bad++;
    power_off();
}

static void faults_pv(void)
{
    static const uint8_t vectors[] = { 13, 14 };
    static trap_info_t traps[ARRAY_SIZE(vectors) + 1];

    for (unsigned int i = 0; i < ARRAY_SIZE(vectors); i++) {
        traps[i].vector = vectors[i];
        traps[i].cs = FLAT_KERNEL_CS;
        traps[i].address = (unsigned long)on_fault_pv;
    }
    hypercall(__HYPERVISOR_set_trap_table, (unsigned long)traps, 0, 0, 0);
}

static void faults_hvm(void)
{
    static uint64_t idt[32][2];
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = { sizeof(idt) - 1, (unsigned long)idt };

    for (unsigned int i = 0; i < 32; i++) {
        bool code = i == 8 || (i >= 10 && i <= 14) || i == 17;
        uint64_t to = (unsigned long)(code ? on_fault_code_hvm : on_fault_hvm);

        idt[i][0] = (to & 0xffff) | 8 << 16 | 0x8e00ull << 32 | (to >> 16 & 0xffff) << 48;
        idt[i][1] = to >> 32;
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

// A fault that nobody handles: Xen ends the domain.
void crash(void)
{
    static const struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } none = { 0, 0 };

    if (pvh)
        __asm__ volatile("lidt %0" : : "m"(none));
    __asm__ volatile("ud2");
    __builtin_unreachable();
}

// The page through which an HVM guest enters Xen.
static void hypercall_page_hvm(void)
{
    unsigned int leaf, a, b, c, d;

    for (leaf = 0x40000000; leaf < 0x40010000; leaf += 0x100) {
        __cpuid(leaf, a, b, c, d);
        if (b == XEN_CPUID_SIGNATURE_EBX && c == XEN_CPUID_SIGNATURE_ECX)
            break;
    }
    __cpuid(leaf + 2, a, b, c, d);
    wrmsr(b, (unsigned long)hypercall_page);
}

// One counter, once: that there is one at all.
static void quick(void)
{
    static union vcpu_page whole;
    struct xen_perfctr_vcpu_page *page = &whole.page;
    struct xen_perfctr_register reg = { .size = sizeof(reg), .time_gfn = ~0ull };
    struct xen_perfctr_config c = { .size = sizeof(c), .nr = 1 };
    uint64_t first = 0, second = 0;

    reg.gfn = frame(page);
    c.counter[0].event = 0x00c0;
    c.counter[0].domain = XEN_PERFCTR_DOM_USER | XEN_PERFCTR_DOM_KERNEL;
    expect("register", perfctr_op(XEN_PERFCTR_OP_register, &reg), 0);
    expect("create", perfctr_op(XEN_PERFCTR_OP_config_create, &c), 0);
    page->request.handle = c.handle;
    page->request.start[0] = -(1ull << 20);
    page->request.seq++;
    expect("apply", perfctr_op(XEN_PERFCTR_OP_apply, NULL), 0);
    expect("first RDPMC", rdpmc(c.counter[0].rdpmc, &first), 0);
    expect("second RDPMC", rdpmc(c.counter[0].rdpmc, &second), 0);
    expect("it counts", second > first, 1);
}

void kernel(void *start, bool is_pvh);
void kernel(void *start, bool is_pvh)
{
    pvh = is_pvh;
    if (pvh) {
        faults_hvm();
        hypercall_page_hvm();
        options = (const char *)((struct hvm_start_info *)start)->cmdline_paddr;
    } else {
        info = start;
        faults_pv();
        options = (const char *)info->cmd_line;
    }
    console_init();
    print("tinyguest: %s, \"%s\"\n", pvh ? "PVH" : "PV", options);
    if (option("storm"))
        storm();
    if (option("yield"))
        yields();
    if (option("off")) {
        refused();
    } else if (option("quick")) {
        quick();
    } else {
        sweep();
        pages();
    }
    print("tinyguest: %u ok, %u BAD\n", good, bad);
    power_off();
}
