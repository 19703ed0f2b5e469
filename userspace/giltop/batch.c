// SPDX-License-Identifier: GPL-2.0
/* Pictures as lines, or as JSON documents, one after the other on stdout. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "args/output.h"
#include "batch.h"
#include "json.h"

/* The terminal's width, or COLUMNS, or 80. */
static int line_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width = 0;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		width = size.ws_col;
	else if (columns)
		width = strtol(columns, NULL, 10);
	if (width <= 0)
		width = 80;
	return width < LINE_MAX_WIDTH ? (int)width : LINE_MAX_WIDTH;
}

static void write_line(void *to, const struct line *line)
{
	size_t length = strlen(line->text);

	while (length && line->text[length - 1] == ' ')
		length--;
	fprintf(to, "%.*s\n", (int)length, line->text);
}

static int write_text(const struct view *view, const struct options *options)
{
	struct look look = options->look;

	look.width = line_width();
	screen_draw(view, &look, write_line, stdout);
	if (options->count != 1)
		putchar('\n');
	return 0;
}

static int write_view(const struct view *view, const struct options *options)
{
	int error = options->json ? json_write(view, options,
					       options->count != 1, stdout) :
				    write_text(view, options);

	if (!error && (fflush(stdout) || ferror(stdout)))
		error = errno ? errno : EIO;
	return error;
}

static struct timespec later(struct timespec time, uint64_t ns)
{
	uint64_t sum = (uint64_t)time.tv_nsec + ns;

	time.tv_sec += (time_t)(sum / 1000000000);
	time.tv_nsec = (long)(sum % 1000000000);
	return time;
}

static void sleep_until(const struct timespec *time)
{
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, time, NULL) ==
	       EINTR)
		;
}

static int failed(const char *why)
{
	fprintf(stderr, "giltop: %s\n", why);
	return EXIT_FAILED;
}

/* A lock may vanish during a long run. One that never existed is a mistake. */
static bool is_there(const struct sampler *sampler,
		     const struct options *options)
{
	if (!options->look.one_lock || snapshot_lock(&sampler->after, options->look.lock))
		return true;
	fprintf(stderr,
		"giltop: there is no lock %" PRIu64 ": giltop --once lists all locks\n",
		options->look.lock);
	return false;
}

int batch_run(const struct options *options)
{
	struct sampler sampler;
	struct timespec at;
	int error = 0;

	if (!sampler_start(&sampler, options->debugfs))
		return failed(sampler.error);
	/* Measured from now, so that no picture covers less time than asked for. */
	clock_gettime(CLOCK_MONOTONIC, &at);
	if (!is_there(&sampler, options)) {
		sampler_end(&sampler);
		return EXIT_FAILED;
	}
	for (uint64_t n = 0; (!options->count || n < options->count) && !error;
	     n++) {
		at = later(at, options->look.delay_ns);
		sleep_until(&at);
		if (!sampler_next(&sampler))
			return failed(sampler.error);
		view_sort(&sampler.view, options->look.sort, options->look.reverse);
		error = write_view(&sampler.view, options);
	}
	sampler_end(&sampler);
	if (error)
		output_failed(error);
	return error ? EXIT_FAILED : 0;
}
