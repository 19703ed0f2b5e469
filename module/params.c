// SPDX-License-Identifier: GPL-2.0
/*
 * The module's parameters: what new locks start with, and what users may do.
 */
#include <linux/module.h>
#include <linux/stat.h>
#include <linux/string.h>

#include <linux/gil.h>
#include "params.h"
#include "policy.h"

static int gil_set_interval_us(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp,
				     GIL_INTERVAL_MIN_NS / NSEC_PER_USEC,
				     GIL_INTERVAL_MAX_NS / NSEC_PER_USEC);
}

static const struct kernel_param_ops gil_interval_us_ops = {
	.set = gil_set_interval_us,
	.get = param_get_uint,
};

static unsigned int interval_us = GIL_INTERVAL_DEFAULT_NS / NSEC_PER_USEC;
module_param_cb(interval_us, &gil_interval_us_ops, &interval_us, 0644);
MODULE_PARM_DESC(interval_us, "Switch interval of new locks, us, 1 to 10000000 (default 5000)");

static int gil_set_grace_us(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0,
				     GIL_GRACE_MAX_NS / NSEC_PER_USEC);
}

static const struct kernel_param_ops gil_grace_us_ops = {
	.set = gil_set_grace_us,
	.get = param_get_uint,
};

static unsigned int grace_us = GIL_GRACE_DEFAULT_NS / NSEC_PER_USEC;
module_param_cb(grace_us, &gil_grace_us_ops, &grace_us, 0644);
MODULE_PARM_DESC(grace_us, "Grace of lazy releases of new locks, us, 0 to 1000000 (default 50)");

static char policy[GIL_NAME_MAX] = "fifo";
module_param_string(policy, policy, sizeof(policy), 0444);
MODULE_PARM_DESC(policy, "Policy of new locks (default fifo)");

static ushort mode = 0666;
module_param(mode, ushort, 0444);
MODULE_PARM_DESC(mode, "Permissions of /dev/gil (default 0666: everybody may contend)");

static char level[sizeof("enforced")] = "enforced";
module_param_string(level, level, sizeof(level), 0444);
MODULE_PARM_DESC(level, "Highest level that threads may be bound to: manual, auto-io, enforced (default enforced)");

static const char *const gil_levels[] = {
	[GIL_LEVEL_MANUAL] = "manual",
	[GIL_LEVEL_AUTO_IO] = "auto-io",
	[GIL_LEVEL_ENFORCED] = "enforced",
};

const struct gil_policy_ops *gil_default_policy(void)
{
	return gil_policy_get(policy);
}

u64 gil_default_interval_ns(void)
{
	return (u64)READ_ONCE(interval_us) * NSEC_PER_USEC;
}

u64 gil_default_grace_ns(void)
{
	return (u64)READ_ONCE(grace_us) * NSEC_PER_USEC;
}

int __init gil_params_check(void)
{
	const struct gil_policy_ops *ops = gil_default_policy();

	if (!ops) {
		pr_err("policy=%s: no such policy; there are: fifo, cpython, io_first, fair\n",
		       policy);
		return -ENOENT;
	}
	gil_policy_put(ops);
	if (match_string(gil_levels, ARRAY_SIZE(gil_levels), level) < 0) {
		pr_err("level=%s: no such level; there are: manual, auto-io, enforced\n",
		       level);
		return -EINVAL;
	}
	if (!mode || mode & ~0777) {
		pr_err("mode=%#o: not permission bits, 1 to 0777\n", mode);
		return -EINVAL;
	}
	return 0;
}

umode_t gil_param_mode(void)
{
	return mode;
}

enum gil_level gil_param_level(void)
{
	return match_string(gil_levels, ARRAY_SIZE(gil_levels), level);
}
