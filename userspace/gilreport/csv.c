// SPDX-License-Identifier: GPL-2.0
/* Write turns.csv, threads.csv and behind.csv. */
#include <inttypes.h>
#include <string.h>

#include "report.h"

/* In quotes if it has to be. */
static void put_text(FILE *file, const char *text)
{
	if (!strpbrk(text, ",\"")) {
		fputs(text, file);
		return;
	}
	putc('"', file);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', file);
		putc(*text, file);
	}
	putc('"', file);
}

static void put_thread(FILE *file, const struct model *model,
		       const struct seat *seat)
{
	const struct thread *thread = model_thread(model, seat->thread);

	fprintf(file, ",%" PRIu32 ",%" PRId32 ",", seat->index, thread->tid);
	put_text(file, thread->name);
}

static void put_who(FILE *file, const struct model *model,
		    const struct seat *seat)
{
	fprintf(file, "%" PRIu32, model_lock(model, seat->lock)->nr);
	put_thread(file, model, seat);
}

/* What has not been seen is left empty. */
static void put_time(FILE *file, uint64_t time)
{
	if (time != NEVER)
		fprintf(file, ",%" PRIu64, time);
	else
		putc(',', file);
}

static void put_turn(FILE *file, const struct model *model,
		     const struct lock *lock, const struct turn *turn)
{
	const struct turn *from =
		turn->from == NONE ? NULL : lock_turn(lock, turn->from);

	put_who(file, model, model_seat(model, turn->seat));
	put_time(file, turn->requested);
	put_time(file, turn->granted);
	put_time(file, turn->acquired);
	put_time(file, turn->released);
	put_time(file, turn->asked);
	put_time(file, turn->wait_ns);
	put_time(file, turn->wakeup_ns);
	put_time(file, turn->hold_ns);
	putc(',', file);
	if (from) {
		uint32_t thread = model_seat(model, from->seat)->thread;

		fprintf(file, "%" PRId32, model_thread(model, thread)->tid);
	}
	fprintf(file, ",%s,%d,%d,%d,%d,%d\n", reason_name(turn->reason),
		turn->contended, turn->slept, turn->after_io, turn->taken,
		turn->repaired);
}

int csv_write_turns(const struct report *report, FILE *file)
{
	fputs("lock,thread,tid,comm,"
	      "requested_ns,granted_ns,acquired_ns,released_ns,asked_ns,"
	      "wait_ns,wakeup_ns,hold_ns,"
	      "from_tid,reason,contended,slept,after_io,taken,repaired\n", file);
	for (size_t i = 0; i < report->model->locks.count; i++) {
		const struct lock *lock = model_lock(report->model, i);

		for (uint32_t t = 0; t < lock->turns.count; t++)
			put_turn(file, report->model, lock, lock_turn(lock, t));
	}
	return 0;
}

static void put_times(FILE *file, const struct times *times)
{
	fprintf(file,
		",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		times->count, times->total, times->p50, times->p99, times->max);
}

static void put_seat(FILE *file, const struct model *model,
		     const struct lock_figures *lock,
		     const struct seat_figures *figures)
{
	const struct seat *seat = model_seat(model, figures->seat);

	put_who(file, model, seat);
	fprintf(file,
		",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		figures->turns, figures->contended, figures->gave_up,
		figures->io_releases, figures->taken, figures->yields, figures->forced,
		seat->drop_requests);
	put_times(file, &figures->wait);
	put_times(file, &figures->wakeup);
	put_times(file, &figures->hold);
	fprintf(file, ",%.6f", lock->hold.total ?
		(double)figures->hold.total / (double)lock->hold.total : 0);
	for (unsigned int i = LANE_RUN; i < LANE_STATES; i++)
		fprintf(file, ",%" PRIu64, figures->state_ns[i]);
	fprintf(file, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
		figures->convoy.came_back, figures->convoy.waits,
		figures->convoy.wait_ns, figures->made_wait_ns);
}

int csv_write_threads(const struct report *report, FILE *file)
{
	fputs("lock,thread,tid,comm,turns,contended,gave_up,"
	      "io_releases,taken,yields,forced_switches,drop_requests,"
	      "wait_count,wait_ns,wait_p50_ns,wait_p99_ns,wait_max_ns,"
	      "wakeup_count,wakeup_ns,wakeup_p50_ns,wakeup_p99_ns,wakeup_max_ns,"
	      "hold_count,hold_ns,hold_p50_ns,hold_p99_ns,hold_max_ns,hold_share,"
	      "run_locked_ns,preempted_locked_ns,asleep_locked_ns,"
	      "granted_ns,waiting_ns,io_ns,run_ns,runnable_ns,idle_ns,"
	      "came_back,convoy_waits,convoy_wait_ns,made_wait_ns\n", file);
	for (size_t i = 0; i < report->model->locks.count; i++) {
		const struct lock_figures *lock =
			figures_lock(report->figures, i);

		for (size_t s = 0; s < lock->seats.count; s++)
			put_seat(file, report->model, lock,
				 figures_seat(lock, s));
	}
	return 0;
}

static void put_behind(FILE *file, const struct model *model,
		       const struct seat_figures *figures)
{
	for (size_t i = 0; i < figures->behind.count; i++) {
		const struct blame *blame =
			array_at(&figures->behind, struct blame, i);

		put_who(file, model, model_seat(model, figures->seat));
		put_thread(file, model, model_seat(model, blame->seat));
		fprintf(file, ",%" PRIu64 "\n", blame->ns);
	}
}

/* A line for each pair of a thread that waited and an owner. */
int csv_write_behind(const struct report *report, FILE *file)
{
	const struct model *model = report->model;

	fputs("lock,thread,tid,comm,"
	      "owner_thread,owner_tid,owner_comm,wait_ns\n", file);
	for (size_t i = 0; i < model->locks.count; i++) {
		const struct lock_figures *lock =
			figures_lock(report->figures, i);

		for (size_t s = 0; s < lock->seats.count; s++)
			put_behind(file, model, figures_seat(lock, s));
	}
	return 0;
}
