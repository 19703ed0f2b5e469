// SPDX-License-Identifier: GPL-2.0
/* The scheduler's events: when threads run, and what CPUs run. */
#include <string.h>

#include "model.h"

/* Bits of sched_switch's prev_state, as its format file prints them. */
#define STATE_ASLEEP 0xffU /* whatever is not "R" */
#define STATE_DEAD 0x30U /* "X", "Z" */

static void set_name(struct thread *thread, const char *name)
{
	if (!thread->named_by_gil && *name)
		model_wash(thread->name, NAME_SIZE, name);
}

static void set_state(struct thread *thread, uint64_t time,
		      enum sched_state state, uint32_t cpu)
{
	struct sched_span *span;

	if (state == SCHED_BLOCKED)
		thread->blocked_ns = time;
	if (state == SCHED_RUNNING)
		thread->resumed_ns = time;
	if (thread->spans.count) {
		span = array_at(&thread->spans, struct sched_span,
				thread->spans.count - 1);
		if (span->state == state && span->cpu == cpu)
			return;
	}
	span = array_push(&thread->spans, sizeof(*span));
	*span = (struct sched_span){
		.start = time,
		.cpu = cpu,
		.state = state,
	};
}

static enum sched_state last_state(const struct thread *thread)
{
	const struct sched_span *last;

	if (!thread->spans.count)
		return SCHED_UNKNOWN;
	last = array_at(&thread->spans, struct sched_span,
			thread->spans.count - 1);
	return last->state;
}

static void forget_thread(struct model *model, uint64_t time, uint32_t index)
{
	struct thread *thread = model_thread(model, index);

	model_leave(model, time, index);
	set_state(thread, time, SCHED_DEAD, 0);
	map_set(&model->by_tid, (uint32_t)thread->tid, NONE);
}

static void switch_out(struct model *model, uint64_t time, int32_t tid,
		       const char *name, uint64_t prev_state)
{
	uint32_t index = model_find_thread(model, tid);
	struct thread *thread = model_thread(model, index);

	set_name(thread, name);
	if (prev_state & STATE_DEAD)
		forget_thread(model, time, index);
	else if (prev_state & STATE_ASLEEP)
		set_state(thread, time, SCHED_BLOCKED, 0);
	else
		set_state(thread, time, SCHED_READY, 0);
}

/* Returns whom the CPU runs now. */
static uint32_t switch_in(struct model *model, uint64_t time, uint32_t cpu,
			  int32_t tid, const char *name)
{
	uint32_t index = model_find_thread(model, tid);
	struct thread *thread = model_thread(model, index);

	set_name(thread, name);
	set_state(thread, time, SCHED_RUNNING, cpu);
	return index;
}

void model_switch(struct model *model, uint64_t time, uint32_t cpu,
		  int32_t prev_tid, const char *prev_name, uint64_t prev_state,
		  int32_t next_tid, const char *next_name)
{
	struct cpu_span *span;
	uint32_t runs = CPU_IDLE;

	model->sched_events++;
	/* Number 0 is each CPU's idle task. */
	if (prev_tid)
		switch_out(model, time, prev_tid, prev_name, prev_state);
	if (next_tid)
		runs = switch_in(model, time, cpu, next_tid, next_name);
	span = array_push(&array_at(&model->cpus, struct cpu, cpu)->spans,
			  sizeof(*span));
	*span = (struct cpu_span){ .start = time, .thread = runs };
}

/* One that has not gone off its CPU yet goes on running. */
void model_wakeup(struct model *model, uint64_t time, int32_t tid,
		  const char *name)
{
	struct thread *thread =
		model_thread(model, model_find_thread(model, tid));

	model->sched_events++;
	set_name(thread, name);
	if (last_state(thread) == SCHED_BLOCKED || !thread->spans.count)
		set_state(thread, time, SCHED_READY, 0);
}
