// SPDX-License-Identifier: GPL-2.0
/* What the figures come to, in sentences for people. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <linux/gil.h>

#include "args/wash.h"
#include "words.h"

/* How many get a sentence each; the tables have all of them. */
#define CONVOYS_TOLD 3
#define WAITERS_TOLD 3
#define DEATHS_TOLD 3
#define POLICIES_TOLD 5
/* How much of the time before a moment is worth showing. */
#define AROUND_NS 20000000ULL
/* Below this share of the time held, owners off the CPU are not mentioned. */
#define OFF_CPU_SHARE 0.01
/* Shares with a Jain's index from here on are called even. */
#define EVEN_JAIN 0.95
#define COLUMNS 78

#define LABEL_SIZE (NAME_SIZE + 16)
#define BLAMED_SIZE ((CONVOY_BLAMED_MAX + 1) * (LABEL_SIZE + WORDS_TIME_SIZE + 8))
#define COUNT_SIZE 32
#define TIMES_SIZE (COUNT_SIZE + 8)

const char *tone_name(enum tone tone)
{
	static const char *const names[TONES] = {
		[TONE_PLAIN] = "plain",
		[TONE_GOOD] = "good",
		[TONE_BAD] = "bad",
		[TONE_WARNING] = "warning",
	};

	return names[tone];
}

const char *words_time(char *text, double ns)
{
	static const struct {
		double ns;
		const char *unit;
	} units[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "µs" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		double value = ns / units[i].ns;

		if (value < 0.9995)
			continue;
		snprintf(text, WORDS_TIME_SIZE, "%.*f %s",
			 value < 9.95 ? 2 : value < 99.5 ? 1 : 0, value,
			 units[i].unit);
		return text;
	}
	snprintf(text, WORDS_TIME_SIZE, "%.0f ns", ns);
	return text;
}

__attribute__((format(printf, 3, 4)))
static struct words *say(struct array *words, enum tone tone,
			 const char *format, ...)
{
	struct words *place = array_push(words, sizeof(*place));
	va_list args;

	place->tone = tone;
	place->seat = NONE;
	va_start(args, format);
	if (vasprintf(&place->text, format, args) < 0)
		place->text = strdup("out of memory");
	va_end(args);
	return place;
}

/* The thread's name, and its number if others at the lock have that name. */
static const char *label(char *text, const struct model *model,
			 const struct lock *lock, const struct seat *seat)
{
	const struct thread *thread = model_thread(model, seat->thread);
	unsigned int same = 0;

	for (size_t i = 0; i < lock->seats.count && same < 2; i++) {
		const struct seat *other = lock_seat(model, lock, i);

		same += !strcmp(model_thread(model, other->thread)->name,
				thread->name);
	}
	if (same > 1 || !*thread->name)
		snprintf(text, LABEL_SIZE, "%s (%d)", thread->name,
			 thread->tid);
	else
		snprintf(text, LABEL_SIZE, "%s", thread->name);
	return text;
}

/* With commas between thousands: 1,234. */
static const char *words_count(char *text, uint64_t count)
{
	char digits[COUNT_SIZE];
	int length = snprintf(digits, sizeof(digits), "%llu",
			      (unsigned long long)count);
	char *to = text;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* "once", "twice", "3 times" */
static const char *times(char *text, uint64_t count)
{
	char number[COUNT_SIZE];

	snprintf(text, TIMES_SIZE, "%s times", words_count(number, count));
	return count == 1 ? "once" : count == 2 ? "twice" : text;
}

static void tell_lost(struct array *words, const struct model *model)
{
	uint64_t lost = 0, unknown = 0;

	for (size_t i = 0; i < model->gaps.count; i++) {
		const struct gap *gap = array_at(&model->gaps, struct gap, i);

		lost += gap->count;
		unknown += !gap->count;
	}
	if (!model->gaps.count)
		return;
	if (unknown)
		say(words, TONE_WARNING,
		    "Events were lost in %zu place%s: %llu, and an unknown number in %llu of these places. All figures here are of what is left. Record again with larger buffers (gilrecord -b).",
		    model->gaps.count, plural(model->gaps.count),
		    (unsigned long long)lost, (unsigned long long)unknown);
	else
		say(words, TONE_WARNING,
		    "%llu event%s lost in %zu place%s. All figures here are of what is left. Record again with larger buffers (gilrecord -b).",
		    (unsigned long long)lost, lost == 1 ? " was" : "s were",
		    model->gaps.count, plural(model->gaps.count));
}

void words_of_recording(struct array *words, const struct model *model)
{
	char time[WORDS_TIME_SIZE], locks[32] = "one lock";
	char events[COUNT_SIZE], gil_events[COUNT_SIZE];

	if (model->locks.count != 1)
		snprintf(locks, sizeof(locks), "%zu locks",
			 model->locks.count);
	say(words, TONE_PLAIN,
	    "Recorded %s%s%s: %s events, %s of them from %s%s.",
	    words_time(time, (double)(model->end - model->start)),
	    *model->clock ? " by the clock " : "", model->clock,
	    words_count(events, model->events),
	    words_count(gil_events, model->gil_events), locks,
	    model->gaps.count ? "" : "; none were lost");
	tell_lost(words, model);
	if (!model->sched_events)
		say(words, TONE_WARNING,
		    "The scheduler's events were not recorded, so it is not known whether a thread ran, slept or was preempted.");
}

static void tell_use(struct array *words, const struct lock *lock,
		     const struct lock_figures *figures)
{
	char held[WORDS_TIME_SIZE], span[WORDS_TIME_SIZE];
	char p50[WORDS_TIME_SIZE], p99[WORDS_TIME_SIZE], max[WORDS_TIME_SIZE];
	char often[TIMES_SIZE];
	uint64_t length = figures->last - figures->first;
	uint64_t count = figures->users;

	say(words, TONE_PLAIN,
	    "Lock %u%s was held for %s of the %s between its first and last use (%.0f%%): %s, by %llu thread%s.",
	    lock->nr, lock->nr ? "" : " (the global one)",
	    words_time(held, (double)figures->hold.total),
	    words_time(span, (double)length),
	    length ? 100.0 * (double)figures->hold.total / (double)length : 0,
	    times(often, figures->hold.count), (unsigned long long)count,
	    plural(count));
	if (!figures->wait.count) {
		say(words, TONE_PLAIN, "No thread had to wait for it.");
		return;
	}
	say(words, TONE_PLAIN,
	    "Threads waited %s: median %s, 99th percentile %s, longest %s. Up to %llu waited at once.",
	    times(often, figures->wait.count),
	    words_time(p50, (double)figures->wait.p50),
	    words_time(p99, (double)figures->wait.p99),
	    words_time(max, (double)figures->wait.max),
	    (unsigned long long)figures->most_waiters);
}

/*
 * "hog-0", "hog-0 and hog-1", "hog-0, hog-1, hog-2, hog-3 and 2 others"; with
 * @times "hog-0 (12.0 ms) and hog-1 (8.00 ms)".
 */
static void list_blamed(char *text, const struct model *model,
			const struct lock *lock, const struct blame *blamed,
			size_t count, bool times)
{
	size_t named = count < CONVOY_BLAMED_MAX ? count : CONVOY_BLAMED_MAX;
	char name[LABEL_SIZE], time[WORDS_TIME_SIZE];
	size_t used = 0;

	for (size_t i = 0; i < named; i++) {
		label(name, model, lock, model_seat(model, blamed[i].seat));
		words_time(time, (double)blamed[i].ns);
		used += (size_t)snprintf(text + used, BLAMED_SIZE - used,
					 "%s%s%s%s", i == 0 ? "" :
					 i + 1 == count ? " and " : ", ",
					 name, times ? " for " : "",
					 times ? time : "");
	}
	if (count > named)
		snprintf(text + used, BLAMED_SIZE - used, " and %zu other%s",
			 count - named, plural(count - named));
}

static void tell_one_convoy(struct array *words, const struct model *model,
			    const struct lock *lock,
			    const struct seat_figures *figures)
{
	const struct convoy *convoy = &figures->convoy;
	const struct seat *seat = model_seat(model, figures->seat);
	const struct turn *turn = lock_turn(lock, convoy->example);
	char name[LABEL_SIZE], average[WORDS_TIME_SIZE], all[WORDS_TIME_SIZE];
	char blamed[BLAMED_SIZE], after[64];
	struct words *said;

	list_blamed(blamed, model, lock, convoy->blamed, convoy->blamed_count,
		    false);
	if (convoy->waits == convoy->came_back)
		snprintf(after, sizeof(after), "every one of its %llu",
			 (unsigned long long)convoy->waits);
	else
		snprintf(after, sizeof(after), "%llu of its %llu",
			 (unsigned long long)convoy->waits,
			 (unsigned long long)convoy->came_back);
	said = say(words, TONE_BAD,
		   "Convoy: after %s I/Os, %s waited behind %s: %s on average, %s in all.",
		   after, label(name, model, lock, seat), blamed,
		   words_time(average, (double)convoy->wait_ns /
				       (double)convoy->waits),
		   words_time(all, (double)convoy->wait_ns));
	said->start = turn->requested;
	said->end = turn->granted;
	said->seat = figures->seat;
}

static int compare_convoys(const void *a, const void *b)
{
	const struct seat_figures *x = *(const struct seat_figures **)a;
	const struct seat_figures *y = *(const struct seat_figures **)b;

	return (x->convoy.wait_ns < y->convoy.wait_ns) -
	       (x->convoy.wait_ns > y->convoy.wait_ns);
}

static void tell_no_convoy(struct array *words,
			   const struct lock_figures *figures)
{
	uint64_t back = 0, waits = 0;
	char half[WORDS_TIME_SIZE], back_often[TIMES_SIZE];
	char long_often[TIMES_SIZE];

	for (size_t i = 0; i < figures->seats.count; i++) {
		back += figures_seat(figures, i)->convoy.came_back;
		waits += figures_seat(figures, i)->convoy.waits;
	}
	words_time(half, (double)figures->interval_ns / 2);
	if (!back)
		say(words, TONE_GOOD,
		    "No convoy: no thread came back from I/O or sleep to ask for the lock again.");
	else
		say(words, TONE_GOOD,
		    "No convoy: %s came back from I/O or sleep %s, and %s%s had to wait long (%s, half a switch interval, or more) behind threads that held the lock as long.",
		    back == 1 ? "a thread" : "threads", times(back_often, back),
		    waits ? "only " : "",
		    waits ? times(long_often, waits) : "never", half);
}

/* The lock's policy is known only if it changed while it was recorded. */
static void tell_what_to_try(struct array *words, const struct lock *lock)
{
	if (!strcmp(lock->policy, "io_first") || !strcmp(lock->policy, "fair"))
		return;
	say(words, TONE_BAD,
	    "To try: the policies io_first and fair let a thread that comes back from I/O go first%s%s%s.",
	    *lock->policy ? "; the recorded policy is " : "", lock->policy,
	    *lock->policy ? "" : " (the recording does not tell the policy)");
}

static void tell_convoys(struct array *words, const struct model *model,
			 const struct lock *lock,
			 const struct lock_figures *figures)
{
	struct array found = { 0 };

	for (size_t i = 0; i < figures->seats.count; i++) {
		struct seat_figures *seat = figures_seat(figures, i);

		if (convoy_is_one(&seat->convoy))
			*(struct seat_figures **)array_push(&found,
							    sizeof(seat)) = seat;
	}
	if (!found.count) {
		tell_no_convoy(words, figures);
		return;
	}
	qsort(found.data, found.count, sizeof(struct seat_figures *),
	      compare_convoys);
	for (size_t i = 0; i < found.count && i < CONVOYS_TOLD; i++)
		tell_one_convoy(words, model, lock,
				*array_at(&found, struct seat_figures *, i));
	tell_what_to_try(words, lock);
	if (found.count > CONVOYS_TOLD)
		say(words, TONE_BAD,
		    "%zu more thread%s waited in a convoy, for less time in all: see the table.",
		    found.count - CONVOYS_TOLD,
		    plural(found.count - CONVOYS_TOLD));
	array_free(&found);
}

static int compare_waits(const void *a, const void *b)
{
	const struct seat_figures *x = *(const struct seat_figures **)a;
	const struct seat_figures *y = *(const struct seat_figures **)b;

	return (x->wait.total < y->wait.total) - (x->wait.total > y->wait.total);
}

/* The threads that waited longest, and the owners that they waited behind. */
static void tell_behind(struct array *words, const struct model *model,
			const struct lock *lock,
			const struct lock_figures *figures)
{
	struct array found = { 0 };

	for (size_t i = 0; i < figures->seats.count; i++) {
		struct seat_figures *seat = figures_seat(figures, i);

		if (seat->behind.count)
			*(struct seat_figures **)array_push(&found,
							    sizeof(seat)) = seat;
	}
	if (found.count)
		qsort(found.data, found.count, sizeof(struct seat_figures *),
		      compare_waits);
	for (size_t i = 0; i < found.count && i < WAITERS_TOLD; i++) {
		const struct seat_figures *seat =
			*array_at(&found, struct seat_figures *, i);
		char name[LABEL_SIZE], all[WORDS_TIME_SIZE];
		char blamed[BLAMED_SIZE];

		list_blamed(blamed, model, lock, seat->behind.data,
			    seat->behind.count, true);
		say(words, TONE_PLAIN, "%s waited %s in all, behind %s.",
		    label(name, model, lock, model_seat(model, seat->seat)),
		    words_time(all, (double)seat->wait.total), blamed);
	}
	array_free(&found);
}

static const char *evenly(const struct fairness *fairness)
{
	return fairness->jain >= EVEN_JAIN ? "evenly" : "unevenly";
}

static void tell_fairness(struct array *words, const struct model *model,
			  const struct lock *lock,
			  const struct lock_figures *figures)
{
	const struct fairness *hold = &figures->hold_ns;
	const struct fairness *turns = &figures->turns;
	char most_name[LABEL_SIZE], least_name[LABEL_SIZE];
	char most[WORDS_TIME_SIZE], least[WORDS_TIME_SIZE];
	char left_out[64] = "";

	if (hold->threads < 2)
		return;
	if (hold->left_out)
		snprintf(left_out, sizeof(left_out),
			 " %u other%s did not compete with these.",
			 hold->left_out, plural(hold->left_out));
	say(words, TONE_PLAIN,
	    "Among the %u threads that waited for each other, hold time was shared %s (Jain's index %.2f; 1 = equal shares): %s had the most, %s, %s the least, %s. Turns were shared %s (%.2f).%s",
	    hold->threads, evenly(hold), hold->jain,
	    label(most_name, model, lock, model_seat(model, hold->most_seat)),
	    words_time(most, (double)hold->most),
	    label(least_name, model, lock, model_seat(model, hold->least_seat)),
	    words_time(least, (double)hold->least), evenly(turns), turns->jain,
	    left_out);
}

static void tell_off_cpu(struct array *words,
			 const struct lock_figures *figures)
{
	uint64_t ready = 0, asleep = 0;
	char time[WORDS_TIME_SIZE];

	for (size_t i = 0; i < figures->seats.count; i++) {
		const struct seat_figures *seat = figures_seat(figures, i);

		ready += seat->state_ns[LANE_HELD_READY];
		asleep += seat->state_ns[LANE_HELD_ASLEEP];
	}
	if ((double)ready > (double)figures->hold.total * OFF_CPU_SHARE)
		say(words, TONE_PLAIN,
		    "Owners were preempted for %s while they had the lock.",
		    words_time(time, (double)ready));
	if ((double)asleep > (double)figures->hold.total * OFF_CPU_SHARE)
		say(words, TONE_BAD,
		    "Owners slept for %s while they had the lock. No other thread could use it then.",
		    words_time(time, (double)asleep));
}

static void tell_interval(struct array *words, const struct lock *lock,
			  const struct lock_figures *figures)
{
	char time[WORDS_TIME_SIZE], often[TIMES_SIZE];

	words_time(time, (double)figures->interval_ns);
	if (figures->interval_seen && lock->drops.count)
		say(words, TONE_PLAIN,
		    "The switch interval (about %s) ran out %s, and the owner was asked to drop the lock.",
		    time, times(often, lock->drops.count));
	else
		say(words, TONE_PLAIN,
		    "No owner was asked to drop the lock. Switch interval: %s (%s).",
		    time, figures->interval_seen ? "from --interval" :
						   "assumed");
}

static void tell_deaths(struct array *words, const struct model *model,
			const struct lock *lock)
{
	size_t told = 0;

	for (size_t i = 0; i < lock->marks.count && told < DEATHS_TOLD; i++) {
		const struct mark *mark = array_at(&lock->marks, struct mark, i);
		char name[LABEL_SIZE], time[WORDS_TIME_SIZE];
		struct words *said;

		if (mark->kind != MARK_DIED)
			continue;
		words_time(time, (double)(mark->time - model->start));
		said = say(words, TONE_BAD,
			   "Thread %s died while it owned the lock, %s after the start; the next owner was told.",
			   label(name, model, lock,
				 model_seat(model, mark->seat)), time);
		said->start = mark->time - model->start > AROUND_NS ?
			      mark->time - AROUND_NS : model->start;
		said->end = mark->time;
		said->seat = mark->seat;
		told++;
	}
	if (lock->owners_died > told)
		say(words, TONE_BAD, "%llu more thread%s died while owning the lock.",
		    (unsigned long long)(lock->owners_died - told),
		    plural(lock->owners_died - told));
}

/* What the kernel did for bound threads without being asked. */
static void tell_bound(struct array *words, const struct model *model,
		       const struct lock *lock,
		       const struct lock_figures *figures)
{
	uint64_t bound = 0, slices = 0, taken = 0, backs = 0;
	char often[TIMES_SIZE], back_often[TIMES_SIZE];

	for (size_t i = 0; i < lock->marks.count; i++) {
		const struct mark *mark = array_at(&lock->marks, struct mark, i);

		bound += mark->kind == MARK_BOUND;
		slices += mark->kind == MARK_BOUND &&
			  mark->flags & GIL_BIND_SLICE;
	}
	for (size_t i = 0; i < figures->seats.count; i++) {
		taken += figures_seat(figures, i)->taken;
		backs += lock_seat(model, lock, i)->io_backs;
	}
	if (bound == 1)
		say(words, TONE_PLAIN,
		    "One thread was bound to the lock, %s the switch interval enforced.",
		    slices ? "with" : "without");
	else if (bound)
		say(words, TONE_PLAIN,
		    "Threads were bound to the lock %s, of which %llu with the switch interval enforced.",
		    times(often, bound), (unsigned long long)slices);
	if (taken)
		say(words, TONE_PLAIN,
		    "When an owner blocked, the kernel released the lock for it (%s) and took it back before the thread went on (%s).",
		    times(often, taken), times(back_often, backs));
}

static void tell_policies(struct array *words, const struct model *model,
			  const struct lock *lock)
{
	size_t told = 0;

	for (size_t i = 0; i < lock->marks.count && told < POLICIES_TOLD; i++) {
		const struct mark *mark = array_at(&lock->marks, struct mark, i);
		char time[WORDS_TIME_SIZE];

		if (mark->kind != MARK_POLICY)
			continue;
		words_time(time, (double)(mark->time - model->start));
		say(words, TONE_PLAIN,
		    "Its policy became %s %s after the start.", mark->name,
		    time);
		told++;
	}
}

static void tell_oddities(struct array *words, const struct lock *lock,
			  const struct lock_figures *figures)
{
	char count[COUNT_SIZE];

	if (figures->gave_up)
		say(words, TONE_PLAIN,
		    "%llu request%s left the queue without the lock (timeout, signal or cancel). No event says when, so the time is a guess.",
		    (unsigned long long)figures->gave_up,
		    plural(figures->gave_up));
	if (lock->repaired)
		say(words, TONE_WARNING,
		    "%s turn%s incomplete (begun before the recording, or an event is missing); the gaps were filled in from the next event.",
		    words_count(count, lock->repaired),
		    lock->repaired == 1 ? " is" : "s are");
}

void words_of_lock(struct array *words, const struct model *model,
		   const struct figures *figures, size_t index)
{
	const struct lock *lock = model_lock(model, index);
	const struct lock_figures *of = figures_lock(figures, index);

	tell_deaths(words, model, lock);
	tell_convoys(words, model, lock, of);
	tell_behind(words, model, lock, of);
	tell_use(words, lock, of);
	tell_fairness(words, model, lock, of);
	tell_off_cpu(words, of);
	tell_interval(words, lock, of);
	tell_policies(words, model, lock);
	tell_bound(words, model, lock, of);
	tell_oddities(words, lock, of);
}

void words_free(struct array *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(array_at(words, struct words, i)->text);
	array_free(words);
}

/* In lines that fit a terminal, in characters that every terminal can show. */
static void print_wrapped(char *text, FILE *file)
{
	size_t column = 0;
	char *micro;

	while ((micro = strstr(text, " µs"))) {
		micro[1] = 'u';
		memmove(micro + 2, micro + 3, strlen(micro + 3) + 1);
	}
	wash_terminal(text, strlen(text) + 1, text);
	while (*text) {
		size_t length = strcspn(text, " ");

		if (column && column + 1 + length > COLUMNS) {
			fputs("\n ", file);
			column = 1;
		}
		fprintf(file, "%s%.*s", column ? " " : "", (int)length, text);
		column += length + (column > 0);
		text += length;
		text += strspn(text, " ");
	}
	putc('\n', file);
}

void words_print(const struct array *words, FILE *file)
{
	for (size_t i = 0; i < words->count; i++)
		print_wrapped(array_at(words, struct words, i)->text, file);
}
