// SPDX-License-Identifier: GPL-2.0
/* The report as text, 80 columns wide unless there are several locks. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "args/wash.h"
#include "report.h"

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static void print_ending(const struct report *report, FILE *file)
{
	int status = report->outcome->status;

	fprintf(file, "gilrun: %s ", WASHED(report->options->program[0]));
	if (WIFSIGNALED(status))
		fprintf(file, "was ended by signal %d (%s)\n",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		fprintf(file, "exited with status %d\n", WEXITSTATUS(status));
}

static void print_settings(const struct report *report, FILE *file)
{
	const struct options *options = report->options;

	fprintf(file,
		"  level %s, policy %s, interval %g ms, grace %g ms, %s\n",
		level_name(options->level), report->policy,
		(double)report->interval_ns / 1e6,
		(double)report->grace_ns / 1e6,
		options->per_process ? "a lock for each process" : "one lock");
}

/* The program's whole CPU time, whether it held a lock or not. */
static void print_times(const struct report *report, FILE *file)
{
	const struct outcome *outcome = report->outcome;

	fprintf(file, "  %.3f s elapsed, %.3f s user, %.3f s system\n\n",
		seconds(outcome->elapsed_ns),
		timeval_seconds(&outcome->usage.ru_utime),
		timeval_seconds(&outcome->usage.ru_stime));
}

static void print_figures(const struct thread *thread, FILE *file)
{
	char name[sizeof(thread->name)];

	wash_terminal(name, sizeof(name), thread->name);
	fprintf(file, "%-*s %9.3f %9.3f %9.3f %8llu %7llu\n",
		wash_width(name, 15), name, seconds(thread->cpu_ns),
		seconds(thread->hold.total_ns),
		seconds(thread->wait.total_ns),
		(unsigned long long)thread->io_releases,
		(unsigned long long)thread->forced_switches);
}

static void print_table(const struct report *report, FILE *file)
{
	const struct records *records = report->records;
	bool locks = report->options->per_process;
	struct thread total = records_total(records);

	if (locks)
		fprintf(file, "%5s ", "LOCK");
	fprintf(file, "%7s %7s %-15s %9s %9s %9s %8s %7s\n", "PROCESS",
		"THREAD", "NAME", "CPU s", "HOLD s", "WAIT s", "I/O REL.",
		"FORCED");
	for (size_t i = 0; i < records->count; i++) {
		const struct thread *thread = &records->threads[i];

		if (locks)
			fprintf(file, "%5u ", thread->lock);
		fprintf(file, "%7u %7u ", thread->pid, thread->tid);
		print_figures(thread, file);
	}
	if (locks)
		fprintf(file, "%5s ", "");
	fprintf(file, "%15zu ", records->count);
	print_figures(&total, file);
}

static void print_missing(const struct report *report, FILE *file)
{
	const struct records *records = report->records;

	if (records->lost)
		fprintf(file, "  the figures of %llu more threads were lost\n",
			(unsigned long long)records->lost);
	if (!records->complete)
		fputs("  some threads had not ended yet: their figures are missing\n",
		      file);
}

int report_text(const struct report *report, FILE *file)
{
	print_ending(report, file);
	print_settings(report, file);
	print_times(report, file);
	print_table(report, file);
	print_missing(report, file);
	return fflush(file) || ferror(file) ? errno ?: EIO : 0;
}
