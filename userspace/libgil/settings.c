// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The calls that are plain ioctls: attach, statistics and settings. */
#include "handle.h"
#include "thread.h"

int gil_attach(gil_t *g, uint32_t *id)
{
	struct handle *h = gil_handle(g);
	int err = thread_attach(h);

	if (!err && id)
		*id = thread_slot(h)->id;
	return err;
}

int gil_lock_stats(gil_t *g, struct gil_lock_stats *stats)
{
	return handle_stats(gil_fd(g), GIL_IOC_LOCK_STATS, stats,
			    sizeof(*stats));
}

int gil_thread_stats(gil_t *g, struct gil_thread_stats *stats)
{
	struct handle *h = gil_handle(g);
	struct gil_attach report = { 0 };
	int err;

	err = thread_attach(h);
	if (err)
		return err;
	thread_take_counts(h, &report.fast_acquires, &report.fast_io_releases);
	err = handle_ioctl(h->fd, GIL_IOC_ATTACH, &report);
	if (err)
		return err;
	return handle_stats(h->fd, GIL_IOC_THREAD_STATS, stats, sizeof(*stats));
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
