// SPDX-License-Identifier: GPL-2.0
/* Figures as short texts, and one row of either table as a line of them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args/wash.h"
#include "row.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* Columns of text are aligned on the left, columns of numbers on the right. */
struct column {
	const char *title;
	bool left;
};

/* The width that a column gets. A column may have more than one step. */
struct step {
	int column;
	int width;
};

/*
 * A table, whose steps are taken in this order as long as there is room on the
 * line. What is left goes to the column @rest, up to @rest_max.
 */
struct table {
	const struct column *columns;
	int column_count;
	const struct step *steps;
	size_t step_count;
	int rest;
	int rest_max;
	/* What a row, a view of a lock or of a thread, has in a column. */
	void (*cell)(char *cell, const void *view, int column, int width);
};

#define COLUMNS_MAX 16

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

_Static_assert(LOCK_COLUMNS <= COLUMNS_MAX && THREAD_COLUMNS <= COLUMNS_MAX,
	       "write_row() has room for all columns");

void text_share(char cell[CELL_MAX], double share)
{
	snprintf(cell, CELL_MAX, "%.0f%%", share * 100);
}

void text_rate(char cell[CELL_MAX], double rate)
{
	if (rate < 0.05)
		snprintf(cell, CELL_MAX, "0");
	else if (rate < 9.95)
		snprintf(cell, CELL_MAX, "%.1f", rate);
	else if (rate < 99999.5)
		snprintf(cell, CELL_MAX, "%.0f", rate);
	else if (rate < 9999500)
		snprintf(cell, CELL_MAX, "%.0fk", rate / 1e3);
	else if (rate < 9999.5e6)
		snprintf(cell, CELL_MAX, "%.0fM", rate / 1e6);
	else
		snprintf(cell, CELL_MAX, ">10G");
}

void text_time(char cell[CELL_MAX], uint64_t ns)
{
	/* As they are rounded, not 1000 of the smaller unit. */
	if (ns < 999500)
		snprintf(cell, CELL_MAX, "%.0fus", (double)ns / 1e3);
	else if (ns < 9950000)
		snprintf(cell, CELL_MAX, "%.1fms", (double)ns / 1e6);
	else if (ns < 999500000)
		snprintf(cell, CELL_MAX, "%.0fms", (double)ns / 1e6);
	else
		snprintf(cell, CELL_MAX, "%.1fs", (double)ns / 1e9);
}

/* Ends, not lengths, are rounded: the parts always make a whole. */
static int end_of(double share, int width)
{
	int end = (int)(share * width + 0.5);

	return end < width ? end : width;
}

void text_bar(char *bar, int width, double first, double second, char rest)
{
	int first_end = end_of(first, width);
	int second_end = end_of(first + second, width);

	memset(bar, '#', (size_t)first_end);
	memset(bar + first_end, '=', (size_t)(second_end - first_end));
	memset(bar + second_end, rest, (size_t)(width - second_end));
	bar[width] = '\0';
}

static void lock_cell(char *cell, const void *view, int column, int width)
{
	const struct lock_view *lock = view;
	const struct lock_row *row = lock->row;
	(void)width;
	switch (column) {
	case LOCK_NUMBER:
		snprintf(cell, CELL_MAX, "%" PRIu64, row->lock);
		break;
	case LOCK_OWNER:
		if (lock->owner)
			snprintf(cell, CELL_MAX, "%" PRIu64 " %s",
				 lock->owner->tid, WASHED(lock->owner->comm));
		else
			snprintf(cell, CELL_MAX, row->owner ? "?" : "-");
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
		wash_terminal(cell, CELL_MAX, row->policy);
	}
}

static const struct table locks = {
	.columns = lock_columns,
	.column_count = LENGTH(lock_columns),
	.steps = lock_steps,
	.step_count = LENGTH(lock_steps),
	.rest = LOCK_OWNER,
	.rest_max = 24,
	.cell = lock_cell,
};

static void thread_cell(char *cell, const void *view, int column, int width)
{
	const struct thread_view *thread = view;
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
		wash_terminal(cell, CELL_MAX, row->comm);
		break;
	case THREAD_STATE:
		wash_terminal(cell, CELL_MAX, row->state);
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
		text_bar(cell, width, thread->hold, thread->wait,
			 thread->away_known ? '.' : '?');
	}
}

static const struct table threads = {
	.columns = thread_columns,
	.column_count = LENGTH(thread_columns),
	.steps = thread_steps,
	.step_count = LENGTH(thread_steps),
	.rest = THREAD_BAR,
	.rest_max = 60,
	.cell = thread_cell,
};

/* Which columns the line has room for, and how wide they are; 0: no room. */
static void fit(int *widths, const struct table *table, int line)
{
	int used = 0;

	for (int i = 0; i < table->column_count; i++)
		widths[i] = 0;
	for (size_t i = 0; i < table->step_count; i++) {
		const struct step *step = &table->steps[i];
		int blank = used && !widths[step->column];

		/* A less important column in its place would come and go. */
		if (i && used + blank + step->width > line)
			break;
		used += blank + step->width;
		widths[step->column] += step->width;
	}
	if (!widths[table->rest] || used >= line)
		return;
	widths[table->rest] += line - used;
	if (widths[table->rest] > table->rest_max)
		widths[table->rest] = table->rest_max;
}

/* A number that is too wide is not cut, because it would look like another. */
static void fit_number(char *cell, int width, bool left)
{
	if (!left && strlen(cell) > (size_t)width)
		snprintf(cell, CELL_MAX, "%.*s", width, "########");
}

/* @view is NULL for the table's head. */
static void write_row(struct line *line, const struct table *table,
		      const void *view, const struct look *look)
{
	int widths[COLUMNS_MAX];
	char cell[CELL_MAX];
	size_t at = 0;

	fit(widths, table, look->width);
	for (int i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (!widths[i])
			continue;
		if (view)
			table->cell(cell, view, i, widths[i]);
		else
			snprintf(cell, CELL_MAX, "%s", column->title);
		fit_number(cell, widths[i], column->left);
		if (at)
			line->text[at++] = ' ';
		if (view && table == &threads && i == THREAD_BAR) {
			line->bar = (int)at;
			line->bar_column = wash_columns(line->text);
			line->bar_width = widths[i];
		}
		wash_cut(cell, widths[i]);
		at += (size_t)snprintf(line->text + at,
				       sizeof(line->text) - at,
				       column->left ? "%-*s" : "%*s",
				       wash_width(cell, widths[i]), cell);
	}
	wash_cut(line->text, look->width);
}

void row_lock(struct line *line, const struct lock_view *lock,
	      const struct look *look)
{
	bool chosen = lock && look->one_lock && lock->row->lock == look->lock;

	*line = (struct line){
		.kind = !lock ? LINE_HEADER : chosen ? LINE_CHOSEN : LINE_LOCK,
	};
	write_row(line, &locks, lock, look);
}

void row_thread(struct line *line, const struct thread_view *thread,
		const struct look *look)
{
	*line = (struct line){
		.kind = !thread			  ? LINE_HEADER :
			thread_owns(thread->row) ? LINE_OWNER :
						   LINE_THREAD,
	};
	write_row(line, &threads, thread, look);
}
