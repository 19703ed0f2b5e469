/* SPDX-License-Identifier: GPL-2.0 */
/* What one workload found: its figures, what they show, and the verdicts. */
#ifndef GILBENCH_RESULT_H
#define GILBENCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define RESULT_FIGURES_MAX 64
#define RESULT_NAME_MAX 24
#define RESULT_TEXT_MAX 320

struct workload;
struct lock_ops;

/* Some workloads test more than one claim on the same figures. */
#define RESULT_CLAIMS_MAX 3

enum verdict {
	VERDICT_NONE,
	VERDICT_HELD,
	VERDICT_NOT_HELD,
	VERDICT_NOT_JUDGED,
};

struct figure {
	char name[RESULT_NAME_MAX];
	const char *unit;
	/* The figure that this one is divided by for its ratio; "": none. */
	char baseline[RESULT_NAME_MAX];
	double *samples;
	size_t count;
};

/* What was found about one claim. */
struct finding {
	char seen[RESULT_TEXT_MAX];
	enum verdict verdict;
	char reason[RESULT_TEXT_MAX];
};

struct result {
	const struct workload *workload;
	const struct lock_ops *lock;
	struct figure figures[RESULT_FIGURES_MAX];
	unsigned int figure_count;
	/* One for each of the workload's claims. */
	struct finding findings[RESULT_CLAIMS_MAX];
	struct finding *current;
	json_t *details;
};

int result_init(struct result *result, const struct workload *workload,
		const struct lock_ops *lock);
void result_free(struct result *result);

/*
 * Declare a figure before its first sample; figures show in this order.
 * A NULL baseline is the workload's, "" none.
 */
void result_figure(struct result *result, const char *name, const char *unit,
		   const char *baseline);
void result_sample(struct result *result, const char *name, double value);
/* A sample in seconds, from nanoseconds. */
void result_sample_ns(struct result *result, const char *name, double ns);

/* All samples of a figure; NULL when there is no such figure. */
const double *result_samples(const struct result *result, const char *name,
			     size_t *count);

/* NAN when there are no samples, or nothing to compare with. */
double result_median(const struct result *result, const char *name);
double result_ratio(const struct result *result, const char *name);
/* (largest - smallest sample) / median; NAN with fewer than two samples. */
double result_spread(const struct result *result, const char *name);

/* Choose the claim that the next calls are about. At first it is claim 0. */
void result_about(struct result *result, unsigned int claim);
void result_seen(struct result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void result_judge(struct result *result, bool held);
void result_not_judged(struct result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Say of every claim that nothing was run, and why. */
void result_not_run(struct result *result, const char *reason);

/* Add a detail for the JSON document. Takes over the reference to value. */
void result_detail(struct result *result, const char *name, json_t *value);

/* Whether a claim did not hold. */
bool result_failed(const struct result *result);

const char *verdict_name(enum verdict verdict);

#endif
