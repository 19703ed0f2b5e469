/* SPDX-License-Identifier: GPL-2.0 */
/* What the figures come to, in words. */
#ifndef GILREPORT_WORDS_H
#define GILREPORT_WORDS_H

#include <stdio.h>

#include "figures.h"

enum tone {
	TONE_PLAIN,
	TONE_GOOD,
	TONE_BAD, /* the lock's users suffer */
	TONE_WARNING, /* the recording is not whole */
	TONES,
};

const char *tone_name(enum tone tone);

/* A few sentences. If start < end, that stretch of time shows what they say. */
struct words {
	enum tone tone;
	char *text;
	uint64_t start, end;
	uint32_t seat; /* whose lane shows it, or NONE */
};

/*
 * Append to @words (struct words) what there is to say about the recording, or
 * about one lock.
 */
void words_of_recording(struct array *words, const struct model *model);
void words_of_lock(struct array *words, const struct model *model,
		   const struct figures *figures, size_t lock);
void words_free(struct array *words);

void words_print(const struct array *words, FILE *file);

/* A time as people write it: 4.9 ms. */
#define WORDS_TIME_SIZE 24
const char *words_time(char *text, double ns);

#endif
