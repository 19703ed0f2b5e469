// SPDX-License-Identifier: GPL-2.0
/* A picture as a JSON document. */
#include "json.h"
#include "args/json.h"

static json_t *parameters(const struct options *options)
{
	return json_pack("{s:f, s:o, s:s, s:b}",
			 "delay_s", (double)options->look.delay_ns / 1e9,
			 "lock", options->look.one_lock ? value_count(options->look.lock) :
						     json_null(),
			 "sort", sort_name(options->look.sort),
			 "reverse", options->look.reverse);
}

static json_t *rates(const struct rates *rates)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f}",
			 "acquires", rates->acquires,
			 "switches", rates->switches,
			 "io_releases", rates->io_releases,
			 "drop_requests", rates->drop_requests,
			 "forced_switches", rates->forced);
}

/* Since the lock was made, or the thread was attached. */
static json_t *totals(const struct figures *figures)
{
	json_t *object = json_object();

	for (int i = 0; i < COUNTERS; i++)
		json_object_set_new(object, counter_name((enum counter)i),
				    value_count(figures->counts[i]));
	return object;
}

static json_t *owner(const struct lock_view *lock)
{
	const struct thread_row *row = lock->owner;

	if (!lock->row->owner)
		return json_null();
	return json_pack("{s:o, s:o, s:o}",
			 "id", value_count(lock->row->owner),
			 "thread", row ? value_count(row->tid) : json_null(),
			 "name", row ? value_text(row->comm) : json_null());
}

/* How long it has owned or waited so far; null: neither, or not known. */
static json_t *so_far(const struct figures *figures)
{
	if (!figures->since_ns || figures->since_ns > figures->now_ns)
		return json_null();
	return value_count(figures->now_ns - figures->since_ns);
}

static json_t *lock_json(const struct lock_view *lock)
{
	const struct lock_row *row = lock->row;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			 "s:f, s:b, s:o, s:o}",
			 "lock", value_count(row->lock),
			 "policy", value_text(row->policy),
			 "interval_ns", value_count(row->interval_ns),
			 "grace_ns", value_count(row->grace_ns),
			 "threads", value_count(row->threads),
			 "bound", value_count(row->bound),
			 "waiting", value_count(row->waiting),
			 "waiting_max", value_count(row->waiting_max),
			 "owner", owner(lock),
			 "owned_for_ns", so_far(&row->figures),
			 "elapsed_ns", value_count(lock->elapsed_ns),
			 "held", lock->held,
			 "fast_path", lock->fast,
			 "per_second", rates(&lock->rates),
			 "totals", totals(&row->figures));
}

static json_t *shares(const struct thread_view *thread)
{
	return json_pack("{s:f, s:f, s:o, s:f}",
			 "hold", thread->hold,
			 "wait", thread->wait,
			 "away", thread->away_known ? json_real(thread->away) :
						      json_null(),
			 "cpu", thread->cpu);
}

static json_t *thread_json(const struct thread_view *thread)
{
	const struct thread_row *row = thread->row;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "lock", value_count(row->lock),
			 "id", value_count(row->id),
			 "process", value_count(row->tgid),
			 "thread", value_count(row->tid),
			 "name", value_text(row->comm),
			 "state", value_text(row->state),
			 "bind", value_count(row->bind),
			 "in_state_ns", so_far(&row->figures),
			 "elapsed_ns", value_count(thread->elapsed_ns),
			 "cpu_ns", value_count(row->cpu_ns),
			 "share", shares(thread),
			 "per_second", rates(&thread->rates),
			 "totals", totals(&row->figures));
}

static json_t *locks(const struct view *view, const struct look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->lock_count; i++)
		if (look_shows(look, view->locks[i].row->lock))
			json_array_append_new(list, lock_json(&view->locks[i]));
	return list;
}

static json_t *threads(const struct view *view, const struct look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->thread_count; i++)
		if (look_shows(look, view->threads[i].row->lock))
			json_array_append_new(list, thread_json(&view->threads[i]));
	return list;
}

static json_t *document(const struct view *view, const struct options *options)
{
	json_t *body = json_pack("{s:o, s:o, s:o, s:o, s:o}",
			 "parameters", parameters(options),
			 "at_ns", value_count(view->at_ns),
			 "elapsed_ns", value_count(view->elapsed_ns),
			 "locks", locks(view, &options->look),
			 "threads", threads(view, &options->look));

	return document_new("giltop/1", body);
}

int json_write(const struct view *view, const struct options *options,
	       bool compact, FILE *file)
{
	return document_write(document(view, options), file,
			      compact ? JSON_COMPACT : JSON_INDENT(2));
}
