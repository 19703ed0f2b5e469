/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's parameters.
 */
#ifndef GIL_PARAMS_H
#define GIL_PARAMS_H

#include <linux/types.h>

struct gil_policy_ops;

/* The levels of use, as parameter level names them. */
enum gil_level {
	GIL_LEVEL_MANUAL,
	GIL_LEVEL_AUTO_IO,
	GIL_LEVEL_ENFORCED,
};

/* Say in the log what is wrong with a parameter. EINVAL, ENOENT. */
int gil_params_check(void);

/* What a new lock starts with. The caller puts the policy. */
const struct gil_policy_ops *gil_default_policy(void);
u64 gil_default_interval_ns(void);
u64 gil_default_grace_ns(void);

umode_t gil_param_mode(void);
enum gil_level gil_param_level(void);

#endif /* GIL_PARAMS_H */
