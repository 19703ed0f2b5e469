// SPDX-License-Identifier: GPL-2.0
/*
 * Learn of every task that is born, executes a program, or exits.
 *
 * This uses the scheduler's trace events, because no other hook tells a module
 * of the end of one thread. The events are not exported by name, so look for
 * them among all trace events. What this relies on: a fork is seen before the
 * child runs, an exec before a tracer is told of it, and an exit after the exit
 * code has been set.
 */
#include <linux/binfmts.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "bind.h"
#include "compat.h"
#include "context.h"
#include "init.h"

typedef void gil_fork_probe_t(void *data, struct task_struct *parent,
			      struct task_struct *child);
typedef void gil_exec_probe_t(void *data, struct task_struct *task,
			      pid_t old_pid, struct linux_binprm *bprm);
typedef void gil_exit_probe_1_t(void *data, struct task_struct *task);
typedef void gil_exit_probe_2_t(void *data, struct task_struct *task,
				bool group_dead);

static void gil_fork_probe(void *data, struct task_struct *parent,
			   struct task_struct *child)
{
	gil_bind_fork(child);
}

static void gil_exec_probe(void *data, struct task_struct *task,
			   pid_t old_pid, struct linux_binprm *bprm)
{
	/* Other users of the lock must not decide when such a program runs. */
	if (bprm->secureexec)
		gil_bind_exec_privileged();
}

static void gil_exit_probe_1(void *data, struct task_struct *task)
{
	gil_task_exit(task);
}

static void gil_exit_probe_2(void *data, struct task_struct *task,
			     bool group_dead)
{
	gil_task_exit(task);
}

static struct gil_watch {
	const char *name;
	void *probe;
	struct tracepoint *event;
} gil_watches[] = {
	{
		.name = "sched_process_exit",
		.probe = GIL_EXIT_PROBE(gil_exit_probe_1_t, gil_exit_probe_1,
					gil_exit_probe_2_t, gil_exit_probe_2),
	}, {
		.name = "sched_process_exec",
		.probe = GIL_PROBE(sched_process_exec, gil_exec_probe_t,
				   gil_exec_probe),
	}, {
		.name = "sched_process_fork",
		.probe = GIL_PROBE(sched_process_fork, gil_fork_probe_t,
				   gil_fork_probe),
	},
};

static void gil_match_event(struct tracepoint *event, void *data)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gil_watches); i++)
		if (!strcmp(event->name, gil_watches[i].name))
			gil_watches[i].event = event;
}

/* Stop the first @n watches. */
static void gil_watch_stop(size_t n)
{
	while (n--)
		tracepoint_probe_unregister(gil_watches[n].event,
					    gil_watches[n].probe, NULL);
	tracepoint_synchronize_unregister();
}

int gil_task_watch_start(void)
{
	int ret = 0;
	size_t i;

	for_each_kernel_tracepoint(gil_match_event, NULL);
	for (i = 0; i < ARRAY_SIZE(gil_watches); i++) {
		struct gil_watch *watch = &gil_watches[i];

		if (!watch->event) {
			pr_err("this kernel has no trace event %s, without which gil.ko cannot follow tasks\n",
			       watch->name);
			ret = -EOPNOTSUPP;
			break;
		}
		ret = tracepoint_probe_register(watch->event, watch->probe,
						NULL);
		if (ret)
			break;
	}
	if (ret)
		gil_watch_stop(i);
	return ret;
}

void gil_task_watch_stop(void)
{
	gil_watch_stop(ARRAY_SIZE(gil_watches));
}
