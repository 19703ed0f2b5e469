/* SPDX-License-Identifier: GPL-2.0 */
/* What is computed from samples. */
#ifndef GILBENCH_SAMPLE_H
#define GILBENCH_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* The middle sample, or the mean of the two in the middle; NAN of none. */
double sample_median(const double *samples, size_t n);

/*
 * The smallest sample that at least the fraction q of all do not exceed; 0 of
 * none. Sorts the samples.
 */
uint64_t sample_quantile(uint64_t *samples, size_t n, double q);

/*
 * Jain's index of fairness: (sum x)^2 / (n * sum x^2). It is 1 if all have
 * the same, and 1/n if one has everything.
 */
double sample_jain(const double *shares, size_t n);

#endif
