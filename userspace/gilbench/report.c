// SPDX-License-Identifier: GPL-2.0
/* Results as text for people, or as one JSON document. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "args/json.h"
#include "args/output.h"
#include "report.h"
#include "workload.h"

static void format_seconds(char *text, size_t size, double s)
{
	if (s >= 1)
		snprintf(text, size, "%.3f s", s);
	else if (s >= 0.001)
		snprintf(text, size, "%.3f ms", s * 1e3);
	else if (s >= 0.000001)
		snprintf(text, size, "%.3f us", s * 1e6);
	else
		snprintf(text, size, "%.1f ns", s * 1e9);
}

static void format_value(char *text, size_t size, const struct figure *figure,
			 double value)
{
	if (isnan(value))
		snprintf(text, size, "-");
	else if (!strcmp(figure->unit, "s"))
		format_seconds(text, size, value);
	else
		snprintf(text, size, "%.5g %s", value, figure->unit);
}

static void print_figure(const struct result *result,
			 const struct figure *figure)
{
	double ratio = result_ratio(result, figure->name);
	char value[40], relative[24] = "";

	format_value(value, sizeof(value), figure,
		     result_median(result, figure->name));
	if (!isnan(ratio))
		snprintf(relative, sizeof(relative), "%.3f", ratio);
	printf("  %-18s %16s %10s  %s\n", figure->name, value, relative,
	       isnan(ratio) ? "" : figure->baseline);
}

static void print_list(const struct result *result)
{
	if (result->figure_count)
		printf("  %-18s %16s %10s  %s\n", "figure", "median", "ratio",
		       "to");
	for (unsigned int i = 0; i < result->figure_count; i++)
		print_figure(result, &result->figures[i]);
}

/* The part of a figure's name that says its row. */
static const char *row_of(const struct figure *figure)
{
	return strchr(figure->name, '.') + 1;
}

/* The ratio to another figure if there is one, otherwise the figure. */
static void print_cell(const struct result *result,
		       const struct figure *figure)
{
	double ratio = result_ratio(result, figure->name);
	char text[40];

	if (isnan(ratio) || !strcmp(figure->baseline, figure->name))
		format_value(text, sizeof(text), figure,
			     result_median(result, figure->name));
	else
		snprintf(text, sizeof(text), "x %.2f", ratio);
	printf(" %13s", text);
}

static bool first_of_row(const struct result *result, unsigned int n)
{
	const char *row = row_of(&result->figures[n]);

	while (n--)
		if (!strcmp(row_of(&result->figures[n]), row))
			return false;
	return true;
}

static void print_headings(const struct result *result)
{
	const struct figure *figure = result->figures;
	const char *row = row_of(figure);

	printf("  %-12s", "");
	for (unsigned int i = 0; i < result->figure_count; i++, figure++)
		if (!strcmp(row_of(figure), row))
			printf(" %13.*s",
			       (int)(row_of(figure) - figure->name - 1),
			       figure->name);
	putchar('\n');
}

static void print_table(const struct result *result)
{
	const struct figure *figures = result->figures;

	if (!result->figure_count)
		return;
	print_headings(result);
	for (unsigned int i = 0; i < result->figure_count; i++) {
		if (!first_of_row(result, i))
			continue;
		printf("  %-12s", row_of(&figures[i]));
		for (unsigned int j = i; j < result->figure_count; j++)
			if (!strcmp(row_of(&figures[j]), row_of(&figures[i])))
				print_cell(result, &figures[j]);
		putchar('\n');
	}
}

static void print_finding(const struct claim *claim,
			  const struct finding *finding)
{
	printf("  claim:   %s\n", claim->text);
	printf("  seen:    %s\n", finding->seen);
	printf("  verdict: %s%s%s\n", verdict_name(finding->verdict),
	       finding->reason[0] ? ": " : "", finding->reason);
}

void report_text(const struct result *result)
{
	printf("%s on %s\n", result->workload->name, result->lock->name);
	if (result->workload->table)
		print_table(result);
	else
		print_list(result);
	for (unsigned int i = 0; result->workload->claims[i].text; i++)
		print_finding(&result->workload->claims[i],
			      &result->findings[i]);
	putchar('\n');
	if (fflush(stdout))
		output_failed(errno);
}

static json_t *parameters(const struct options *options)
{
	const struct lock_options *lock = &options->lock_options;
	json_t *list = json_array();

	for (unsigned int i = 0; i < options->workload_count; i++)
		json_array_append_new(list,
				      json_string(options->workloads[i]->name));
	return json_pack("{s:s, s:s, s:o?, s:I, s:i, s:i, s:I, s:i, s:i, s:b, s:o}",
			 "lock", options->lock->name,
			 "level", level_name(lock->level),
			 "policy", lock->policy ? value_text(lock->policy) : NULL,
			 "interval_ns", (json_int_t)lock->interval_ns,
			 "threads", (int)options->threads,
			 "procs", (int)options->procs,
			 "count", (json_int_t)options->count,
			 "repeat", (int)options->repeat,
			 "timeout_s", (int)options->timeout_s,
			 "quick", options->quick,
			 "workloads", list);
}

json_t *report_json(const struct options *options)
{
	return document_new("gilbench/1",
			    json_pack("{s:o, s:[]}",
				      "parameters", parameters(options),
				      "results"));
}

static json_t *real_or_null(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *figure_json(const struct result *result,
			   const struct figure *figure)
{
	json_t *samples = json_array();

	for (size_t i = 0; i < figure->count; i++)
		json_array_append_new(samples, json_real(figure->samples[i]));
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s}",
			 "name", figure->name,
			 "unit", figure->unit,
			 "samples", samples,
			 "median",
			 real_or_null(result_median(result, figure->name)),
			 "ratio",
			 real_or_null(result_ratio(result, figure->name)),
			 "baseline", figure->baseline);
}

/* An entry for each claim. Each has all figures, because they are few. */
static json_t *entry_json(const struct result *result, unsigned int claim)
{
	const struct workload *workload = result->workload;
	const struct finding *finding = &result->findings[claim];
	json_t *figures = json_array();

	for (unsigned int i = 0; i < result->figure_count; i++)
		json_array_append_new(figures,
				      figure_json(result, &result->figures[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:O}",
			 "workload", workload->name,
			 "aspect", workload->claims[claim].aspect,
			 "lock", result->lock->name,
			 "claim", workload->claims[claim].text,
			 "seen", finding->seen,
			 "verdict", verdict_name(finding->verdict),
			 "reason", finding->reason,
			 "baseline", workload->baseline,
			 "figures", figures,
			 "details", result->details);
}

int report_json_add(json_t *document, const struct result *result)
{
	json_t *results = json_object_get(document, "results");

	for (unsigned int i = 0; result->workload->claims[i].text; i++)
		if (json_array_append_new(results, entry_json(result, i)))
			return -1;
	return 0;
}
