/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registry of policies.
 */
#ifndef GIL_POLICY_REGISTRY_H
#define GIL_POLICY_REGISTRY_H

#include <gil_policy.h>

/*
 * The policy of that name, or NULL. Its module stays loaded until
 * gil_policy_put(). gil_policy_get() may sleep, the other two do not.
 */
const struct gil_policy_ops *gil_policy_get(const char *name);
void gil_policy_hold(const struct gil_policy_ops *ops);
void gil_policy_put(const struct gil_policy_ops *ops);

/* Register gil.ko's own policies. */
int gil_policies_init(void);

#endif /* GIL_POLICY_REGISTRY_H */
