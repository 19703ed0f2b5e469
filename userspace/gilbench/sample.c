// SPDX-License-Identifier: GPL-2.0
/* Medians, quantiles and an index of fairness. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

double sample_median(const double *samples, size_t n)
{
	double median, *sorted;

	if (!n)
		return NAN;
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return NAN;
	memcpy(sorted, samples, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_double);
	median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
	free(sorted);
	return median;
}

uint64_t sample_quantile(uint64_t *samples, size_t n, double q)
{
	size_t rank;

	if (!n)
		return 0;
	qsort(samples, n, sizeof(*samples), compare_u64);
	rank = (size_t)ceil(q * (double)n);
	return samples[rank ? rank - 1 : 0];
}

double sample_jain(const double *shares, size_t n)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += shares[i];
		squares += shares[i] * shares[i];
	}
	return squares > 0 ? sum * sum / ((double)n * squares) : 0;
}
