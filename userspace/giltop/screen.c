// SPDX-License-Identifier: GPL-2.0
/* The whole picture, as lines of text that fit the screen. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args/wash.h"
#include "row.h"
#include "screen.h"

/* A picture being drawn: what it shows, and how many more lines fit. */
struct drawing {
	const struct view *view;
	const struct look *look;
	screen_emit *emit;
	void *to;
	size_t room;
};

static void put(struct drawing *drawing, const struct line *line)
{
	if (!drawing->room)
		return;
	drawing->room--;
	drawing->emit(drawing->to, line);
}

__attribute__((format(printf, 3, 4)))
static void say(struct drawing *drawing, enum line_kind kind,
		const char *format, ...)
{
	struct line line = { .kind = kind };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line.text, sizeof(line.text), format, arguments);
	va_end(arguments);
	wash_cut(line.text, drawing->look->width);
	put(drawing, &line);
}

size_t screen_threads(const struct view *view, const struct look *look)
{
	size_t shown = 0;

	for (size_t i = 0; i < view->thread_count; i++)
		shown += look_shows(look, view->threads[i].row->lock);
	return shown;
}

static uint64_t all_waiting(const struct view *view)
{
	uint64_t waiting = 0;

	for (size_t i = 0; i < view->lock_count; i++)
		waiting += view->locks[i].row->waiting;
	return waiting;
}

static void draw_title(struct drawing *d)
{
	const struct view *view = d->view;
	char every[CELL_MAX], lock[CELL_MAX] = "";

	text_time(every, d->look->delay_ns);
	if (d->look->one_lock)
		snprintf(lock, sizeof(lock), ", lock %" PRIu64, d->look->lock);
	say(d, LINE_TITLE,
	    "giltop: %zu lock%s, %zu thread%s, %" PRIu64 " waiting; %s, by %s%s%s",
	    view->lock_count, view->lock_count == 1 ? "" : "s",
	    view->thread_count, view->thread_count == 1 ? "" : "s",
	    all_waiting(view), every, sort_name(d->look->sort),
	    d->look->reverse ? " reversed" : "", lock);
}

/* The index of the chosen lock, or where it would be. */
static size_t chosen_at(const struct view *view, const struct look *look)
{
	size_t i = 0;

	if (!look->one_lock)
		return 0;
	while (i < view->lock_count && view->locks[i].row->lock < look->lock)
		i++;
	return i;
}

/* Locks get a third of the picture; without a height, as many as chosen. */
static size_t most_locks(const struct drawing *d)
{
	size_t all = d->view->lock_count;
	size_t third = d->room > 8 ? (d->room - 2) / 3 : 1;

	if (!d->look->height)
		third = d->look->one_lock ? 1 : all;
	return third < all ? third : all;
}

/* If there is room for only some locks, the chosen one is among them. */
static void draw_locks(struct drawing *d)
{
	const struct view *view = d->view;
	size_t most = most_locks(d);
	size_t first = 0, chosen = chosen_at(view, d->look);
	struct line line;

	if (chosen >= most)
		first = chosen - most + 1;
	if (first + most > view->lock_count)
		first = view->lock_count - most;
	row_lock(&line, NULL, d->look);
	put(d, &line);
	for (size_t i = first; i < first + most; i++) {
		row_lock(&line, &view->locks[i], d->look);
		put(d, &line);
	}
	if (d->look->height && most < view->lock_count)
		say(d, LINE_NOTE, "      %zu of %zu locks: < and > choose one",
		    most, view->lock_count);
}

static int compare_since(const void *a, const void *b)
{
	const struct thread_row *left = *(const struct thread_row *const *)a;
	const struct thread_row *right = *(const struct thread_row *const *)b;
	uint64_t l = left->figures.since_ns, r = right->figures.since_ns;

	return l < r ? -1 : l > r;
}

/* The threads that wait for the lock, in the order of their requests. */
static size_t queue_of(const struct view *view, uint64_t lock,
		       const struct thread_row **queue)
{
	size_t n = 0;

	for (size_t i = 0; i < view->thread_count; i++) {
		const struct thread_row *row = view->threads[i].row;

		if (row->lock == lock && thread_waits(row))
			queue[n++] = row;
	}
	qsort(queue, n, sizeof(*queue), compare_since);
	return n;
}

/* " behind 230 python3, the owner for 3.1ms", or nothing if there is no owner. */
static void name_owner(char *text, size_t size, const struct lock_view *lock)
{
	const struct thread_row *owner = lock ? lock->owner : NULL;
	char time[CELL_MAX];

	*text = '\0';
	if (!owner || !owner->figures.since_ns)
		return;
	text_time(time, owner->figures.now_ns - owner->figures.since_ns);
	snprintf(text, size, " behind %" PRIu64 " %s, the owner for %s",
		 owner->tid, WASHED(owner->comm), time);
}

/* The queue of the chosen lock: each thread and how long it has waited. */
static void draw_queue(struct drawing *d, uint64_t lock)
{
	char owner[LINE_MAX_SIZE];
	const struct thread_row **queue =
		calloc(d->view->thread_count + 1, sizeof(*queue));
	char text[LINE_MAX_SIZE] = "", time[CELL_MAX];
	size_t n, at = 0;

	if (!queue)
		return;
	n = queue_of(d->view, lock, queue);
	for (size_t i = 0; i < n && at < sizeof(text); i++) {
		const struct figures *f = &queue[i]->figures;

		text_time(time, f->now_ns - f->since_ns);
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s%" PRIu64 " %s %s", i ? ", " : "",
				       queue[i]->tid, WASHED(queue[i]->comm),
				       time);
	}
	name_owner(owner, sizeof(owner), n ? view_lock(d->view, lock) : NULL);
	say(d, LINE_NOTE, "queue%s: %s", owner, n ? text : "nobody waits");
	free(queue);
}

static void draw_threads(struct drawing *d)
{
	size_t skip = d->look->skip;
	struct line line;

	row_thread(&line, NULL, d->look);
	put(d, &line);
	for (size_t i = 0; i < d->view->thread_count && d->room; i++) {
		if (!look_shows(d->look, d->view->threads[i].row->lock))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		row_thread(&line, &d->view->threads[i], d->look);
		put(d, &line);
	}
}

void screen_draw(const struct view *view, const struct look *look,
		 screen_emit *emit, void *to)
{
	struct drawing drawing = {
		.view = view,
		.look = look,
		.emit = emit,
		.to = to,
		.room = look->height ? (size_t)look->height : SIZE_MAX,
	};

	draw_title(&drawing);
	draw_locks(&drawing);
	if (look->one_lock && !view_lock(view, look->lock))
		say(&drawing, LINE_NOTE, "there is no lock %" PRIu64 " now",
		    look->lock);
	else if (look->one_lock)
		draw_queue(&drawing, look->lock);
	draw_threads(&drawing);
}
