// SPDX-License-Identifier: GPL-2.0
/* The report as a JSON document. */
#include <sys/wait.h>

#include "args/json.h"
#include "report.h"

static json_t *program(const struct options *options)
{
	json_t *list = json_array();

	for (char **arg = options->program; *arg; arg++)
		json_array_append_new(list, value_text(*arg));
	return list;
}

static json_t *parameters(const struct report *report)
{
	const struct options *options = report->options;

	return json_pack("{s:o, s:s, s:o, s:I, s:I, s:b}",
			 "program", program(options),
			 "level", level_name(options->level),
			 "policy", value_text(report->policy),
			 "interval_ns", (json_int_t)report->interval_ns,
			 "grace_ns", (json_int_t)report->grace_ns,
			 "per_process", options->per_process);
}

static json_t *span_json(const struct span *span)
{
	return json_pack("{s:I, s:I, s:I}",
			 "count", (json_int_t)span->count,
			 "total_ns", (json_int_t)span->total_ns,
			 "max_ns", (json_int_t)span->max_ns);
}

static json_t *figures(const struct thread *thread)
{
	return json_pack("{s:I, s:o, s:o, s:I, s:I}",
			 "cpu_ns", (json_int_t)thread->cpu_ns,
			 "hold", span_json(&thread->hold),
			 "wait", span_json(&thread->wait),
			 "io_releases", (json_int_t)thread->io_releases,
			 "forced_switches",
			 (json_int_t)thread->forced_switches);
}

static json_t *thread_json(const struct thread *thread)
{
	json_t *object = json_pack("{s:I, s:I, s:I, s:o}",
				   "lock", (json_int_t)thread->lock,
				   "process", (json_int_t)thread->pid,
				   "thread", (json_int_t)thread->tid,
				   "name", value_text(thread->name));

	json_object_update_new(object, figures(thread));
	return object;
}

static json_t *threads(const struct records *records)
{
	json_t *list = json_array();

	for (size_t i = 0; i < records->count; i++)
		json_array_append_new(list, thread_json(&records->threads[i]));
	return list;
}

/* One of the two is null. */
static json_t *ending(int status)
{
	bool killed = WIFSIGNALED(status);

	return json_pack("{s:o, s:o}",
			 "status",
			 killed ? json_null() : json_integer(WEXITSTATUS(status)),
			 "signal",
			 killed ? json_integer(WTERMSIG(status)) : json_null());
}

static json_t *document(const struct report *report)
{
	const struct outcome *outcome = report->outcome;
	const struct records *records = report->records;
	struct thread total = records_total(records);
	static const char form[] =
		"{s:o, s:o, s:f, s:f, s:f, s:o, s:o, s:I, s:b}";
	json_t *body = json_pack(form,
				 "parameters", parameters(report),
				 "exit", ending(outcome->status),
				 "elapsed_s", (double)outcome->elapsed_ns / 1e9,
				 "user_s",
				 timeval_seconds(&outcome->usage.ru_utime),
				 "system_s",
				 timeval_seconds(&outcome->usage.ru_stime),
				 "threads", threads(records),
				 "total", figures(&total),
				 "lost", (json_int_t)records->lost,
				 "complete", records->complete);

	return document_new("gilrun/1", body);
}

int report_json(const struct report *report, FILE *file)
{
	return document_write(document(report), file, JSON_INDENT(2));
}
