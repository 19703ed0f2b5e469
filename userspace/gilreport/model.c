// SPDX-License-Identifier: GPL-2.0
/* The threads, CPUs and lost events of a recording, and safe text. */
#include <stdlib.h>
#include <string.h>

#include "args/wash.h"
#include "model.h"

const char *reason_name(enum reason reason)
{
	static const char *const names[] = {
		[REASON_EXPLICIT] = "explicit", [REASON_YIELD] = "yield",
		[REASON_IO] = "io",		[REASON_INTERVAL] = "interval",
		[REASON_EXIT] = "exit",		[REASON_CANCEL] = "cancel",
		[REASON_NONE] = "",
	};

	return reason <= REASON_NONE ? names[reason] : "unknown";
}

void model_wash(char *to, size_t room, const char *text)
{
	unsigned char *c = (unsigned char *)wash_utf8(to, room, text);

	for (; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] < 0xa0)
			memcpy(c, "??", 2);
}

void model_init(struct model *model)
{
	*model = (struct model){ .start = NEVER };
}

void model_free(struct model *model)
{
	for (size_t i = 0; i < model->threads.count; i++)
		array_free(&model_thread(model, (uint32_t)i)->spans);
	for (size_t i = 0; i < model->cpus.count; i++)
		array_free(&array_at(&model->cpus, struct cpu, i)->spans);
	for (size_t i = 0; i < model->locks.count; i++) {
		struct lock *lock = model_lock(model, i);

		array_free(&lock->turns);
		array_free(&lock->seats);
		array_free(&lock->waiters);
		array_free(&lock->drops);
		array_free(&lock->marks);
		array_free(&lock->patience);
	}
	array_free(&model->threads);
	array_free(&model->cpus);
	array_free(&model->locks);
	array_free(&model->seats);
	array_free(&model->gaps);
	map_free(&model->by_tid);
	map_free(&model->by_lock);
	map_free(&model->by_seat);
}

uint32_t model_find_thread(struct model *model, int32_t tid)
{
	uint32_t index = map_get(&model->by_tid, (uint32_t)tid);
	struct thread *thread;

	if (index != NONE)
		return index;
	index = (uint32_t)model->threads.count;
	thread = array_push(&model->threads, sizeof(*thread));
	thread->tid = tid;
	thread->seats = NONE;
	map_set(&model->by_tid, (uint32_t)tid, index);
	return index;
}

static struct cpu *find_cpu(struct model *model, uint32_t cpu)
{
	while (model->cpus.count <= cpu)
		array_push(&model->cpus, sizeof(struct cpu));
	return array_at(&model->cpus, struct cpu, cpu);
}

/* Who ran there in between, and until when, is not known. */
static void lose(struct model *model, uint64_t time, uint32_t index,
		 uint64_t count)
{
	struct cpu *cpu = find_cpu(model, index);
	struct gap *gap = array_push(&model->gaps, sizeof(*gap));
	struct cpu_span *span;

	*gap = (struct gap){
		.start = cpu->last_ns ? cpu->last_ns : time,
		.end = time,
		.count = count,
		.cpu = index,
	};
	if (!cpu->spans.count)
		return;
	span = array_push(&cpu->spans, sizeof(*span));
	*span = (struct cpu_span){ .start = gap->start, .thread = CPU_UNKNOWN };
}

void model_event(struct model *model, uint64_t time, uint32_t cpu,
		 int64_t missed)
{
	if (missed)
		lose(model, time, cpu, missed > 0 ? (uint64_t)missed : 0);
	if (time < model->start)
		model->start = time;
	if (time > model->end)
		model->end = time;
	find_cpu(model, cpu)->last_ns = time;
	model->events++;
}
