// SPDX-License-Identifier: GPL-2.0
/* The threads, CPUs and lost events of a recording, and safe names. */
#include <stdlib.h>
#include <string.h>

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

/* The length of a UTF-8 sequence that is whole, well-formed and shown; or 0. */
static size_t sequence(const unsigned char *s, size_t room)
{
	size_t length = *s < 0x80 ? 1 :
			*s >= 0xc2 && *s < 0xe0 ? 2 :
			*s >= 0xe0 && *s < 0xf0 ? 3 :
			*s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	if (!length || length > room || *s < ' ' || *s == 0x7f)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong, surrogates, past the last code point; C1 controls. */
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f) ||
	    (*s == 0xc2 && s[1] < 0xa0))
		return 0;
	return length;
}

void model_wash(char *to, size_t room, const char *text)
{
	size_t size = strnlen(text, room - 1);

	for (size_t i = 0; i < size;) {
		size_t length = sequence((const unsigned char *)text + i,
					 size - i);

		if (length)
			memcpy(to + i, text + i, length);
		else
			to[i] = '?';
		i += length ? length : 1;
	}
	to[size] = '\0';
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
