// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>

#include <jansson.h>

#include "json.h"

static int cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 0 : CPU_COUNT(&set);
}

/* JSON's numbers, as jansson has them, have a sign; the page's may be junk. */
static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* A thread's name is bytes; what is not UTF-8 cannot be told in JSON. */
static json_t *text(const char *bytes)
{
	json_t *string = json_string(bytes);

	return string ? string : json_null();
}

static json_t *parameters(const struct options *options)
{
	return json_pack("{s:f, s:o, s:s, s:b}",
			 "delay_s", (double)options->delay_ns / 1e9,
			 "lock", options->one_lock ? number(options->lock) :
						     json_null(),
			 "sort", sort_name(options->sort),
			 "reverse", options->reverse);
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

/* All since the lock was made, or the thread attached. */
static json_t *totals(const struct figures *figures)
{
	json_t *object = json_object();

	for (int i = 0; i < COUNTERS; i++)
		json_object_set_new(object, counter_name((enum counter)i),
				    number(figures->counts[i]));
	return object;
}

static json_t *owner(const struct lock_view *lock)
{
	const struct thread_row *row = lock->owner;

	if (!lock->row->owner)
		return json_null();
	return json_pack("{s:o, s:o, s:o}",
			 "id", number(lock->row->owner),
			 "thread", row ? number(row->tid) : json_null(),
			 "name", row ? text(row->comm) : json_null());
}

/* How long so far; null: neither an owner nor waiting, or not known. */
static json_t *so_far(const struct figures *figures)
{
	if (!figures->since_ns || figures->since_ns > figures->now_ns)
		return json_null();
	return number(figures->now_ns - figures->since_ns);
}

static json_t *lock_json(const struct lock_view *lock)
{
	const struct lock_row *row = lock->row;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			 "s:f, s:b, s:o, s:o}",
			 "lock", number(row->lock),
			 "policy", text(row->policy),
			 "interval_ns", number(row->interval_ns),
			 "grace_ns", number(row->grace_ns),
			 "threads", number(row->threads),
			 "bound", number(row->bound),
			 "waiting", number(row->waiting),
			 "waiting_max", number(row->waiting_max),
			 "owner", owner(lock),
			 "owned_for_ns", so_far(&row->figures),
			 "elapsed_ns", number(lock->elapsed_ns),
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
			 "lock", number(row->lock),
			 "id", number(row->id),
			 "process", number(row->tgid),
			 "thread", number(row->tid),
			 "name", text(row->comm),
			 "state", text(row->state),
			 "bind", number(row->bind),
			 "in_state_ns", so_far(&row->figures),
			 "elapsed_ns", number(thread->elapsed_ns),
			 "cpu_ns", number(row->cpu_ns),
			 "share", shares(thread),
			 "per_second", rates(&thread->rates),
			 "totals", totals(&row->figures));
}

static json_t *locks(const struct view *view, const struct options *options)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->lock_count; i++) {
		const struct lock_view *lock = &view->locks[i];

		if (!options->one_lock || lock->row->lock == options->lock)
			json_array_append_new(list, lock_json(lock));
	}
	return list;
}

static json_t *threads(const struct view *view, const struct options *options)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->thread_count; i++) {
		const struct thread_view *thread = &view->threads[i];

		if (!options->one_lock || thread->row->lock == options->lock)
			json_array_append_new(list, thread_json(thread));
	}
	return list;
}

static json_t *document(const struct view *view, const struct options *options)
{
	struct utsname names;

	uname(&names);
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o}",
			 "schema", "giltop/1",
			 "kernel", names.release,
			 "machine", names.machine,
			 "cpus", cpus(),
			 "clock", "CLOCK_MONOTONIC",
			 "parameters", parameters(options),
			 "at_ns", number(view->at_ns),
			 "elapsed_ns", number(view->elapsed_ns),
			 "locks", locks(view, options),
			 "threads", threads(view, options));
}

int json_write(const struct view *view, const struct options *options,
	       bool compact, FILE *file)
{
	size_t flags = compact ? JSON_COMPACT : JSON_INDENT(2);
	json_t *root = document(view, options);
	int error = 0;

	if (!root)
		return ENOMEM;
	errno = 0;
	if (json_dumpf(root, file, flags | JSON_REAL_PRECISION(9)) ||
	    fputc('\n', file) == EOF)
		error = errno ? errno : EIO;
	json_decref(root);
	return error;
}
