/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Xen and its CPUs for the hypervisor's files; see emul.h.
 */
#include "emul.h"

#define WIDTH_MASK ((1ull << 48) - 1)
#define MAX_WRITES 4096

char emul_console[512];
unsigned int emul_alloc_fails, emul_allocated, emul_copies_in, emul_cpu;
bool emul_read_only, emul_booting;
struct page_info emul_frame[EMUL_FRAMES];
struct domain emul_domain[EMUL_DOMAINS];
struct vcpu *emul_current[EMUL_CPUS];
int emul_pause_rc, emul_xsm_rc;
uint64_t emul_tsc;
unsigned long cpu_khz = 3000000;
struct cpu_user_regs emul_guest_regs[EMUL_CPUS], emul_xen_regs;
struct emul_pmu emul_pmu[EMUL_CPUS];
unsigned int emul_irqs_off, emul_writes;
struct emul_write emul_write[MAX_WRITES];
struct emul_boot emul_boot;
struct notifier_block *emul_cpu_notifier;
unsigned int vpmu_mode, emul_shared_stopped, emul_rdpmcs;
struct hvm_function_table hvm_funcs;
uint64_t emul_hvm_tsc_offset;
bool opt_watchdog;

void emul_assert_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}

int printk(const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(emul_console, sizeof(emul_console), fmt, ap);
    va_end(ap);

    return n;
}

void *emul_alloc(size_t size)
{
    if ( emul_alloc_fails )
    {
        emul_alloc_fails--;
        return NULL;
    }
    emul_allocated++;

    return calloc(1, size);
}

void emul_free(void *p)
{
    if ( p )
        emul_allocated--;
    free(p);
}

/* ------------------------------------------------------------ frames */

struct page_info *get_page_from_gfn(struct domain *d, unsigned long gfn,
                                    p2m_type_t *t, int q)
{
    (void)d;
    (void)q;
    if ( gfn >= EMUL_FRAMES || !emul_frame[gfn].va )
        return NULL;
    emul_frame[gfn].refs++;
    *t = emul_frame[gfn].p2mt;

    return &emul_frame[gfn];
}

bool get_page_type(struct page_info *page, int type)
{
    emul_assert(type == PGT_writable_page);
    if ( page->page_table )
        return false;
    page->type_refs++;

    return true;
}

void put_page(struct page_info *page)
{
    emul_assert(page->refs > 0);
    page->refs--;
}

void put_page_and_type(struct page_info *page)
{
    emul_assert(page->type_refs > 0);
    page->type_refs--;
    put_page(page);
}

void *__map_domain_page_global(struct page_info *page)
{
    if ( page->map_fails )
        return NULL;
    page->maps++;

    return page->va;
}

mfn_t domain_page_map_to_mfn(const void *va)
{
    unsigned long i;

    for ( i = 0; i < EMUL_FRAMES; i++ )
        if ( emul_frame[i].va == va )
            return (mfn_t){ i };
    emul_assert(!"mapping known");

    return (mfn_t){ 0 };
}

void unmap_domain_page_global(void *va)
{
    struct page_info *page = mfn_to_page(domain_page_map_to_mfn(va));

    emul_assert(page->maps > 0);
    page->maps--;
}

int emul_copy_in(void *to, void *from, size_t size)
{
    emul_copies_in++;
    if ( !from )
        return 1;
    memcpy(to, from, size);

    return 0;
}

int emul_copy_out(void *to, const void *from, size_t size)
{
    if ( !to || emul_read_only )
        return 1;
    memcpy(to, from, size);

    return 0;
}

/* ----------------------------------------------------------- domains */

struct vcpu *domain_vcpu(const struct domain *d, unsigned int id)
{
    return id < EMUL_VCPUS ? (struct vcpu *)&d->vcpu[id] : NULL;
}

struct domain *rcu_lock_domain_by_any_id(domid_t id)
{
    unsigned int i;

    if ( id == DOMID_SELF )
        return current->domain;
    for ( i = 0; i < EMUL_DOMAINS; i++ )
        if ( emul_domain[i].domain_id == id )
            return &emul_domain[i];

    return NULL;
}

void vcpu_pause(struct vcpu *v)
{
    emul_assert(v != current);
    v->paused++;
}

void vcpu_unpause(struct vcpu *v)
{
    emul_assert(v->paused > 0);
    v->paused--;
}

int domain_pause_except_self(struct domain *d)
{
    struct vcpu *v;

    if ( emul_pause_rc )
        return emul_pause_rc;
    for_each_vcpu ( d, v )
        if ( v != current )
            v->paused++;

    return 0;
}

void domain_unpause_except_self(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu ( d, v )
        if ( v != current )
            vcpu_unpause(v);
}

void send_guest_vcpu_virq(struct vcpu *v, uint32_t virq)
{
    emul_assert(virq == XEN_PERFCTR_VIRQ);
    v->virqs++;
}

/* --------------------------------------------------------- registers */

void emul_forget(void)
{
    emul_writes = 0;
}

unsigned int emul_writes_to(unsigned int first, unsigned int last)
{
    unsigned int i, n = 0;

    emul_assert(emul_writes <= MAX_WRITES);
    for ( i = 0; i < emul_writes; i++ )
        n += emul_write[i].msr >= first && emul_write[i].msr <= last;

    return n;
}

static bool is_amd(void)
{
    return emul_boot.x86_vendor != X86_VENDOR_INTEL;
}

/* What has been written, where, and how much of it there is. */
static uint64_t *amd_register(unsigned int msr, uint64_t *reserved)
{
    struct emul_pmu *pmu = &emul_pmu[emul_cpu];
    unsigned int nr = emul_boot.v2_counters ?: emul_boot.core ? 6 : 4;
    unsigned int i = msr - MSR_K7_EVNTSEL0;
    bool counter;

    if ( msr == EMUL_AMD_CTL && emul_boot.v2_counters )
    {
        *reserved = ~((1ull << nr) - 1);
        return &pmu->global;
    }
    if ( i < 8 )
    {
        /* The old place holds the first four of the others as well. */
        counter = i >= 4;
        i &= 3;
    }
    else
    {
        i = msr - MSR_AMD_FAM15H_EVNTSEL0;
        emul_assert(emul_boot.core && i < 2 * nr);
        counter = i & 1;
        i /= 2;
    }

    /* no reserved bits, nor the pin, nor the upper half but 35:32 and 41:40 */
    *reserved = counter ? ~WIDTH_MASK : ~0x30fffd7ffffull;

    return counter ? &pmu->gp[i] : &pmu->select[i];
}

/* A real CPU raises #GP for all that is refused here, and Xen would crash. */
void wrmsrl(unsigned int msr, uint64_t val)
{
    struct emul_pmu *pmu = &emul_pmu[emul_cpu];

    emul_assert(emul_irqs_off || emul_booting);
    emul_assert(!pmu->in_guest);
    if ( is_amd() && msr == EMUL_AMD_STATUS_CLR )
    {
        emul_assert(emul_boot.v2_counters);
        pmu->status &= ~val;
    }
    else if ( is_amd() )
    {
        uint64_t reserved, *reg = amd_register(msr, &reserved);

        emul_assert(!(val & reserved));
        *reg = val;
    }
    else if ( msr >= MSR_IA32_A_PERFCTR0 && msr < MSR_IA32_A_PERFCTR0 + 8 )
    {
        emul_assert(!(val & ~WIDTH_MASK));
        pmu->gp[msr - MSR_IA32_A_PERFCTR0] = val;
    }
    else if ( msr >= MSR_P6_EVNTSEL(0) && msr < MSR_P6_EVNTSEL(8) )
    {
        /* No ANYTHREAD, no pin control. */
        emul_assert(!(val & ~0xffd7ffffull));
        pmu->select[msr - MSR_P6_EVNTSEL(0)] = val;
    }
    else if ( msr >= MSR_CORE_PERF_FIXED_CTR0 &&
              msr < MSR_CORE_PERF_FIXED_CTR0 + 3 )
    {
        emul_assert(!(val & ~WIDTH_MASK));
        pmu->fixed[msr - MSR_CORE_PERF_FIXED_CTR0] = val;
    }
    else if ( msr == MSR_CORE_PERF_FIXED_CTR_CTRL )
    {
        emul_assert(!(val & ~0xbbbull));
        pmu->fixed_ctrl = val;
    }
    else if ( msr == MSR_CORE_PERF_GLOBAL_CTRL )
    {
        emul_assert(!(val & ~0x7000000ffull));
        pmu->global = val;
    }
    else if ( msr == MSR_CORE_PERF_GLOBAL_OVF_CTRL )
    {
        emul_assert(!(val & ~0x7000000ffull));
        pmu->status &= ~val;
    }
    else
        emul_assert(!"writable MSR");

    if ( emul_writes < MAX_WRITES )
        emul_write[emul_writes] = (struct emul_write){ emul_cpu, msr, val };
    emul_writes++;
}

int wrmsr_safe(unsigned int msr, uint64_t val)
{
    if ( msr == MSR_IA32_PEBS_ENABLE )
        return -EFAULT;
    if ( is_amd() && !val && !(msr & 1) &&
         ((msr >= 0xc0010230 && msr < 0xc001023c) ||
          (msr >= 0xc0010240 && msr < 0xc0010248)) )
    {
        emul_shared_stopped++;
        return -EFAULT;
    }
    wrmsrl(msr, val);

    return 0;
}

uint64_t emul_rdmsr(unsigned int msr)
{
    switch ( msr )
    {
    case MSR_LSTAR:
        return emul_pmu[emul_cpu].lstar;
    case EMUL_AMD_STATUS:
        emul_assert(is_amd() && emul_boot.v2_counters);
        return emul_pmu[emul_cpu].status;
    case MSR_CORE_PERF_GLOBAL_STATUS:
        emul_assert(!is_amd());
        return emul_pmu[emul_cpu].status;
    case MSR_IA32_PERF_CAPABILITIES:
        emul_assert(emul_boot.pdcm);
        return emul_boot.capabilities;
    }
    emul_assert(!"readable MSR");

    return 0;
}

uint64_t perfctr_rdpmc(unsigned int hw)
{
    emul_assert(hw < 8 || (hw >= 32 && hw < 35));
    emul_rdpmcs++;

    return hw < 8 ? emul_pmu[emul_cpu].gp[hw]
                  : emul_pmu[emul_cpu].fixed[hw - 32];
}

static void count(uint64_t *counter, uint64_t n, uint64_t *status, uint64_t bit)
{
    uint64_t sum = *counter + n;

    if ( sum > WIDTH_MASK )
        *status |= bit;
    *counter = sum & WIDTH_MASK;
}

/* AMD's bits 40 (guest) and 41 (host): none is both, and both is both. */
static bool is_side(unsigned int bits, bool guest)
{
    return !bits || bits & (guest ? 1 : 2);
}

/* ring: bit 0 of a fixed counter's field is ring 0, bit 1 ring 3 */
static void run(uint64_t n, unsigned int ring)
{
    struct emul_pmu *pmu = &emul_pmu[emul_cpu];
    uint64_t global = pmu->global;
    unsigned int i;

    if ( is_amd() && !emul_boot.v2_counters )
        global = ~0ull;
    for ( i = 0; i < 8; i++ )
        if ( (global & (1ull << i)) && (pmu->select[i] & (1u << 22)) &&
             (pmu->select[i] & (ring == 3 ? 1u << 16 : 1u << 17)) &&
             is_side(pmu->select[i] >> 40 & 3, pmu->in_guest) )
            count(&pmu->gp[i], n, &pmu->status, 1ull << i);
    for ( i = 0; i < 3; i++ )
        if ( (pmu->global & (1ull << (32 + i))) &&
             (pmu->fixed_ctrl >> (4 * i) & (ring == 3 ? 2 : 1)) )
            count(&pmu->fixed[i], n, &pmu->status, 1ull << (32 + i));

    /* There is no such register. */
    if ( is_amd() && !emul_boot.v2_counters )
        pmu->status = 0;
}

void emul_user(uint64_t n)
{
    run(n, 3);
}

void emul_xen(uint64_t n)
{
    run(n, 0);
}

void emul_guest(uint64_t n)
{
    emul_assert(emul_pmu[emul_cpu].in_guest);
    run(n, current->arch.hvm.cpl);
}

/* ---------------------------------------------------------------- HVM */

void hvm_update_guest_cr(struct vcpu *v, unsigned int cr)
{
    emul_assert(cr == 4 && v == current);
    v->arch.hvm.hw_pce = v->arch.hvm.guest_pce || perfctr_rdpmc_allowed(v);
    v->arch.hvm.updates++;
}

void cpuid(unsigned int leaf, unsigned int *eax, unsigned int *ebx,
           unsigned int *ecx, unsigned int *edx)
{
    *ecx = 0;
    if ( leaf == 0x80000022 )
    {
        emul_assert(emul_boot.max_ext_leaf >= leaf);
        *eax = emul_boot.v2_eax;
        *ebx = emul_boot.v2_counters;
        *edx = 0;
        return;
    }
    emul_assert(leaf == 0xa && !is_amd());
    *eax = emul_boot.eax;
    *ebx = emul_boot.ebx;
    *edx = emul_boot.edx;
}

/* -------------------------------------------------------------- boot */

int parse_bool(const char *s, const char *e)
{
    static const char *const yes[] = { "1", "on", "yes", "true", "enable" };
    static const char *const no[] = { "0", "off", "no", "false", "disable" };
    size_t len = e ? (size_t)(e - s) : strlen(s);
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(yes); i++ )
    {
        if ( strlen(yes[i]) == len && !strncmp(s, yes[i], len) )
            return 1;
        if ( strlen(no[i]) == len && !strncmp(s, no[i], len) )
            return 0;
    }

    return -1;
}

int parse_boolean(const char *name, const char *s, const char *e)
{
    bool negated = !strncmp(s, "no-", 3);
    size_t len = strlen(name);

    s += negated ? 3 : 0;
    if ( (size_t)(e - s) < len || strncmp(s, name, len) )
        return -1;
    if ( (size_t)(e - s) == len )
        return !negated;

    return negated || s[len] != '=' ? -1 : parse_bool(s + len + 1, e);
}

int cmdline_strcmp(const char *frag, const char *name)
{
    size_t len = strlen(name);

    return strncmp(frag, name, len) ||
           (frag[len] && !strchr(",:;=", frag[len]));
}
