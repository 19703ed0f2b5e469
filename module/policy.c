// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of policies.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include <linux/gil.h>
#include "policies.h"
#include "policy.h"

static LIST_HEAD(gil_policies);
/* Protects gil_policies. */
static DEFINE_MUTEX(gil_policies_mutex);

static struct gil_policy_ops *gil_policy_find(const char *name)
{
	struct gil_policy_ops *ops;

	lockdep_assert_held(&gil_policies_mutex);

	list_for_each_entry(ops, &gil_policies, node)
		if (!strcmp(ops->name, name))
			return ops;
	return NULL;
}

static int gil_policy_add(struct gil_policy_ops *ops)
{
	int ret = 0;

	mutex_lock(&gil_policies_mutex);
	if (gil_policy_find(ops->name))
		ret = -EEXIST;
	else
		list_add_tail(&ops->node, &gil_policies);
	mutex_unlock(&gil_policies_mutex);
	return ret;
}

int gil_policy_register(struct gil_policy_ops *ops)
{
	if (!ops->name || !*ops->name || strlen(ops->name) >= GIL_NAME_MAX)
		return -EINVAL;
	if (!ops->enqueue || !ops->dequeue || !ops->pick || !ops->patience)
		return -EINVAL;
	/* Otherwise it could be unloaded while locks use it. */
	if (!ops->owner)
		return -EINVAL;
	return gil_policy_add(ops);
}
EXPORT_SYMBOL_GPL(gil_policy_register);

void gil_policy_unregister(struct gil_policy_ops *ops)
{
	mutex_lock(&gil_policies_mutex);
	list_del(&ops->node);
	mutex_unlock(&gil_policies_mutex);
}
EXPORT_SYMBOL_GPL(gil_policy_unregister);

const struct gil_policy_ops *gil_policy_get(const char *name)
{
	struct gil_policy_ops *ops;

	mutex_lock(&gil_policies_mutex);
	ops = gil_policy_find(name);
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	mutex_unlock(&gil_policies_mutex);
	return ops;
}

void gil_policy_hold(const struct gil_policy_ops *ops)
{
	__module_get(ops->owner);
}

void gil_policy_put(const struct gil_policy_ops *ops)
{
	module_put(ops->owner);
}

/* gil.ko's own have no owner, because a lock must not keep gil.ko loaded. */
int gil_policies_init(void)
{
	struct gil_policy_ops *const own[] = {
		&gil_policy_fifo, &gil_policy_cpython,
		&gil_policy_io_first, &gil_policy_fair,
	};
	int ret = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own) && !ret; i++)
		ret = gil_policy_add(own[i]);
	return ret;
}
