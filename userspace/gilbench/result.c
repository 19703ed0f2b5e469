// SPDX-License-Identifier: GPL-2.0
/* Collecting the samples and verdicts of one workload. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "result.h"
#include "sample.h"
#include "workload.h"

static void die_out_of_memory(void)
{
	fputs("gilbench: out of memory for the results\n", stderr);
	exit(1);
}

int result_init(struct result *result, const struct workload *workload,
		const struct lock_ops *lock)
{
	memset(result, 0, sizeof(*result));
	result->workload = workload;
	result->lock = lock;
	result->current = result->findings;
	result->details = json_object();
	return result->details ? 0 : -1;
}

void result_free(struct result *result)
{
	for (unsigned int i = 0; i < result->figure_count; i++)
		free(result->figures[i].samples);
	json_decref(result->details);
}

static const struct figure *find(const struct result *result, const char *name)
{
	for (unsigned int i = 0; i < result->figure_count; i++)
		if (!strcmp(result->figures[i].name, name))
			return &result->figures[i];
	return NULL;
}

void result_figure(struct result *result, const char *name, const char *unit,
		   const char *baseline)
{
	struct figure *figure = &result->figures[result->figure_count];

	if (result->figure_count == RESULT_FIGURES_MAX) {
		fprintf(stderr, "gilbench: no room for figure %s\n", name);
		abort();
	}
	if (!baseline)
		baseline = result->workload->baseline;
	snprintf(figure->name, sizeof(figure->name), "%s", name);
	snprintf(figure->baseline, sizeof(figure->baseline), "%s", baseline);
	figure->unit = unit;
	result->figure_count++;
}

void result_sample(struct result *result, const char *name, double value)
{
	struct figure *figure = (struct figure *)find(result, name);
	double *samples;

	if (!figure) {
		fprintf(stderr, "gilbench: no figure %s\n", name);
		abort();
	}
	samples = realloc(figure->samples,
			  (figure->count + 1) * sizeof(*samples));
	if (!samples)
		die_out_of_memory();
	samples[figure->count++] = value;
	figure->samples = samples;
}

void result_sample_ns(struct result *result, const char *name, double ns)
{
	result_sample(result, name, ns / NS_PER_S);
}

const double *result_samples(const struct result *result, const char *name,
			     size_t *count)
{
	const struct figure *figure = find(result, name);

	*count = figure ? figure->count : 0;
	return figure ? figure->samples : NULL;
}

double result_median(const struct result *result, const char *name)
{
	const struct figure *figure = find(result, name);

	return figure ? sample_median(figure->samples, figure->count) : NAN;
}

double result_ratio(const struct result *result, const char *name)
{
	const struct figure *figure = find(result, name);
	double baseline;

	if (!figure || !figure->baseline[0])
		return NAN;
	baseline = result_median(result, figure->baseline);
	return baseline > 0 ? result_median(result, name) / baseline : NAN;
}

double result_spread(const struct result *result, const char *name)
{
	const struct figure *figure = find(result, name);
	double least, most;

	if (!figure || figure->count < 2)
		return NAN;
	least = figure->samples[0];
	most = least;
	for (size_t i = 1; i < figure->count; i++) {
		least = fmin(least, figure->samples[i]);
		most = fmax(most, figure->samples[i]);
	}
	return (most - least) / result_median(result, name);
}

void result_about(struct result *result, unsigned int claim)
{
	result->current = &result->findings[claim];
}

void result_seen(struct result *result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(result->current->seen, RESULT_TEXT_MAX, format, args);
	va_end(args);
}

void result_judge(struct result *result, bool held)
{
	result->current->verdict = held ? VERDICT_HELD :
					  VERDICT_NOT_HELD;
}

void result_not_judged(struct result *result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(result->current->reason, RESULT_TEXT_MAX, format, args);
	va_end(args);
	result->current->verdict = VERDICT_NOT_JUDGED;
}

void result_not_run(struct result *result, const char *reason)
{
	for (unsigned int i = 0; result->workload->claims[i].text; i++) {
		result_about(result, i);
		result_seen(result, "nothing was run");
		result_not_judged(result, "%s", reason);
	}
}

void result_detail(struct result *result, const char *name, json_t *value)
{
	if (json_object_set_new(result->details, name, value))
		die_out_of_memory();
}

bool result_failed(const struct result *result)
{
	for (unsigned int i = 0; i < RESULT_CLAIMS_MAX; i++)
		if (result->findings[i].verdict == VERDICT_NOT_HELD)
			return true;
	return false;
}

const char *verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_HELD:
		return "held";
	case VERDICT_NOT_HELD:
		return "not held";
	default:
		return "not judged";
	}
}
