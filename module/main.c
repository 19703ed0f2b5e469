// SPDX-License-Identifier: GPL-2.0
/*
 * gil.ko: load and unload, in order.
 */
#include <linux/module.h>

#include "bind.h"
#include "context.h"
#include "init.h"
#include "params.h"
#include "policy.h"

static int __init gil_init(void)
{
	int ret;

	ret = gil_policies_init();
	if (ret)
		return ret;
	ret = gil_params_check();
	if (ret)
		return ret;
	gil_bind_init(gil_param_level());
	ret = gil_contexts_init();
	if (ret)
		return ret;
	ret = gil_task_watch_start();
	if (ret)
		goto err_contexts;
	ret = gil_chardev_init(gil_param_mode());
	if (ret)
		goto err_task_watch;
	gil_debugfs_init();
	return 0;

err_task_watch:
	gil_task_watch_stop();
err_contexts:
	gil_contexts_drain();
	gil_contexts_exit();
	return ret;
}

static void __exit gil_exit(void)
{
	gil_debugfs_exit();
	gil_chardev_exit();
	gil_task_watch_stop();
	gil_contexts_drain();
	/* It takes the probe away that looks contexts up. */
	gil_bind_cleanup();
	gil_contexts_exit();
}

module_init(gil_init);
module_exit(gil_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The /dev/gil authors");
MODULE_DESCRIPTION("A global interpreter lock as a kernel object");
MODULE_VERSION(GIL_VERSION);
