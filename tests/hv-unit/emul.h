/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hypervisor's files use of Xen, for user space.
 *
 * The sources of xen/arch/x86/cpu/vperfctr are compiled as they are, without
 * their #include <...> lines, after this header.  Behind it stand two CPUs with
 * counters that can be made to count, guest frames with reference counts, and
 * switches that make any of it fail.
 */
#ifndef EMUL_H
#define EMUL_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <public/perfctr.h>

/* ------------------------------------------------ the compiler's part */

#define __init
#define __initdata
#define __initconst
#define __initconst_cf_clobber
#define __ro_after_init
#define __read_mostly
#define cf_check
#define likely(x)          (x)
#define unlikely(x)        (x)
#define barrier()          asm volatile ( "" ::: "memory" )
#define smp_wmb()          barrier()
#define ACCESS_ONCE(x)     (*(volatile typeof(x) *)&(x))
#define write_atomic(p, x) ((void)(ACCESS_ONCE(*(p)) = (x)))
#define cmpxchg(p, o, n)   __sync_val_compare_and_swap(p, o, n)
#define ARRAY_SIZE(x)      (sizeof(x) / sizeof((x)[0]))
#define min(x, y)          ((x) < (y) ? (x) : (y))
#define min_t(t, x, y)     min((t)(x), (t)(y))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define BUILD_BUG_ON(x)    _Static_assert(!(x), #x)
#define hweight32(x)       ((unsigned int)__builtin_popcount(x))
#define emul_ffsl(x)       __builtin_ffsll(x)
#define ffsl(x)            emul_ffsl(x)
#define array_index_nospec(i, n) (emul_assert((i) < (n)), (i))
#define alternative_vcall(f, ...) f(__VA_ARGS__)
#define alternative_call(f, ...)  f(__VA_ARGS__)

void emul_assert_failed(const char *what, const char *file, int line)
    __attribute__((noreturn));
#define emul_assert(x) \
    ((x) ? (void)0 : emul_assert_failed(#x, __FILE__, __LINE__))
#define ASSERT(x)            emul_assert(x)
#define ASSERT_UNREACHABLE() emul_assert(!"reached")

#define ERESTART  85
#define ERR_PTR(rc)   ((void *)(long)(rc))
#define PTR_ERR(p)    ((long)(p))
#define IS_ERR(p)     ((unsigned long)(p) >= -4095ul)

#define XENLOG_WARNING
#define XENLOG_INFO
int printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern char emul_console[];

/* ------------------------------------------------------------ memory */

extern unsigned int emul_alloc_fails;   /* this many allocations from now */
extern unsigned int emul_allocated;
void *emul_alloc(size_t size);
void emul_free(void *p);
#define xzalloc(type)          ((type *)emul_alloc(sizeof(type)))
#define xzalloc_array(type, n) ((type *)emul_alloc(sizeof(type) * (n)))
#define xfree(p)               emul_free(p)
#define XFREE(p)               (emul_free(p), (p) = NULL)

#define PAGE_SHIFT  12
#define PAGE_SIZE   4096ul
#define PAGE_MASK   (~(PAGE_SIZE - 1))
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)

typedef enum { p2m_ram_rw, p2m_mmio_direct, p2m_grant_map_rw, p2m_map_foreign,
               p2m_ram_shared, p2m_ram_logdirty, p2m_ram_ro } p2m_type_t;
#define P2M_UNSHARE 0
#define PGT_writable_page 1

struct domain;
struct page_info {
    struct domain *owner;
    p2m_type_t p2mt;
    bool xen_heap, page_table;
    int refs, type_refs, maps;
    bool map_fails;
    void *va;
};
#define EMUL_FRAMES 64
extern struct page_info emul_frame[EMUL_FRAMES];
typedef struct { unsigned long mfn; } mfn_t;

struct page_info *get_page_from_gfn(struct domain *d, unsigned long gfn,
                                    p2m_type_t *t, int q);
bool get_page_type(struct page_info *page, int type);
void put_page(struct page_info *page);
void put_page_and_type(struct page_info *page);
void *__map_domain_page_global(struct page_info *page);
void unmap_domain_page_global(void *va);
mfn_t domain_page_map_to_mfn(const void *va);
#define mfn_to_page(m)        (&emul_frame[(m).mfn])
#define page_get_owner(p)     ((p)->owner)
#define is_xen_heap_page(p)   ((p)->xen_heap)
#define clear_page(p)         memset(p, 0, PAGE_SIZE)

/* Guest memory given to a hypercall: plain pointers, NULL faults. */
#define XEN_GUEST_HANDLE_PARAM(type) void *
extern unsigned int emul_copies_in;     /* copy_from_guest() calls */
extern bool emul_read_only;             /* copy_to_guest() faults */
int emul_copy_in(void *to, void *from, size_t size);
int emul_copy_out(void *to, const void *from, size_t size);
#define copy_from_guest(to, hnd, n) emul_copy_in(to, hnd, sizeof(*(to)) * (n))
#define copy_to_guest(hnd, from, n) \
    emul_copy_out(hnd, from, sizeof(*(from)) * (n))

/* --------------------------------------------------- domains and CPUs */

typedef uint16_t domid_t;
#define DOMID_SELF      0x7ff0
#define TF_kernel_mode  1
#define VPF_down        2
#define EMUL_CPUS       2
#define EMUL_VCPUS      3

typedef struct { bool held; } spinlock_t;
#define spin_lock_init(l) ((l)->held = false)
#define spin_lock(l)      (emul_assert(!(l)->held), (void)((l)->held = true))
#define spin_trylock(l)   (!(l)->held && ((l)->held = true))
#define spin_is_locked(l) ((l)->held)
#define spin_unlock(l)    (emul_assert((l)->held), (void)((l)->held = false))

struct perfctr_domain;
struct vperfctr;

/* What stands in a VMCB or VMCS. */
struct vmcb_struct { uint64_t rip; };
struct emul_hvm {
    struct { struct vmcb_struct *vmcb; } svm;
    struct vmcb_struct vmcb;
    unsigned int cpl;
    bool guest_pce, hw_pce;     /* the guest's and the processor's CR4.PCE */
    bool rdpmc_passes;          /* not intercepted */
    bool switch_ctrl;           /* VMX: PERF_GLOBAL_CTRL is loaded */
    uint64_t guest_ctrl, host_ctrl;
    unsigned int updates;       /* how often VMCB or VMCS was written */
};

struct vcpu {
    struct domain *domain;
    unsigned int vcpu_id;
    unsigned long pause_flags;
    struct {
        struct vperfctr *perfctr;
        unsigned long flags;
        struct emul_hvm hvm;
    } arch;
    int paused;
    unsigned int virqs;         /* XEN_PERFCTR_VIRQ raised */
};

struct domain {
    domid_t domain_id;
    bool is_dying, pv, pv32, hvm, nested;
    spinlock_t hypercall_deadlock_mutex;
    struct {
        struct perfctr_domain *perfctr;
        bool vtsc;
    } arch;
    struct vcpu vcpu[EMUL_VCPUS];
};

#define EMUL_DOMAINS 3
extern struct domain emul_domain[EMUL_DOMAINS];
extern struct vcpu *emul_current[EMUL_CPUS];
extern unsigned int emul_cpu;           /* the CPU that executes */
extern int emul_pause_rc;               /* domain_pause_except_self() */
extern int emul_xsm_rc;

#define current                 (emul_current[emul_cpu])
#define smp_processor_id()      emul_cpu
#define DECLARE_PER_CPU(t, n)   extern t emul_per_cpu_ ## n[EMUL_CPUS]
#define DEFINE_PER_CPU(t, n)    t emul_per_cpu_ ## n[EMUL_CPUS]
#define this_cpu(n)             (emul_per_cpu_ ## n[emul_cpu])
#define is_pv_domain(d)         ((d)->pv)
#define is_hvm_domain(d)        ((d)->hvm)
#define is_hvm_vcpu(v)          is_hvm_domain((v)->domain)
#define nestedhvm_enabled(d)    ((d)->nested)
#define is_pv_32bit_domain(d)   ((d)->pv32)
#define for_each_vcpu(d, v) \
    for ( (v) = (d)->vcpu; (v) < (d)->vcpu + EMUL_VCPUS; (v)++ )
struct vcpu *domain_vcpu(const struct domain *d, unsigned int id);
struct domain *rcu_lock_domain_by_any_id(domid_t id);
#define rcu_unlock_domain(d)    ((void)(d))
void vcpu_pause(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
int domain_pause_except_self(struct domain *d);
void domain_unpause_except_self(struct domain *d);
void send_guest_vcpu_virq(struct vcpu *v, uint32_t virq);
#define XSM_OTHER 0
#define xsm_perfctr_op(def, d, op) \
    ((void)(def), (void)(d), (void)(op), emul_xsm_rc)
#define EMUL_CONTINUATION 0x5a5a
#define hypercall_create_continuation(op, fmt, cmd, arg) EMUL_CONTINUATION
#define __HYPERVISOR_iret       23
#define __HYPERVISOR_perfctr_op 50

extern uint64_t emul_tsc;
#define rdtsc()                 emul_tsc
#define get_s_time()            0
typedef int64_t s_time_t;
extern unsigned long cpu_khz;
/* So many ns pass. */
#define emul_pass(ns)           (emul_tsc += (ns) * (cpu_khz / 1000000))
#define SECONDS(s)              ((s_time_t)((s) * 1000000000ull))
#define MILLISECS(ms)           ((s_time_t)((ms) * 1000000ull))

/* VMX or SVM, or neither. */
struct hvm_function_table {
    void (*set_rdpmc_exiting)(struct vcpu *v, bool exiting);
    void (*set_pmu_global_ctrl)(struct vcpu *v, uint64_t guest, uint64_t host);
};
extern struct hvm_function_table hvm_funcs;
void hvm_update_guest_cr(struct vcpu *v, unsigned int cr);
#define hvm_get_cpl(v)          ((v)->arch.hvm.cpl)
extern uint64_t emul_hvm_tsc_offset;
#define hvm_get_guest_tsc(v)    ((void)(v), emul_tsc + emul_hvm_tsc_offset)

/* The guest's frame on each CPU's stack, and one of Xen's. */
struct cpu_user_regs { uint64_t rip, rcx; uint32_t entry_vector; };
#define TRAP_nmi                2
#define TRAP_machine_check      18
#define TRAP_page_fault         14
#define TRAP_syscall            256
#define FIRST_DYNAMIC_VECTOR    0x20
#define LEGACY_SYSCALL_VECTOR   0x80
#define LOCAL_TIMER_VECTOR      0xfa
extern struct cpu_user_regs emul_guest_regs[EMUL_CPUS], emul_xen_regs;
#define guest_cpu_user_regs()   (&emul_guest_regs[emul_cpu])
#define guest_mode(r)           ((r) == guest_cpu_user_regs())
#define gtime_to_gtsc(d, t)     ((void)(d), (void)(t), emul_tsc)

/* --------------------------------------------------------- registers */

#define MSR_IA32_A_PERFCTR0           0x4c1
#define MSR_IA32_PEBS_ENABLE          0x3f1
#define MSR_IA32_PERF_CAPABILITIES    0x345
#define MSR_P6_EVNTSEL(n)             (0x186 + (n))
#define MSR_CORE_PERF_FIXED_CTR0      0x309
#define MSR_CORE_PERF_FIXED_CTR_CTRL  0x38d
#define MSR_CORE_PERF_GLOBAL_STATUS   0x38e
#define MSR_CORE_PERF_GLOBAL_CTRL     0x38f
#define MSR_CORE_PERF_GLOBAL_OVF_CTRL 0x390
#define MSR_K7_EVNTSEL0               0xc0010000
#define MSR_K7_PERFCTR0               0xc0010004
#define MSR_AMD_FAM15H_EVNTSEL0       0xc0010200
#define MSR_AMD_FAM15H_PERFCTR0       0xc0010201
#define EMUL_AMD_STATUS               0xc0000300
#define EMUL_AMD_CTL                  0xc0000301
#define EMUL_AMD_STATUS_CLR           0xc0000302
#define MSR_LSTAR                     0xc0000082
#define X86_CR4_PCE    (1ul << 8)
#define APIC_LVTPC     0x340
#define PMU_APIC_VECTOR 0xf8

struct emul_pmu {
    uint64_t gp[8], select[8], fixed[3], fixed_ctrl, global, status;
    uint64_t lstar;
    bool in_guest;              /* between VM entry and exit */
    unsigned long cr4;
    uint32_t lvtpc;
};
extern struct emul_pmu emul_pmu[EMUL_CPUS];
extern unsigned int emul_irqs_off;
extern bool emul_booting;

/* The PMU registers written, in order; emul_forget() starts anew. */
struct emul_write { unsigned int cpu, msr; uint64_t val; };
extern struct emul_write emul_write[];
extern unsigned int emul_writes;
void emul_forget(void);
unsigned int emul_writes_to(unsigned int first, unsigned int last);

void wrmsrl(unsigned int msr, uint64_t val);
int wrmsr_safe(unsigned int msr, uint64_t val);
extern unsigned int emul_shared_stopped; /* AMD: selectors of L3 and NB zeroed */
uint64_t emul_rdmsr(unsigned int msr);
#define rdmsrl(msr, val)      ((val) = emul_rdmsr(msr))
#define rdmsr_safe(msr, val)  ({ (val) = emul_rdmsr(msr); 0; })
uint64_t perfctr_rdpmc(unsigned int hw);
extern unsigned int emul_rdpmcs;        /* how often */
#define read_cr4()            (emul_pmu[emul_cpu].cr4)
#define write_cr4(x)          ((void)(emul_pmu[emul_cpu].cr4 = (x)))
#define apic_write(reg, val) \
    ((void)(reg), (void)(emul_pmu[emul_cpu].lvtpc = (val)))
#define local_irq_save(f)     ((void)((f) = emul_irqs_off++))
#define local_irq_restore(f)  ((void)(emul_irqs_off = (f)))

/* Every enabled counter of the executing CPU counts n events. */
void emul_user(uint64_t n);     /* of the guest, in ring 3 */
void emul_xen(uint64_t n);      /* of Xen, in ring 0 */
void emul_guest(uint64_t n);    /* of an HVM guest, in the VCPU's cpl */

/* -------------------------------------------------------------- boot */

struct emul_boot {
    unsigned int x86, x86_vendor, x86_model;
    unsigned int max_leaf, eax, ebx, edx;       /* leaf 0xa */
    uint64_t capabilities;
    bool pdcm, nmi_taken;
    /* AMD: core extension, version 2 with so many counters, its leaf's EAX */
    bool core;
    unsigned int max_ext_leaf, v2_counters, v2_eax;
};
extern struct emul_boot emul_boot;
#define boot_cpu_data         emul_boot
#define X86_VENDOR_INTEL      0
#define X86_VENDOR_AMD        2
#define X86_VENDOR_CENTAUR    3
#define X86_VENDOR_HYGON      4
#define X86_FEATURE_PDCM      0
#define cpu_has(c, f)         ((c)->pdcm)
#define cpuid_eax(l) \
    ((l) ? emul_boot.max_ext_leaf : emul_boot.max_leaf)
#define cpuid_ecx(l) \
    (emul_assert((l) == 0x80000001), emul_boot.core ? 1u << 23 : 0)
void cpuid(unsigned int leaf, unsigned int *eax, unsigned int *ebx,
           unsigned int *ecx, unsigned int *edx);

struct notifier_block {
    int (*notifier_call)(struct notifier_block *, unsigned long, void *);
};
extern struct notifier_block *emul_cpu_notifier;
#define register_cpu_notifier(nb) ((void)(emul_cpu_notifier = (nb)))
#define CPU_STARTING 1
#define NOTIFY_DONE  0
#define XENPMU_MODE_OFF 0
extern unsigned int vpmu_mode;
extern bool opt_watchdog;
#define reserve_lapic_nmi() (emul_boot.nmi_taken ? -EBUSY : 0)
#define custom_param(name, f) int (*const emul_parse_param)(const char *) = (f)
#define presmp_initcall(f)    int (*const emul_initcall)(void) = (f)
extern int (*const emul_parse_param)(const char *);
extern int (*const emul_initcall)(void);
int parse_bool(const char *s, const char *e);
int parse_boolean(const char *name, const char *s, const char *e);
#define simple_strtoull(s, end, base) \
    strtoull(s, (char **)(end), base)
int cmdline_strcmp(const char *frag, const char *name);

#include "asm-perfctr.h"

#endif /* EMUL_H */
