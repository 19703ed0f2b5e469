// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The calls that are plain ioctls: attach, statistics and settings. */
#include "handle.h"
#include "thread.h"

int gil_attach(gil_t *g, uint32_t *id)
{
	int err = thread_attach(g);

	if (!err && id)
		*id = thread_slot(g)->id;
	return err;
}

int gil_lock_stats(gil_t *g, struct gil_lock_stats *stats)
{
	return handle_stats(gil_fd(g), GIL_IOC_LOCK_STATS, stats,
			    sizeof(*stats));
}

int gil_thread_stats(gil_t *g, struct gil_thread_stats *stats)
{
	int err = thread_attach(g);

	if (err)
		return err;
	thread_report(g);
	return handle_stats(gil_fd(g), GIL_IOC_THREAD_STATS, stats,
			    sizeof(*stats));
}

int gil_get_interval(gil_t *g, uint64_t *interval_ns)
{
	return handle_ioctl(gil_fd(g), GIL_IOC_GET_INTERVAL, interval_ns);
}

int gil_set_interval(gil_t *g, uint64_t interval_ns)
{
	return handle_ioctl(gil_fd(g), GIL_IOC_SET_INTERVAL, &interval_ns);
}

int gil_get_grace(gil_t *g, uint64_t *grace_ns)
{
	return handle_ioctl(gil_fd(g), GIL_IOC_GET_GRACE, grace_ns);
}

int gil_set_grace(gil_t *g, uint64_t grace_ns)
{
	return handle_ioctl(gil_fd(g), GIL_IOC_SET_GRACE, &grace_ns);
}

int gil_get_policy(gil_t *g, struct gil_policy *policy)
{
	return handle_ioctl(gil_fd(g), GIL_IOC_GET_POLICY, policy);
}

int gil_set_policy(gil_t *g, const char *name)
{
	struct gil_policy policy = { "" };

	policy_name(policy.name, name);
	return handle_ioctl(gil_fd(g), GIL_IOC_SET_POLICY, &policy);
}
