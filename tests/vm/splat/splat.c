// SPDX-License-Identifier: GPL-2.0
/*
 * Loading this module makes the kernel print a warning with a backtrace:
 * a harness that calls such a guest healthy is broken.
 */

#include <linux/bug.h>
#include <linux/init.h>
#include <linux/module.h>

static int __init splat_init(void)
{
	WARN(1, "splat: this is a test of the harness\n");
	return 0;
}
module_init(splat_init);

static void __exit splat_exit(void)
{
}
module_exit(splat_exit);

MODULE_DESCRIPTION("A warning on purpose, to test the guest's harness");
MODULE_LICENSE("GPL");
