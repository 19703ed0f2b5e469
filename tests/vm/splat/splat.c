// SPDX-License-Identifier: GPL-2.0
/*
 * Loading this module makes the kernel complain: a harness that calls such a
 * guest healthy is broken. The parameter kind says of what; all but the
 * warning need the kernel's debugging aids.
 */

#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *kind = "warning";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "warning, lockdep, sleep, kasan or leak");

static DEFINE_SPINLOCK(lock_a);
static DEFINE_SPINLOCK(lock_b);

/* Both orders, one after the other: nothing hangs, only lockdep can tell. */
static void splat_lockdep(void)
{
	spin_lock(&lock_a);
	spin_lock(&lock_b);
	spin_unlock(&lock_b);
	spin_unlock(&lock_a);
	spin_lock(&lock_b);
	spin_lock(&lock_a);
	spin_unlock(&lock_a);
	spin_unlock(&lock_b);
}

static void splat_sleep(void)
{
	spin_lock(&lock_a);
	might_sleep();
	spin_unlock(&lock_a);
}

static void splat_kasan(void)
{
	char *freed = kmalloc(64, GFP_KERNEL);

	kfree(freed);
	OPTIMIZER_HIDE_VAR(freed);
	READ_ONCE(freed[1]);
}

static void splat_leak(void)
{
	char *lost = kmalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(lost);
}

static int __init splat_init(void)
{
	if (!strcmp(kind, "warning"))
		WARN(1, "splat: this is a test of the harness\n");
	else if (!strcmp(kind, "lockdep"))
		splat_lockdep();
	else if (!strcmp(kind, "sleep"))
		splat_sleep();
	else if (!strcmp(kind, "kasan"))
		splat_kasan();
	else if (!strcmp(kind, "leak"))
		splat_leak();
	else
		return -EINVAL;
	return 0;
}
module_init(splat_init);

static void __exit splat_exit(void)
{
}
module_exit(splat_exit);

MODULE_DESCRIPTION("Complaints on purpose, to test the guest's harness");
MODULE_LICENSE("GPL");
