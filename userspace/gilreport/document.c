// SPDX-License-Identifier: GPL-2.0
/* The report as JSON, for --json and for the page. */
#include <stdlib.h>
#include <string.h>

#include "args/json.h"
#include "packed.h"
#include "report.h"

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *times_json(const struct times *times)
{
	json_t *buckets = json_array();

	for (unsigned int i = 0; i < BUCKETS; i++)
		json_array_append_new(buckets, value_count(times->buckets[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}",
			 "count", (json_int_t)times->count,
			 "total_ns", (json_int_t)times->total,
			 "p50_ns", (json_int_t)times->p50,
			 "p99_ns", (json_int_t)times->p99,
			 "max_ns", (json_int_t)times->max,
			 "log2_ns", buckets);
}

static json_t *states_json(const struct seat_figures *figures)
{
	json_t *states = json_object();

	for (unsigned int i = 0; i < LANE_STATES; i++)
		json_object_set_new(states, lane_state_name(i),
				    value_count(figures->state_ns[i]));
	return states;
}

static json_t *blames_json(const struct model *model,
			   const struct blame *blames, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct seat *seat = model_seat(model, blames[i].seat);
		const struct thread *thread = model_thread(model, seat->thread);

		json_array_append_new(list,
				      json_pack("{s:i, s:i, s:s, s:I}",
						"thread", (int)seat->index,
						"tid", (int)thread->tid,
						"name", thread->name,
						"ns", (json_int_t)blames[i].ns));
	}
	return list;
}

static json_t *convoy_json(const struct report *report,
			   const struct convoy *convoy)
{
	size_t kept = convoy->blamed_count < CONVOY_BLAMED_MAX ?
		      convoy->blamed_count : CONVOY_BLAMED_MAX;

	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:i, s:o}",
			 "is_one", convoy_is_one(convoy),
			 "came_back", (json_int_t)convoy->came_back,
			 "waits", (json_int_t)convoy->waits,
			 "wait_ns", (json_int_t)convoy->wait_ns,
			 "longest_ns", (json_int_t)convoy->longest_ns,
			 "blamed_count", (int)convoy->blamed_count,
			 "blamed", blames_json(report->model, convoy->blamed,
					       kept));
}

static json_t *seat_json(const struct report *report,
			 const struct seat_figures *figures)
{
	const struct seat *seat = model_seat(report->model, figures->seat);
	const struct thread *thread = model_thread(report->model, seat->thread);
	static const char form[] =
		"{s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}";
	json_t *json = json_pack(form,
				 "tid", (int)thread->tid,
				 "name", thread->name,
				 "turns", (json_int_t)figures->turns,
				 "contended", (json_int_t)figures->contended,
				 "gave_up", (json_int_t)figures->gave_up,
				 "repaired", (json_int_t)figures->repaired,
				 "io_releases", (json_int_t)figures->io_releases,
				 "taken", (json_int_t)figures->taken,
				 "yields", (json_int_t)figures->yields,
				 "forced_switches", (json_int_t)figures->forced,
				 "drop_requests", (json_int_t)seat->drop_requests);

	json_object_set_new(json, "wait", times_json(&figures->wait));
	json_object_set_new(json, "wakeup", times_json(&figures->wakeup));
	json_object_set_new(json, "hold", times_json(&figures->hold));
	json_object_set_new(json, "states_ns", states_json(figures));
	json_object_set_new(json, "convoy",
			    convoy_json(report, &figures->convoy));
	json_object_set_new(json, "behind",
			    blames_json(report->model, figures->behind.data,
					figures->behind.count));
	json_object_set_new(json, "made_wait_ns",
			    value_count(figures->made_wait_ns));
	return json;
}

static json_t *fairness_json(const struct fairness *fairness)
{
	return json_pack("{s:i, s:i, s:f, s:I, s:I}",
			 "threads", (int)fairness->threads,
			 "left_out", (int)fairness->left_out,
			 "jain", fairness->jain,
			 "least", (json_int_t)fairness->least,
			 "most", (json_int_t)fairness->most);
}

static json_t *words_json(const struct report *report,
			  const struct array *words)
{
	json_t *list = json_array();

	for (size_t i = 0; i < words->count; i++) {
		const struct words *said = array_at(words, struct words, i);
		json_t *json = json_pack("{s:s, s:s}",
					 "tone", tone_name(said->tone),
					 "text", said->text);

		if (said->start < said->end) {
			const struct seat *seat =
				model_seat(report->model, said->seat);

			json_object_set_new(json, "start_ns",
					    value_count(said->start));
			json_object_set_new(json, "end_ns", value_count(said->end));
			json_object_set_new(json, "thread", value_count(seat->index));
		}
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *marks_json(const struct model *model, const struct lock *lock)
{
	static const char *const names[] = {
		[MARK_DIED] = "died",
		[MARK_POLICY] = "policy",
		[MARK_BOUND] = "bound",
		[MARK_UNBOUND] = "unbound",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < lock->marks.count; i++) {
		const struct mark *mark = array_at(&lock->marks, struct mark, i);
		json_t *json = json_pack("{s:I, s:s}",
					 "ns", (json_int_t)mark->time,
					 "what", names[mark->kind]);

		if (mark->kind == MARK_POLICY)
			json_object_set_new(json, "policy",
					    json_string(mark->name));
		else
			json_object_set_new(json, "thread",
					    value_count(model_seat(model, mark->seat)
							   ->index));
		if (mark->kind == MARK_BOUND)
			json_object_set_new(json, "flags", value_count(mark->flags));
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *lock_json(const struct report *report, size_t index)
{
	const struct lock *lock = model_lock(report->model, index);
	const struct lock_figures *figures =
		figures_lock(report->figures, index);
	struct array words = { 0 };
	json_t *threads = json_array();
	static const char form[] =
		"{s:I, s:o, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I}";
	json_t *json = json_pack(form,
				 "lock", (json_int_t)lock->nr,
				 "policy", text_or_null(lock->policy),
				 "interval_ns", (json_int_t)figures->interval_ns,
				 "interval_seen", figures->interval_seen,
				 "first_ns", (json_int_t)figures->first,
				 "last_ns", (json_int_t)figures->last,
				 "most_waiters", (json_int_t)figures->most_waiters,
				 "drop_requests", (json_int_t)lock->drops.count,
				 "owners_died", (json_int_t)lock->owners_died,
				 "repaired", (json_int_t)lock->repaired);

	words_of_lock(&words, report->model, report->figures, index);
	json_object_set_new(json, "marks", marks_json(report->model, lock));
	json_object_set_new(json, "words", words_json(report, &words));
	words_free(&words);
	json_object_set_new(json, "wait", times_json(&figures->wait));
	json_object_set_new(json, "wakeup", times_json(&figures->wakeup));
	json_object_set_new(json, "hold", times_json(&figures->hold));
	json_object_set_new(json, "hold_shares",
			    fairness_json(&figures->hold_ns));
	json_object_set_new(json, "turn_shares",
			    fairness_json(&figures->turns));
	for (size_t i = 0; i < figures->seats.count; i++)
		json_array_append_new(threads,
				      seat_json(report,
						figures_seat(figures, i)));
	json_object_set_new(json, "threads", threads);
	return json;
}

static json_t *gap_json(const struct gap *gap)
{
	return json_pack("{s:i, s:I, s:I, s:o}",
			 "cpu", (int)gap->cpu,
			 "start_ns", (json_int_t)gap->start,
			 "end_ns", (json_int_t)gap->end,
			 "events", gap->count ? value_count(gap->count) :
						json_null());
}

static json_t *gaps_json(const struct model *model)
{
	json_t *list = json_array();

	for (size_t i = 0; i < model->gaps.count; i++) {
		const struct gap *gap = array_at(&model->gaps, struct gap, i);

		json_array_append_new(list, gap_json(gap));
	}
	return list;
}

json_t *document_make(const struct report *report)
{
	const struct model *model = report->model;
	struct array words = { 0 };
	json_t *locks = json_array();
	static const char form[] =
		"{s:s, s:o, s:i, s:o, s:o, s:o, s:{s:s, s:o}, s:I, s:I, s:I, s:I, s:b, s:o}";
	json_t *json = json_pack(form,
				 "schema", "gilreport/1",
				 "kernel", text_or_null(model->kernel),
				 "cpus", (int)model->cpus.count,
				 "clock", text_or_null(model->clock),
				 "instance", text_or_null(model->instance),
				 "command", text_or_null(model->command),
				 "parameters", "trace", report->trace,
				 "interval_ns", report->interval_ns ?
					 value_count(report->interval_ns) : json_null(),
				 "start_ns", (json_int_t)model->start,
				 "end_ns", (json_int_t)model->end,
				 "events", (json_int_t)model->events,
				 "gil_events", (json_int_t)model->gil_events,
				 "scheduler_seen", model->sched_events > 0,
				 "lost", gaps_json(model));

	words_of_recording(&words, model);
	json_object_set_new(json, "words", words_json(report, &words));
	words_free(&words);
	for (size_t i = 0; i < model->locks.count; i++)
		json_array_append_new(locks, lock_json(report, i));
	json_object_set_new(json, "locks", locks);
	return json;
}

static json_t *packed_json(struct array *bytes)
{
	char *text = packed_text(bytes);
	json_t *json = json_string_nocheck(text);

	free(text);
	return json;
}

/* Each span: the time since the last one's start and, below, its state. */
static json_t *lane_json(const struct model *model, const struct seat *seat)
{
	struct array bytes = { 0 };
	uint64_t time = model->start;
	struct lane_span span;
	struct lane lane;

	lane_begin(&lane, model, seat);
	while (lane_next(&lane, &span)) {
		packed_add(&bytes, (span.start - time) << 4 | span.state);
		time = span.start;
	}
	return packed_json(&bytes);
}

enum turn_flags {
	TURN_GRANTED = 1,
	TURN_ACQUIRED = 2,
	TURN_RELEASED = 4,
	TURN_ASKED = 8,
	TURN_CONTENDED = 16,
	TURN_AFTER_IO = 32,
	TURN_REPAIRED = 64,
	TURN_TAKEN = 128,
	TURN_SLEPT = 256,
	TURN_REASON_SHIFT = 9,
};

static uint64_t flags_of(const struct turn *turn)
{
	return (turn->granted != NEVER ? TURN_GRANTED : 0) |
	       (turn->acquired != NEVER ? TURN_ACQUIRED : 0) |
	       (turn->released != NEVER ? TURN_RELEASED : 0) |
	       (turn->asked != NEVER ? TURN_ASKED : 0) |
	       (turn->contended ? TURN_CONTENDED : 0) |
	       (turn->after_io ? TURN_AFTER_IO : 0) |
	       (turn->repaired ? TURN_REPAIRED : 0) |
	       (turn->taken ? TURN_TAKEN : 0) |
	       (turn->slept ? TURN_SLEPT : 0) |
	       (uint64_t)turn->reason << TURN_REASON_SHIFT;
}

/* Flags; then each time that there is, since the one before; and from whom. */
static void pack_turn(struct array *bytes, const struct report *report,
		      const struct lock *lock, const struct turn *turn,
		      uint64_t *time)
{
	packed_add(bytes, flags_of(turn));
	packed_add(bytes, turn->requested - *time);
	*time = turn->requested;
	if (turn->granted != NEVER) {
		const struct turn *from =
			turn->from == NONE ? NULL :
					     lock_turn(lock, turn->from);

		packed_add(bytes, turn->granted - *time);
		packed_add(bytes, !from ? 0 :
			   model_seat(report->model, from->seat)->index + 1);
		*time = turn->granted;
	}
	if (turn->asked != NEVER)
		packed_add(bytes, turn->asked - turn->granted);
	if (turn->acquired != NEVER) {
		packed_add(bytes, turn->acquired - *time);
		*time = turn->acquired;
	}
	if (turn->released != NEVER) {
		packed_add(bytes, turn->released - *time);
		*time = turn->released;
	}
}

static json_t *turns_json(const struct report *report, const struct lock *lock,
			  const struct seat *seat)
{
	uint64_t time = report->model->start;
	struct array bytes = { 0 };

	for (uint32_t i = seat->first; i != NONE; i = lock_turn(lock, i)->next)
		pack_turn(&bytes, report, lock, lock_turn(lock, i), &time);
	return packed_json(&bytes);
}

static json_t *waiters_json(const struct model *model, const struct lock *lock)
{
	uint64_t time = model->start;
	struct array bytes = { 0 };

	for (size_t i = 0; i < lock->waiters.count; i++) {
		const struct waiters *at =
			array_at(&lock->waiters, struct waiters, i);

		packed_add(&bytes, at->time - time);
		packed_add(&bytes, at->count);
		time = at->time;
	}
	return packed_json(&bytes);
}

static json_t *drops_json(const struct model *model, const struct lock *lock)
{
	uint64_t time = model->start;
	struct array bytes = { 0 };

	for (size_t i = 0; i < lock->drops.count; i++) {
		const struct drop *drop = array_at(&lock->drops, struct drop, i);

		packed_add(&bytes, drop->time - time);
		packed_add(&bytes, model_seat(model, drop->seat)->index);
		time = drop->time;
	}
	return packed_json(&bytes);
}

/* CPUs' spans: the time since the last one, what runs, and who. */
enum cpu_runs { RUNS_IDLE, RUNS_OTHER, RUNS_USER, RUNS_OWNER };

/* Where a thread's turns have been followed to. */
struct follower {
	uint32_t turn;
};

static void pack_run(struct array *bytes, uint64_t *last, uint64_t time,
		     enum cpu_runs runs, uint32_t who)
{
	packed_add(bytes, (time - *last) << 2 | runs);
	if (runs != RUNS_IDLE)
		packed_add(bytes, who);
	*last = time;
}

/* A user's run from @start to @end, split where it gets and loses the lock. */
static void pack_user(struct array *bytes, uint64_t *last,
		      const struct lock *lock, struct follower *at,
		      uint32_t who, uint64_t start, uint64_t end)
{
	while (start < end) {
		const struct turn *turn;
		uint64_t until = end;
		enum cpu_runs runs = RUNS_USER;

		while (at->turn != NONE &&
		       lock_turn(lock, at->turn)->released <= start)
			at->turn = lock_turn(lock, at->turn)->next;
		turn = at->turn == NONE ? NULL : lock_turn(lock, at->turn);
		if (turn && turn->acquired <= start) {
			runs = RUNS_OWNER;
			until = turn->released;
		} else if (turn && turn->acquired < turn->released) {
			until = turn->acquired;
		}
		pack_run(bytes, last, start, runs, who);
		start = until;
	}
}

static json_t *cpu_json(const struct report *report, size_t lock_index,
			const struct cpu *cpu)
{
	const struct model *model = report->model;
	const struct lock *lock = model_lock(model, lock_index);
	struct follower *followers =
		xcalloc(lock->seats.count, sizeof(*followers));
	uint64_t last = model->start;
	struct array bytes = { 0 };

	for (size_t i = 0; i < lock->seats.count; i++)
		followers[i].turn = lock_seat(model, lock, i)->first;
	for (size_t i = 0; i < cpu->spans.count; i++) {
		const struct cpu_span *span =
			array_at(&cpu->spans, struct cpu_span, i);
		uint64_t end = i + 1 < cpu->spans.count ? span[1].start :
							  model->end;
		uint32_t seat;

		if (span->thread == CPU_IDLE) {
			pack_run(&bytes, &last, span->start, RUNS_IDLE, 0);
			continue;
		}
		if (span->thread == CPU_UNKNOWN) {
			pack_run(&bytes, &last, span->start, RUNS_OTHER, 0);
			continue;
		}
		seat = map_get(&model->by_seat,
			       (uint64_t)lock_index << 32 | span->thread);
		if (seat == NONE) {
			pack_run(&bytes, &last, span->start, RUNS_OTHER,
				 span->thread + 1);
			continue;
		}
		seat = model_seat(model, seat)->index;
		pack_user(&bytes, &last, lock, &followers[seat], seat,
			  span->start, end);
	}
	free(followers);
	return packed_json(&bytes);
}

static void add_lanes(json_t *json, const struct report *report, size_t index)
{
	const struct model *model = report->model;
	const struct lock *lock = model_lock(model, index);
	json_t *threads = json_object_get(json, "threads");
	json_t *cpus = json_array();

	for (size_t i = 0; i < lock->seats.count; i++) {
		const struct seat *seat = lock_seat(model, lock, i);
		json_t *thread = json_array_get(threads, i);

		json_object_set_new(thread, "lane", lane_json(model, seat));
		json_object_set_new(thread, "turns_packed",
				    turns_json(report, lock, seat));
	}
	json_object_set_new(json, "waiters", waiters_json(model, lock));
	json_object_set_new(json, "drops", drops_json(model, lock));
	for (size_t i = 0; i < model->cpus.count; i++)
		json_array_append_new(cpus,
				      cpu_json(report, index,
					       array_at(&model->cpus,
							struct cpu, i)));
	json_object_set_new(json, "cpu_lanes", cpus);
}

static json_t *name_json(const struct model *model, uint32_t thread)
{
	return json_string(model_thread(model, thread)->name);
}

json_t *document_with_lanes(const struct report *report)
{
	const struct model *model = report->model;
	json_t *json = document_make(report);
	json_t *locks = json_object_get(json, "locks");
	json_t *names = json_array();

	for (size_t i = 0; i < model->locks.count; i++)
		add_lanes(json_array_get(locks, i), report, i);
	/* By a CPU span's number less one. */
	for (size_t i = 0; i < model->threads.count; i++)
		json_array_append_new(names, name_json(model, (uint32_t)i));
	json_object_set_new(json, "thread_names", names);
	return json;
}
