// SPDX-License-Identifier: GPL-2.0
/*
 * sched_yield() of a bound owner hands the lock on if somebody waits.
 *
 * A program that polls and yields says that it cannot go on before another
 * thread has run. That thread may wait for the lock. The scheduler does not
 * tell of a yield that switches to nobody, so a kprobe on the system call
 * does. Because the probe costs every caller of sched_yield() on the machine
 * a little, it is there only while a thread is bound, and for a moment after.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "blocking.h"
#include "context.h"
#include "yield.h"

#ifdef CONFIG_KPROBES

/* Programs come and go. Do not patch the kernel's code for each of them. */
#define GIL_YIELD_LINGER	(60 * HZ)

/*
 * Where the kprobe is a breakpoint, this runs like an NMI. So it takes no lock,
 * and lockdep would complain about one.
 */
static int gil_yield_probe(struct kprobe *probe, struct pt_regs *regs)
{
	struct gil_ctx *bound = gil_ctx_find_bound();

	if (bound)
		gil_gives_way(bound);
	return 0;
}

/* The entries of the system call, by their names on the machines that bind. */
static struct kprobe gil_yield_probes[] = {
	{
		.symbol_name = "__x64_sys_sched_yield",
		.pre_handler = gil_yield_probe,
	}, {
		.symbol_name = "__ia32_sys_sched_yield",
		.pre_handler = gil_yield_probe,
	}, {
		.symbol_name = "__arm64_sys_sched_yield",
		.pre_handler = gil_yield_probe,
	}, {
		.symbol_name = "sys_sched_yield",
		.pre_handler = gil_yield_probe,
	},
};

/* Protects the rest. */
static DEFINE_MUTEX(gil_yield_mutex);
static bool gil_yield_watched;
static bool gil_yield_told;
static bool gil_yield_set[ARRAY_SIZE(gil_yield_probes)];

static atomic_t gil_yield_users;

/* Two names of one function need one probe. */
static bool gil_yield_is_double(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (gil_yield_set[i] &&
		    gil_yield_probes[i].addr == gil_yield_probes[n].addr) {
			unregister_kprobe(&gil_yield_probes[n]);
			return true;
		}
	return false;
}

static void gil_yield_start(void)
{
	bool any = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gil_yield_probes); i++) {
		struct kprobe *probe = &gil_yield_probes[i];

		/* What a kprobe found out is not for the next registration. */
		probe->addr = NULL;
		probe->flags = 0;
		gil_yield_set[i] = !register_kprobe(probe) &&
				   !gil_yield_is_double(i);
		any |= gil_yield_set[i];
	}
	gil_yield_watched = true;
	if (!any && !gil_yield_told) {
		pr_warn("sched_yield() does not hand a lock on: this kernel allows no kprobe on it\n");
		gil_yield_told = true;
	}
}

static void gil_yield_stop(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gil_yield_probes); i++)
		if (gil_yield_set[i])
			unregister_kprobe(&gil_yield_probes[i]);
	gil_yield_watched = false;
}

static void gil_yield_idle(struct work_struct *work)
{
	mutex_lock(&gil_yield_mutex);
	if (gil_yield_watched && !atomic_read(&gil_yield_users))
		gil_yield_stop();
	mutex_unlock(&gil_yield_mutex);
}

static DECLARE_DELAYED_WORK(gil_yield_work, gil_yield_idle);

void gil_yield_watch(void)
{
	/* Before looking: the work, under the mutex, sees one or the other. */
	atomic_inc(&gil_yield_users);
	mutex_lock(&gil_yield_mutex);
	if (!gil_yield_watched)
		gil_yield_start();
	mutex_unlock(&gil_yield_mutex);
}

void gil_yield_unwatch(void)
{
	if (atomic_dec_and_test(&gil_yield_users))
		mod_delayed_work(system_wq, &gil_yield_work, GIL_YIELD_LINGER);
}

void gil_yield_cleanup(void)
{
	cancel_delayed_work_sync(&gil_yield_work);
	gil_yield_idle(NULL);
}

#else

void gil_yield_watch(void)
{
	pr_warn_once("sched_yield() does not hand a lock on: this kernel has no kprobes\n");
}

void gil_yield_unwatch(void) { }
void gil_yield_cleanup(void) { }

#endif
