// SPDX-License-Identifier: GPL-2.0
/* A module that breaks the guest in the way that the parameter says. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/reboot.h>
#include <linux/spinlock.h>

static char *how = "";
module_param(how, charp, 0444);

static DEFINE_SPINLOCK(leaked);
static DECLARE_COMPLETION(never);

static bool is(const char *name)
{
	return !strcmp(how, name);
}

static long crashes_ioctl(struct file *file, unsigned int request,
			  unsigned long argument)
{
	if (is("panic"))
		panic("asked for");
	if (is("irqs-off")) {
		local_irq_disable();
		for (;;)
			cpu_relax();
	}
	if (is("oops"))
		return *(volatile int *)8;
	WARN_ON(is("warning"));
	if (is("leaked-lock"))
		spin_lock(&leaked);
	if (is("rmmod-refused"))
		__module_get(THIS_MODULE);
	if (is("power-off"))
		kernel_power_off();
	return 0;
}

static const struct file_operations crashes_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = crashes_ioctl,
};

static struct miscdevice crashes = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gil",
	.fops = &crashes_fops,
};

static int __init crashes_init(void)
{
	return misc_register(&crashes);
}

static void __exit crashes_exit(void)
{
	if (is("rmmod-hangs"))
		wait_for_completion(&never);
	misc_deregister(&crashes);
}

module_init(crashes_init);
module_exit(crashes_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Breaks the guest");
