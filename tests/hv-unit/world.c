/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine in which the hypervisor's files are tested.
 */
#include "test.h"

static const struct emul_boot skylake = {
    .x86 = 6, .x86_vendor = X86_VENDOR_INTEL, .x86_model = 0x5e,
    .max_leaf = 0x16,
    /* version 4, 8 counters of 48 bits; 3 fixed ones of 48 bits */
    .eax = 4 | 8 << 8 | 48 << 16 | 7 << 24, .edx = 3 | 48 << 5,
    .capabilities = 1 << 13, .pdcm = true,
};

/* Family 17h model 1 with the core extension, without and with version 2. */
static const struct emul_boot zen = {
    .x86 = 0x17, .x86_vendor = X86_VENDOR_AMD, .x86_model = 1,
    .max_leaf = 0xd, .max_ext_leaf = 0x8000001f, .core = true,
};
static const struct emul_boot zen_v2 = {
    .x86 = 0x17, .x86_vendor = X86_VENDOR_AMD, .x86_model = 1,
    .max_leaf = 0xd, .max_ext_leaf = 0x80000022, .core = true,
    .v2_eax = 1, .v2_counters = 6,
};

static void set_rdpmc_exiting(struct vcpu *v, bool exiting)
{
    emul_assert(v == current && emul_irqs_off);
    v->arch.hvm.rdpmc_passes = !exiting;
    v->arch.hvm.updates++;
}

static void set_pmu_global_ctrl(struct vcpu *v, uint64_t guest, uint64_t host)
{
    emul_assert(v == current && emul_irqs_off);
    v->arch.hvm.switch_ctrl = guest || host;
    v->arch.hvm.guest_ctrl = guest;
    v->arch.hvm.host_ctrl = host;
    v->arch.hvm.updates++;
}

static void remove_domains(void)
{
    unsigned int cpu, i;
    struct vcpu *v;

    for ( cpu = 0; cpu < EMUL_CPUS; cpu++ )
        run_on(cpu, NULL);
    for ( i = 0; i < EMUL_DOMAINS; i++ )
    {
        struct domain *d = &emul_domain[i];

        if ( d->arch.perfctr )
            perfctr_release(d);
        for_each_vcpu ( d, v )
            perfctr_vcpu_destroy(v);
        perfctr_domain_destroy(d);
    }
}

void world_new(void)
{
    world_new_on(SKYLAKE, false);
}

void world_new_on(enum machine machine, bool hvm)
{
    static const struct emul_boot *const machines[] = {
        [SKYLAKE] = &skylake, [ZEN] = &zen, [ZEN_V2] = &zen_v2,
    };
    /* Of the frames; each an allocation, so that ASan sees who leaves it. */
    static void *memory[EMUL_FRAMES];
    unsigned int i, n;

    remove_domains();
    /* Nothing is left over by whatever was done before. */
    for ( i = 0; i < EMUL_FRAMES; i++ )
    {
        EQUAL(emul_frame[i].refs, 0);
        EQUAL(emul_frame[i].type_refs, 0);
        EQUAL(emul_frame[i].maps, 0);
        if ( !memory[i] )
            memory[i] = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    }
    EQUAL(emul_allocated, 0);
    EQUAL(emul_irqs_off, 0);

    memset(emul_frame, 0, sizeof(emul_frame));
    memset(emul_domain, 0, sizeof(emul_domain));
    memset(emul_pmu, 0, sizeof(emul_pmu));
    emul_boot = *machines[machine];
    memset(&perfctr_model, 0, sizeof(perfctr_model));
    hvm_funcs.set_rdpmc_exiting = set_rdpmc_exiting;
    hvm_funcs.set_pmu_global_ctrl = machine == SKYLAKE ? set_pmu_global_ctrl
                                                       : NULL;
    emul_hvm_tsc_offset = 0;
    emul_alloc_fails = 0;
    emul_pause_rc = emul_xsm_rc = 0;
    emul_read_only = false;
    emul_tsc = 1ull << 40;
    vpmu_mode = XENPMU_MODE_OFF;
    opt_watchdog = false;

    emul_booting = true;
    EQUAL(emul_parse_param("default=full,kernel,hypervisor,"
                           "min-period=100,pmi-rate=100000"), 0);
    for ( emul_cpu = EMUL_CPUS; emul_cpu-- > 0; )
        if ( emul_cpu == EMUL_CPUS - 1 )
            EQUAL(emul_initcall(), 0);
        else
            emul_cpu_notifier->notifier_call(emul_cpu_notifier, CPU_STARTING,
                                             NULL);
    emul_cpu = 0;
    emul_booting = false;
    CHECK(perfctr_enabled);

    for ( i = 0; i < EMUL_FRAMES; i++ )
    {
        emul_frame[i].owner = &emul_domain[i < EMUL_FRAMES / 2 ? 0 : 1];
        emul_frame[i].va = memory[i];
        memset(emul_frame[i].va, 0xa5, PAGE_SIZE);
    }
    for ( i = 0; i < EMUL_DOMAINS; i++ )
    {
        struct domain *d = &emul_domain[i];

        d->domain_id = i;
        /* Domain 2 is a PV one in any case. */
        d->hvm = hvm && i < 2;
        d->pv = !d->hvm;
        for ( n = 0; n < EMUL_VCPUS; n++ )
        {
            d->vcpu[n].domain = d;
            d->vcpu[n].vcpu_id = n;
            d->vcpu[n].arch.flags = TF_kernel_mode;
            d->vcpu[n].arch.hvm.svm.vmcb = &d->vcpu[n].arch.hvm.vmcb;
        }
        EQUAL(perfctr_domain_create(d), 0);
    }
    emul_forget();
}

struct vcpu *vcpu(unsigned int d, unsigned int n)
{
    return &emul_domain[d].vcpu[n];
}

struct xen_perfctr_vcpu_page *page(const struct vcpu *v)
{
    return v->arch.perfctr->page;
}

void run_on(unsigned int cpu, struct vcpu *v)
{
    emul_cpu = cpu;
    if ( current )
        perfctr_switch_from(current);
    current = v;
    if ( v )
    {
        /* What loading the page tables of a PV VCPU does, see pv_make_cr4(). */
        emul_pmu[cpu].cr4 = !is_hvm_vcpu(v) && perfctr_rdpmc_allowed(v)
                            ? X86_CR4_PCE : 0;
        perfctr_switch_to(v);
    }
}

void vm_enter(unsigned int cpl)
{
    struct emul_hvm *hvm = &current->arch.hvm;
    struct emul_pmu *pmu = &emul_pmu[emul_cpu];

    emul_irqs_off = 1;
    hvm->vmcb.rip = guest_cpu_user_regs()->rip;
    perfctr_vmenter(current);
    hvm->cpl = cpl;
    if ( hvm->switch_ctrl )
        pmu->global = hvm->guest_ctrl;
    pmu->in_guest = true;
    emul_irqs_off = 0;
}

/* Interrupts are taken here with SVM: the frame on the stack is a stale one. */
void vm_leave(uint64_t rip)
{
    struct emul_hvm *hvm = &current->arch.hvm;
    struct emul_pmu *pmu = &emul_pmu[emul_cpu];

    pmu->in_guest = false;
    if ( hvm->switch_ctrl )
        pmu->global = hvm->host_ctrl;
    hvm->vmcb.rip = rip;
}

void vm_left(void)
{
    guest_cpu_user_regs()->rip = current->arch.hvm.vmcb.rip;
    perfctr_vmexit(current);
}

void vm_exit(uint64_t rip)
{
    vm_leave(rip);
    vm_left();
}

bool guest_can_rdpmc(const struct vcpu *v)
{
    return v->arch.hvm.rdpmc_passes && v->arch.hvm.hw_pce;
}

void to_user(void)
{
    current->arch.flags &= ~TF_kernel_mode;
    perfctr_toggle(current);
}

void to_kernel(void)
{
    current->arch.flags |= TF_kernel_mode;
    perfctr_toggle(current);
}

long do_perfctr_op(unsigned int cmd, void *arg);

long op(unsigned int cmd, void *arg)
{
    return do_perfctr_op(cmd, arg);
}

int register_page(unsigned int frame)
{
    struct xen_perfctr_register reg = {
        .size = sizeof(reg), .vcpu = current->vcpu_id, .gfn = frame,
        .time_gfn = ~0ull,
    };

    return op(XEN_PERFCTR_OP_register, &reg);
}

uint32_t create(unsigned int n, const uint64_t *events, uint32_t domain)
{
    struct xen_perfctr_config cfg = { .size = sizeof(cfg), .nr = n };
    unsigned int i;

    for ( i = 0; i < n; i++ )
        cfg.counter[i] = (struct xen_perfctr_counter){
            .event = events[i], .domain = domain };

    return op(XEN_PERFCTR_OP_config_create, &cfg) ? 0 : cfg.handle;
}

uint32_t create_sampling(unsigned int n, const uint64_t *events,
                         uint32_t domain, uint64_t period, uint32_t flags)
{
    struct xen_perfctr_config cfg = {
        .size = sizeof(cfg), .nr = n, .flags = flags };
    unsigned int i;

    for ( i = 0; i < n; i++ )
        cfg.counter[i] = (struct xen_perfctr_counter){
            .event = events[i], .domain = domain,
            .mode = XEN_PERFCTR_MODE_SAMPLE, .period = period };

    return op(XEN_PERFCTR_OP_config_create, &cfg) ? 0 : cfg.handle;
}

int register_ring(unsigned int first, unsigned int nr)
{
    struct xen_perfctr_ring ring = {
        .size = sizeof(ring), .vcpu = current->vcpu_id, .nr_pages = nr };
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        ring.gfn[i] = first + i;

    return op(XEN_PERFCTR_OP_ring, &ring);
}

const struct xen_perfctr_sample *record(uint32_t n)
{
    uint32_t nr = vcpu(0, 0)->arch.perfctr->ring.nr;

    return (struct xen_perfctr_sample *)
           emul_frame[RING_FRAME + n / XEN_PERFCTR_RECORDS_PER_PAGE % nr].va +
           n % XEN_PERFCTR_RECORDS_PER_PAGE;
}

static void interrupt(const struct cpu_user_regs *regs)
{
    emul_irqs_off = 1;
    emul_pmu[emul_cpu].lvtpc |= 0x10000;
    perfctr_pmi(regs);
    EQUAL(emul_pmu[emul_cpu].lvtpc, PMU_APIC_VECTOR);
    EQUAL(emul_pmu[emul_cpu].status, 0);
    emul_irqs_off = 0;
}

void interrupt_guest(void)
{
    interrupt(guest_cpu_user_regs());
}

void interrupt_xen(void)
{
    interrupt(&emul_xen_regs);
}

void request(uint32_t handle, uint64_t start)
{
    struct xen_perfctr_request *r = &page(current)->request;
    unsigned int i;

    r->handle = handle;
    r->cookie = handle + 100;
    for ( i = 0; i < XEN_PERFCTR_MAX_COUNTERS; i++ )
        r->start[i] = start;
    r->seq++;
}

void request_and_go(uint32_t handle, uint64_t start)
{
    request(handle, start);
    to_user();
}

void start_user(unsigned int d, unsigned int n, const uint64_t *events,
                uint32_t domain)
{
    run_on(0, vcpu(d, 0));
    EQUAL(register_page(d * EMUL_FRAMES / 2), 0);
    request_and_go(create(n, events, domain), 1000 * (d + 1));
    emul_user(1);
    emul_forget();
}
