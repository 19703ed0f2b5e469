/* SPDX-License-Identifier: GPL-2.0 */
/* Figures from samples. */
#ifndef GILBENCH_SAMPLE_H
#define GILBENCH_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* The middle one, or the mean of the two in the middle; NAN of none. */
double sample_median(const double *samples, size_t n);

/* Sorts the samples. The smallest that q of them do not exceed; 0 of none. */
uint64_t sample_quantile(uint64_t *samples, size_t n, double q);

/*
 * Jain's index of fairness: (sum x)^2 / (n * sum x^2). 1: all have the same;
 * 1/n: one has everything.
 */
double sample_jain(const double *shares, size_t n);

#endif
