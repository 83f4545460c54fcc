// SPDX-License-Identifier: LGPL-2.1-or-later
// `yield`: each VCPU counts, and gives its CPU to the next one for ever, so that nearly all
// that its CPU does is to switch VCPUs. With `plain` they do not count.
#include "tiny.h"

#include <xen/vcpu.h>

#define VCPUS 64

static union vcpu_page vcpu_pages[VCPUS];
static char stacks[VCPUS][2048] __attribute__((aligned(16)));
static vcpu_info_t infos[VCPUS] __section_page;
static struct xen_perfctr_config config;
static unsigned int ready, wrong;

// Only counts what goes wrong: the console is for one VCPU at a time.
static void must(long got)
{
    if (got)
        __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static void start_counting(unsigned int vcpu)
{
    struct xen_perfctr_vcpu_page *page = &vcpu_pages[vcpu].page;
    struct xen_perfctr_register reg = { .size = sizeof(reg), .time_gfn = ~0ull, .vcpu = vcpu,
                                        .gfn = frame(page) };

    must(perfctr_op(XEN_PERFCTR_OP_register, &reg));
    page->request.handle = config.handle;
    for (unsigned int i = 0; i < config.nr; i++)
        page->request.start[i] = -(1ull << 40);
    page->request.seq++;
    must(perfctr_op(XEN_PERFCTR_OP_apply, NULL));
}

static void run(unsigned long vcpu)
{
    if (!option("plain"))
        start_counting(vcpu);
    __atomic_add_fetch(&ready, 1, __ATOMIC_RELEASE);
    for (;;)
        yield();
}

// Starts another VCPU of a PV guest. From number 32 on they have no vcpu_info of themselves.
static bool start_vcpu(unsigned int vcpu)
{
    static struct vcpu_guest_context context;
    struct vcpu_register_vcpu_info where = { .mfn = frame(infos),
                                             .offset = vcpu * sizeof(*infos) };

    if (hypercall(__HYPERVISOR_vcpu_op, VCPUOP_is_up, vcpu, 0, 0))
        return false;               // there are not so many
    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = context.kernel_ss = FLAT_KERNEL_SS;
    context.user_regs.rip = (unsigned long)run;
    context.user_regs.rdi = vcpu;
    // As if it had been called: RSP is 8 below a multiple of 16.
    context.user_regs.rsp = context.kernel_sp = (unsigned long)stacks[vcpu + 1] - 8;
    context.ctrlreg[3] = frame((void *)info->pt_base) * PAGE;
    must(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, vcpu,
                   (unsigned long)&where, 0));
    must(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_initialise, vcpu, (unsigned long)&context, 0));
    must(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_up, vcpu, 0, 0));
    return true;
}

void yields(void)
{
    unsigned int vcpus = 1;

    config.size = sizeof(config);
    config.nr = 2;
    config.counter[0].event = 0x00c0;       // instructions
    config.counter[1].event = 0x00c4;       // branches
    for (unsigned int i = 0; i < config.nr; i++)
        config.counter[i].domain = XEN_PERFCTR_DOM_USER | XEN_PERFCTR_DOM_KERNEL;
    if (!option("plain"))
        must(perfctr_op(XEN_PERFCTR_OP_config_create, &config));
    while (!pvh && vcpus < VCPUS && start_vcpu(vcpus))
        vcpus++;
    while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) + wrong < vcpus - 1)
        yield();
    print("tinyguest: %u VCPUs yield, %u BAD\n", vcpus, wrong);
    flush();
    run(0);
}
