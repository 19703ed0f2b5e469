// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>

#include "policy.h"

static const struct gil_policy_ops *const gil_policies[] = {
	&gil_policy_fifo,
};

const struct gil_policy_ops *gil_policy_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gil_policies); i++)
		if (!strcmp(gil_policies[i]->name, name))
			return gil_policies[i];
	return NULL;
}
