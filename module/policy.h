/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GIL_POLICY_REGISTRY_H
#define GIL_POLICY_REGISTRY_H

#include <gil_policy.h>

/*
 * The policy of that name, which its module keeps until gil_policy_put(), or
 * NULL. gil_policy_get() may sleep, gil_policy_put() not.
 */
const struct gil_policy_ops *gil_policy_get(const char *name);
void gil_policy_hold(const struct gil_policy_ops *ops);
void gil_policy_put(const struct gil_policy_ops *ops);

/* gil.ko's own, from the start. */
int gil_policies_init(void);

#endif /* GIL_POLICY_REGISTRY_H */
