// SPDX-License-Identifier: GPL-2.0
/* gilreport: make a page, a trace, tables and a summary of a recording. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "args/json.h"
#include "args/output.h"
#include "events.h"
#include "gzip.h"
#include "options.h"
#include "reader.h"
#include "report.h"

static const struct {
	const char *name;
	int (*write)(const struct report *report, FILE *file);
	bool gzip;
} forms[] = {
	{ "report.html", page_write, false },
	{ "trace.json.gz", perfetto_write, true },
	{ "turns.csv", csv_write_turns, false },
	{ "threads.csv", csv_write_threads, false },
	{ "behind.csv", csv_write_behind, false },
};

static int complain(const char *path)
{
	fprintf(stderr, "gilreport: cannot write %s: %s: choose another DIR with -o\n",
		path, strerror(errno));
	return -1;
}

static int write_form(const struct report *report, const char *directory,
		      size_t form)
{
	char path[4096];
	pid_t gzip = 0;
	FILE *file;
	int error, closed;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory,
			     forms[form].name) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return complain(directory);
	}
	file = forms[form].gzip ? gzip_open(path, &gzip) : fopen(path, "w");
	if (!file)
		return complain(path);
	errno = 0;
	error = forms[form].write(report, file);
	if (!error && ferror(file))
		error = errno ? errno : EIO;
	closed = gzip ? gzip_close(file, gzip) : fclose(file) ? errno : 0;
	errno = closed ? closed : error;
	if (errno)
		return complain(path);
	return 0;
}

static int write_forms(const struct report *report, const char *directory)
{
	if (mkdir(directory, 0777) && errno != EEXIST)
		return complain(directory);
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (write_form(report, directory, i))
			return -1;
	return 0;
}

/* On stderr too, because not everybody reads the summary. */
static void warn_of_loss(const struct model *model)
{
	for (size_t i = 0; i < model->gaps.count; i++) {
		const struct gap *gap = array_at(&model->gaps, struct gap, i);

		if (gap->count)
			fprintf(stderr, "gilreport: CPU %u lost %llu events",
				gap->cpu, (unsigned long long)gap->count);
		else
			fprintf(stderr, "gilreport: CPU %u lost an unknown number of events",
				gap->cpu);
		fprintf(stderr, ", %.6f s to %.6f s\n", (double)gap->start / 1e9,
			(double)gap->end / 1e9);
	}
}

static int print_words(const struct report *report, const char *directory)
{
	struct array words = { 0 };

	words_of_recording(&words, report->model);
	words_print(&words, stdout);
	words_free(&words);
	for (size_t i = 0; i < report->model->locks.count; i++) {
		putchar('\n');
		words_of_lock(&words, report->model, report->figures, i);
		words_print(&words, stdout);
		words_free(&words);
	}
	printf("\nOpen %s/report.html in a browser.\n", directory);
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	output_failed(errno ? errno : EIO);
	return -1;
}

static int print_json(const struct report *report)
{
	int error = document_write(document_make(report), stdout,
				   JSON_INDENT(2));

	if (error)
		output_failed(error);
	return error ? -1 : 0;
}

static int make_report(const struct options *options, const struct model *model)
{
	const char *slash = strrchr(options->trace, '/');
	struct figures figures;
	struct report report = {
		.model = model,
		.figures = &figures,
		.interval_ns = options->interval_ns,
	};
	int error;

	model_wash(report.trace, sizeof(report.trace),
		   slash ? slash + 1 : options->trace);
	figures_make(&figures, model, options->interval_ns);
	error = write_forms(&report, options->output);
	if (!error)
		error = options->json ? print_json(&report) :
					print_words(&report, options->output);
	figures_free(&figures);
	return error;
}

/* So that no part of a document is missing because memory ran out. */
static void *allocate(size_t size)
{
	return xcalloc(size, 1);
}

int main(int argc, char **argv)
{
	struct options options;
	struct model model;
	int error;

	json_set_alloc_funcs(allocate, free);
	options_parse(&options, argc, argv);
	model_init(&model);
	error = reader_read(&model, options.trace);
	if (!error)
		warn_of_loss(&model);
	if (!error && options.events)
		error = events_print(&model, options.trace, stdout);
	else if (!error)
		error = make_report(&options, &model);
	model_free(&model);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
