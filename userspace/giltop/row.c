// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "row.h"
#include "text.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* A column: its title, and what a row has there; @name: of text, on the left. */
struct column {
	const char *title;
	bool left;
};

enum lock_column {
	LOCK_NUMBER,
	LOCK_OWNER,
	LOCK_WAITING,
	LOCK_MAX,
	LOCK_THREADS,
	LOCK_HELD,
	LOCK_SWITCHES,
	LOCK_DROPS,
	LOCK_FORCED,
	LOCK_IO,
	LOCK_INTERVAL,
	LOCK_POLICY,
	LOCK_COLUMNS,
};

static const struct column lock_columns[LOCK_COLUMNS] = {
	[LOCK_NUMBER] = { "LOCK", false },
	[LOCK_OWNER] = { "OWNER", true },
	[LOCK_WAITING] = { "QUEUE", false },
	[LOCK_MAX] = { "MAX", false },
	[LOCK_THREADS] = { "THRDS", false },
	[LOCK_HELD] = { "HELD", false },
	[LOCK_SWITCHES] = { "SW/S", false },
	[LOCK_DROPS] = { "DROP/S", false },
	[LOCK_FORCED] = { "FORC/S", false },
	[LOCK_IO] = { "IO/S", false },
	[LOCK_INTERVAL] = { "INTVL", false },
	[LOCK_POLICY] = { "POLICY", true },
};

static const struct step lock_steps[] = {
	{ LOCK_NUMBER, 5 },   { LOCK_OWNER, 12 },  { LOCK_WAITING, 5 },
	{ LOCK_HELD, 5 },     { LOCK_SWITCHES, 5 }, { LOCK_OWNER, 7 },
	{ LOCK_POLICY, 8 },   { LOCK_THREADS, 5 }, { LOCK_IO, 5 },
	{ LOCK_FORCED, 6 },   { LOCK_OWNER, 4 },   { LOCK_INTERVAL, 6 },
	{ LOCK_MAX, 5 },      { LOCK_DROPS, 6 },   { LOCK_POLICY, 7 },
};

enum thread_column {
	THREAD_LOCK,
	THREAD_PID,
	THREAD_TID,
	THREAD_NAME,
	THREAD_STATE,
	THREAD_HOLD,
	THREAD_WAIT,
	THREAD_AWAY,
	THREAD_CPU,
	THREAD_SWITCHES,
	THREAD_IO,
	THREAD_FORCED,
	THREAD_BAR,
	THREAD_COLUMNS,
};

static const struct column thread_columns[THREAD_COLUMNS] = {
	[THREAD_LOCK] = { "LOCK", false },
	[THREAD_PID] = { "PID", false },
	[THREAD_TID] = { "TID", false },
	[THREAD_NAME] = { "NAME", true },
	[THREAD_STATE] = { "STATE", true },
	[THREAD_HOLD] = { "HOLD", false },
	[THREAD_WAIT] = { "WAIT", false },
	[THREAD_AWAY] = { "AWAY", false },
	[THREAD_CPU] = { "CPU", false },
	[THREAD_SWITCHES] = { "SW/S", false },
	[THREAD_IO] = { "IO/S", false },
	[THREAD_FORCED] = { "FORC/S", false },
	[THREAD_BAR] = { "hold# wait=", true },
};

static const struct step thread_steps[] = {
	{ THREAD_TID, 7 },     { THREAD_NAME, 8 }, { THREAD_HOLD, 4 },
	{ THREAD_WAIT, 4 },    { THREAD_BAR, 6 },  { THREAD_AWAY, 4 },
	{ THREAD_STATE, 7 },   { THREAD_LOCK, 5 }, { THREAD_SWITCHES, 5 },
	{ THREAD_IO, 5 },      { THREAD_NAME, 4 }, { THREAD_BAR, 6 },
	{ THREAD_NAME, 3 },    { THREAD_BAR, 5 },  { THREAD_PID, 7 },
	{ THREAD_FORCED, 6 },  { THREAD_CPU, 4 },
};

#define BAR_MAX 60

/* Add a column to the line: @width characters, after a blank if not first. */
static void put(struct line *line, size_t *at, int width, bool left,
		const char *text)
{
	if (*at)
		line->text[(*at)++] = ' ';
	*at += (size_t)snprintf(line->text + *at,
				sizeof(line->text) - *at,
				left ? "%-*.*s" : "%*.*s", width, width, text);
}

static void lock_cell(char *cell, const struct lock_view *lock,
		      enum lock_column column)
{
	const struct lock_row *row = lock->row;
	char name[CELL_MAX];

	switch (column) {
	case LOCK_NUMBER:
		snprintf(cell, CELL_MAX, "%" PRIu64, row->lock);
		break;
	case LOCK_OWNER:
		if (lock->owner) {
			text_name(name, lock->owner->comm);
			snprintf(cell, CELL_MAX, "%" PRIu64 " %.16s",
				 lock->owner->tid, name);
		} else {
			snprintf(cell, CELL_MAX, row->owner ? "?" : "-");
		}
		break;
	case LOCK_WAITING:
		snprintf(cell, CELL_MAX, "%" PRIu64, row->waiting);
		break;
	case LOCK_MAX:
		snprintf(cell, CELL_MAX, "%" PRIu64, row->waiting_max);
		break;
	case LOCK_THREADS:
		snprintf(cell, CELL_MAX, "%" PRIu64, row->threads);
		break;
	case LOCK_HELD:
		text_share(cell, lock->held);
		if (lock->fast)
			strcat(cell, "+");
		break;
	case LOCK_SWITCHES:
		text_rate(cell, lock->rates.switches);
		break;
	case LOCK_DROPS:
		text_rate(cell, lock->rates.drop_requests);
		break;
	case LOCK_FORCED:
		text_rate(cell, lock->rates.forced);
		break;
	case LOCK_IO:
		text_rate(cell, lock->rates.io_releases);
		break;
	case LOCK_INTERVAL:
		text_time(cell, row->interval_ns);
		break;
	default:
		text_name(cell, row->policy);
	}
}

/* What is too long for its column is not cut where that would make it wrong. */
static void fit_number(char *cell, int width, bool left)
{
	if (!left && strlen(cell) > (size_t)width)
		snprintf(cell, CELL_MAX, "%.*s", width, "########");
}

void row_lock(struct line *line, const struct lock_view *lock,
	      const struct look *look)
{
	int widths[LOCK_COLUMNS];
	char cell[CELL_MAX];
	size_t at = 0;
	bool chosen = lock && look->one_lock && lock->row->lock == look->lock;

	*line = (struct line){
		.kind = !lock ? LINE_HEADER : chosen ? LINE_CHOSEN : LINE_LOCK,
	};
	layout_fit(widths, LOCK_COLUMNS, lock_steps, LENGTH(lock_steps),
		   look->width, LOCK_OWNER, 24);
	for (int i = 0; i < LOCK_COLUMNS; i++) {
		bool left = lock_columns[i].left;

		if (!widths[i])
			continue;
		if (lock)
			lock_cell(cell, lock, (enum lock_column)i);
		else
			snprintf(cell, CELL_MAX, "%s", lock_columns[i].title);
		fit_number(cell, widths[i], left);
		put(line, &at, widths[i], left, cell);
	}
	line->text[look->width] = '\0';
}

static void thread_cell(char *cell, const struct thread_view *thread,
			enum thread_column column)
{
	const struct thread_row *row = thread->row;

	switch (column) {
	case THREAD_LOCK:
		snprintf(cell, CELL_MAX, "%" PRIu64, row->lock);
		break;
	case THREAD_PID:
		snprintf(cell, CELL_MAX, "%" PRIu64, row->tgid);
		break;
	case THREAD_TID:
		snprintf(cell, CELL_MAX, "%" PRIu64, row->tid);
		break;
	case THREAD_NAME:
		text_name(cell, row->comm);
		break;
	case THREAD_STATE:
		text_name(cell, row->state);
		break;
	case THREAD_HOLD:
		text_share(cell, thread->hold);
		break;
	case THREAD_WAIT:
		text_share(cell, thread->wait);
		break;
	case THREAD_AWAY:
		if (thread->away_known)
			text_share(cell, thread->away);
		else
			snprintf(cell, CELL_MAX, "?");
		break;
	case THREAD_CPU:
		text_share(cell, thread->cpu);
		break;
	case THREAD_SWITCHES:
		text_rate(cell, thread->rates.switches);
		break;
	case THREAD_IO:
		text_rate(cell, thread->rates.io_releases);
		break;
	case THREAD_FORCED:
		text_rate(cell, thread->rates.forced);
		break;
	default:
		cell[0] = '\0';
	}
}

static void put_bar(struct line *line, size_t at, int width,
		    const struct thread_view *thread)
{
	char *bar = line->text + at;

	line->bar = (int)at;
	line->bar_width = width;
	text_bar(bar, width, thread->hold, thread->wait,
		 thread->away_known ? '.' : '?');
	bar[width] = '\0';
}

void row_thread(struct line *line, const struct thread_view *thread,
		const struct look *look)
{
	int widths[THREAD_COLUMNS];
	char cell[CELL_MAX];
	size_t at = 0;

	*line = (struct line){
		.kind = !thread			  ? LINE_HEADER :
			thread_owns(thread->row) ? LINE_OWNER :
						   LINE_THREAD,
	};
	layout_fit(widths, THREAD_COLUMNS, thread_steps, LENGTH(thread_steps),
		   look->width, THREAD_BAR, BAR_MAX);
	for (int i = 0; i < THREAD_COLUMNS; i++) {
		bool left = thread_columns[i].left;

		if (!widths[i])
			continue;
		if (thread)
			thread_cell(cell, thread, (enum thread_column)i);
		else
			snprintf(cell, CELL_MAX, "%s", thread_columns[i].title);
		fit_number(cell, widths[i], left);
		put(line, &at, widths[i], left, cell);
		if (thread && i == THREAD_BAR)
			put_bar(line, at - (size_t)widths[i], widths[i], thread);
	}
	line->text[look->width] = '\0';
}
