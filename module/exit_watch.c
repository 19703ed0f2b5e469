// SPDX-License-Identifier: GPL-2.0
/*
 * Learn of every task that exits, from the sched_process_exit trace event:
 * no other hook tells a module of one thread's end. The event is not exported
 * by name, but can be found among all of them.
 */
#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "context.h"

static struct tracepoint *gil_exit_event;

static void gil_exit_probe_1(void *data, struct task_struct *task)
{
	gil_task_exit(task);
}

static void gil_exit_probe_2(void *data, struct task_struct *task,
			     bool group_dead)
{
	gil_task_exit(task);
}

static void *const gil_exit_probe =
	GIL_EXIT_PROBE(gil_exit_probe_1, gil_exit_probe_2);

static void gil_match_exit_event(struct tracepoint *event, void *data)
{
	if (!strcmp(event->name, "sched_process_exit"))
		gil_exit_event = event;
}

int gil_exit_watch_start(void)
{
	for_each_kernel_tracepoint(gil_match_exit_event, NULL);
	if (!gil_exit_event) {
		pr_err("no sched_process_exit trace event in this kernel, so the death of an owner could not be seen\n");
		return -EOPNOTSUPP;
	}
	return tracepoint_probe_register(gil_exit_event, gil_exit_probe, NULL);
}

void gil_exit_watch_stop(void)
{
	tracepoint_probe_unregister(gil_exit_event, gil_exit_probe, NULL);
	tracepoint_synchronize_unregister();
}
