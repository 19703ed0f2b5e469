// SPDX-License-Identifier: GPL-2.0
/*
 * The trace event format of Chrome, which Perfetto reads: for each lock a
 * process, with its owners and its threads as tracks, a counter of its waiters,
 * and arrows from owner to next owner; then the CPUs.
 *
 * Viewers need complete events (X) that do not overlap on a track, an arrow's
 * ends (s, f) inside slices, and process and thread numbers that mean one thing
 * each. At the first lock that a thread uses, its track has the thread's own
 * number; at other locks, a number that no thread can have.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "report.h"

/* The kernel's own limit: no thread has a number from here on. */
#define PID_LIMIT 4194304U
/* Processes and made-up threads get numbers beyond the limit. */
#define FIRST_PROCESS (PID_LIMIT + 1)
#define FIRST_CPU_TRACK (16 * PID_LIMIT)
#define FIRST_OWNER_TRACK (24 * PID_LIMIT)
#define FIRST_MADE_TRACK (32 * PID_LIMIT)

struct output {
	FILE *file;
	const struct report *report;
	uint32_t *tracks; /* by seat */
	bool some; /* written already, so that a comma is due */
};

static void put_text(FILE *file, const char *text)
{
	putc('"', file);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', file);
		putc(*text, file);
	}
	putc('"', file);
}

/* Microseconds, to the nanosecond. */
static void put_us(FILE *file, const char *name, uint64_t ns)
{
	fprintf(file, ",\"%s\":%" PRIu64 ".%03u", name, ns / 1000,
		(unsigned int)(ns % 1000));
}

static void begin(struct output *output, char phase, uint32_t process,
		  uint32_t track)
{
	fprintf(output->file, "%s{\"ph\":\"%c\",\"pid\":%" PRIu32
		",\"tid\":%" PRIu32, output->some ? ",\n" : "\n", phase,
		process, track);
	output->some = true;
}

static void put_name(struct output *output, const char *what, uint32_t process,
		     uint32_t track, const char *name)
{
	begin(output, 'M', process, track);
	fprintf(output->file, ",\"name\":\"%s\",\"args\":{\"name\":", what);
	put_text(output->file, name);
	fputs("}}", output->file);
}

static void put_order(struct output *output, const char *what, uint32_t process,
		      uint32_t track, uint32_t order)
{
	begin(output, 'M', process, track);
	fprintf(output->file,
		",\"name\":\"%s\",\"args\":{\"sort_index\":%" PRIu32 "}}", what,
		order);
}

static void begin_slice(struct output *output, uint32_t process, uint32_t track,
			uint64_t start, uint64_t end, const char *name)
{
	begin(output, 'X', process, track);
	put_us(output->file, "ts", start);
	put_us(output->file, "dur", end - start);
	fputs(",\"name\":", output->file);
	put_text(output->file, name);
}

static void put_slice(struct output *output, uint32_t process, uint32_t track,
		      uint64_t start, uint64_t end, const char *name)
{
	begin_slice(output, process, track, start, end, name);
	putc('}', output->file);
}

/* "hog-0 10583", as viewers write a thread. */
static const char *name_thread(char *text, size_t size,
			       const struct thread *thread)
{
	snprintf(text, size, "%s %" PRId32, thread->name, thread->tid);
	return text;
}

/* A thread number that is reused belongs to the first thread only. */
static void choose_tracks(struct output *output)
{
	const struct model *model = output->report->model;
	struct map taken = { 0 };

	output->tracks = xcalloc(model->seats.count, sizeof(uint32_t));
	for (uint32_t i = 0; i < model->seats.count; i++) {
		const struct seat *seat = model_seat(model, i);
		int32_t tid = model_thread(model, seat->thread)->tid;
		bool own = tid > 0 &&
			   map_get(&taken, (uint32_t)tid) == NONE;

		output->tracks[i] = own ? (uint32_t)tid : FIRST_MADE_TRACK + i;
		if (own)
			map_set(&taken, (uint32_t)tid, i);
	}
	map_free(&taken);
}

static uint32_t process_of(uint32_t lock)
{
	return FIRST_PROCESS + lock;
}

/* With the owners that it was behind, the longest first, in milliseconds. */
static void put_wait(struct output *output, uint32_t process, uint32_t track,
		     const struct holds *holds, const struct turn *turn,
		     const struct lane_span *span)
{
	const struct model *model = output->report->model;
	size_t seats = holds->lock->seats.count;
	struct blame *blames = xcalloc(seats, sizeof(*blames));
	struct array ranked = { 0 };

	blame_wait(blames, holds, turn, 0);
	blame_rank(&ranked, blames, holds->lock);
	begin_slice(output, process, track, span->start, span->end,
		    lane_state_name(span->state));
	fputs(",\"args\":{", output->file);
	for (size_t i = 0; i < ranked.count; i++) {
		const struct blame *blame = array_at(&ranked, struct blame, i);
		uint32_t thread = model_seat(model, blame->seat)->thread;
		char name[64];

		fputs(i ? "," : "", output->file);
		name_thread(name, sizeof(name), model_thread(model, thread));
		put_text(output->file, name);
		fprintf(output->file, ":%.6f", (double)blame->ns / 1e6);
	}
	fputs("}}", output->file);
	array_free(&ranked);
	free(blames);
}

static void put_seat(struct output *output, const struct holds *holds,
		     uint32_t index)
{
	const struct model *model = output->report->model;
	const struct seat *seat = model_seat(model, index);
	const struct thread *thread = model_thread(model, seat->thread);
	uint32_t process = process_of(seat->lock);
	uint32_t track = output->tracks[index], turn = seat->first;
	struct lane_span span;
	struct lane lane;
	char name[64];

	/* Viewers add the track's number, which may be the thread's own. */
	put_name(output, "thread_name", process, track,
		 track == (uint32_t)thread->tid ?
			 thread->name :
			 name_thread(name, sizeof(name), thread));
	put_order(output, "thread_sort_index", process, track, seat->index + 1);
	lane_begin(&lane, model, seat);
	while (lane_next(&lane, &span)) {
		while (turn != NONE &&
		       lock_turn(holds->lock, turn)->requested < span.start)
			turn = lock_turn(holds->lock, turn)->next;
		if (span.state == LANE_WAIT && turn != NONE &&
		    lock_turn(holds->lock, turn)->requested == span.start)
			put_wait(output, process, track, holds,
				 lock_turn(holds->lock, turn), &span);
		else if (span.state != LANE_ABSENT && span.state != LANE_IDLE)
			put_slice(output, process, track, span.start, span.end,
				  lane_state_name(span.state));
	}
}

/* Which thread has the lock, whatever it does meanwhile. */
static void put_owners(struct output *output, const struct holds *holds,
		       uint32_t index)
{
	const struct model *model = output->report->model;
	uint32_t process = process_of(index);
	uint32_t track = FIRST_OWNER_TRACK + index;
	uint64_t time = 0;

	put_name(output, "thread_name", process, track, "owner");
	put_order(output, "thread_sort_index", process, track, 0);
	for (size_t i = 0; i < holds->turns.count; i++) {
		const struct turn *turn = lock_turn(holds->lock,
			*array_at(&holds->turns, uint32_t, i));
		uint32_t thread = model_seat(model, turn->seat)->thread;
		/* Steps that were filled in may overlap. */
		uint64_t start = turn->granted > time ? turn->granted : time;
		uint64_t end = turn->released < model->end ? turn->released :
							     model->end;
		char name[64];

		if (start >= end)
			continue;
		begin_slice(output, process, track, start, end,
			    name_thread(name, sizeof(name),
					model_thread(model, thread)));
		fprintf(output->file,
			",\"args\":{\"waited (ms)\":%.6f,\"released\":\"%s\"}}",
			(double)(turn->granted - turn->requested) / 1e6,
			reason_name(turn->reason));
		time = end;
	}
}

static void put_waiters(struct output *output, uint32_t index)
{
	const struct lock *lock = model_lock(output->report->model, index);

	for (size_t i = 0; i < lock->waiters.count; i++) {
		const struct waiters *at =
			array_at(&lock->waiters, struct waiters, i);

		begin(output, 'C', process_of(index), 0);
		put_us(output->file, "ts", at->time);
		fprintf(output->file,
			",\"name\":\"waiters\",\"args\":{\"waiters\":%" PRIu32
			"}}", at->count);
	}
}

static void put_drops(struct output *output, uint32_t index)
{
	const struct lock *lock = model_lock(output->report->model, index);

	for (size_t i = 0; i < lock->drops.count; i++) {
		const struct drop *drop = array_at(&lock->drops, struct drop, i);

		begin(output, 'i', process_of(index),
		      output->tracks[drop->seat]);
		put_us(output->file, "ts", drop->time);
		fputs(",\"s\":\"t\",\"name\":\"drop request\"}", output->file);
	}
}

static void put_mark(struct output *output, uint32_t index,
		     const struct mark *mark)
{
	static const char *const names[] = {
		[MARK_DIED] = "owner died",
		[MARK_POLICY] = "policy",
		[MARK_BOUND] = "bound",
		[MARK_UNBOUND] = "unbound",
	};
	bool whole = mark->seat == NONE;
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", names[mark->kind],
		 *mark->name ? " " : "", mark->name);
	begin(output, 'i', process_of(index),
	      whole ? 0 : output->tracks[mark->seat]);
	put_us(output->file, "ts", mark->time);
	fprintf(output->file, ",\"s\":\"%c\",\"name\":", whole ? 'p' : 't');
	put_text(output->file, name);
	putc('}', output->file);
}

static void put_arrow_end(struct output *output, char phase, uint32_t seat,
			  uint64_t time, uint64_t number)
{
	const struct model *model = output->report->model;

	begin(output, phase, process_of(model_seat(model, seat)->lock),
	      output->tracks[seat]);
	put_us(output->file, "ts", time);
	fprintf(output->file,
		",\"id\":%" PRIu64 ",\"cat\":\"handoff\",\"name\":\"handoff\"%s}",
		number, phase == 'f' ? ",\"bp\":\"e\"" : "");
}

/* From the last instant of an owner's turn to the first of the next one's. */
static void put_arrow(struct output *output, const struct lock *lock,
		      const struct turn *turn, uint64_t *number)
{
	const struct turn *from;

	if (turn->from == NONE || turn->granted >= output->report->model->end)
		return;
	from = lock_turn(lock, turn->from);
	if (from->granted >= from->released || turn->granted >= turn->released)
		return;
	++*number;
	put_arrow_end(output, 's', from->seat, from->released - 1, *number);
	put_arrow_end(output, 'f', turn->seat, turn->granted, *number);
}

static void put_lock(struct output *output, uint32_t index, uint64_t *arrows)
{
	const struct model *model = output->report->model;
	const struct lock *lock = model_lock(model, index);
	struct holds holds;
	char name[64];

	holds_find(&holds, model, lock);
	snprintf(name, sizeof(name), "lock %" PRIu32, lock->nr);
	put_name(output, "process_name", process_of(index), 0, name);
	put_order(output, "process_sort_index", process_of(index), 0, index);
	for (size_t i = 0; i < lock->seats.count; i++)
		put_seat(output, &holds,
			 *array_at(&lock->seats, uint32_t, i));
	put_owners(output, &holds, index);
	holds_free(&holds);
	put_waiters(output, index);
	put_drops(output, index);
	for (size_t i = 0; i < lock->marks.count; i++)
		put_mark(output, index,
			 array_at(&lock->marks, struct mark, i));
	for (uint32_t i = 0; i < lock->turns.count; i++)
		put_arrow(output, lock, lock_turn(lock, i), arrows);
}

static void put_cpu(struct output *output, uint32_t process, uint32_t index)
{
	const struct model *model = output->report->model;
	const struct cpu *cpu = array_at(&model->cpus, struct cpu, index);
	uint32_t track = FIRST_CPU_TRACK + index;
	char name[64];

	snprintf(name, sizeof(name), "CPU %" PRIu32, index);
	put_name(output, "thread_name", process, track, name);
	put_order(output, "thread_sort_index", process, track, index);
	for (size_t i = 0; i < cpu->spans.count; i++) {
		const struct cpu_span *span =
			array_at(&cpu->spans, struct cpu_span, i);
		uint64_t end = i + 1 < cpu->spans.count ? span[1].start :
							  model->end;
		const struct thread *thread;

		if (span->thread == CPU_IDLE || span->start >= end)
			continue;
		if (span->thread == CPU_UNKNOWN) {
			put_slice(output, process, track, span->start, end,
				  "unknown: events lost");
			continue;
		}
		thread = model_thread(model, span->thread);
		put_slice(output, process, track, span->start, end,
			  name_thread(name, sizeof(name), thread));
	}
}

int perfetto_write(const struct report *report, FILE *file)
{
	const struct model *model = report->model;
	uint32_t locks = (uint32_t)model->locks.count;
	struct output output = { .file = file, .report = report };
	uint64_t arrows = 0;

	choose_tracks(&output);
	fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"made_by\":\"gilreport\",\"trace\":",
	      file);
	put_text(file, report->trace);
	fputs("},\"traceEvents\":[", file);
	for (uint32_t i = 0; i < locks; i++)
		put_lock(&output, i, &arrows);
	put_name(&output, "process_name", process_of(locks), 0, "CPUs");
	put_order(&output, "process_sort_index", process_of(locks), 0, locks);
	for (uint32_t i = 0; i < model->cpus.count; i++)
		put_cpu(&output, process_of(locks), i);
	fputs("\n]}\n", file);
	free(output.tracks);
	return 0;
}
