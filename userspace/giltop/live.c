// SPDX-License-Identifier: GPL-2.0
/* The picture in a terminal, refreshed in time and changed by keys. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "live.h"

/* The first picture covers less time than the others, so that it comes soon. */
#define FIRST_DELAY_NS 250000000ULL

enum colour {
	COLOUR_HOLD = 1,
	COLOUR_WAIT,
	COLOUR_AWAY,
};

/* What a key asks for. */
enum want {
	WANT_NOTHING,
	WANT_REDRAW,
	WANT_SAMPLE,
	WANT_QUIT,
};

struct live {
	struct sampler sampler;
	struct look look;
	bool help;
	int next_line;		/* while drawing */
	uint64_t due_ns;	/* when the next picture is */
};

static const char *const help[] = {
	"q  quit                        ? h  this help, and back",
	"space  a picture at once       + -  more, less often",
	"< >  choose a lock, and see its queue     a  all locks",
	"H W A S I T  sort by hold, wait, away, switches, io, tid",
	"r  reverse the order           up down page home end k j g G  scroll",
	"",
	"HOLD WAIT AWAY  shares of the time: owning the lock, waiting for it,",
	"     and neither, such as blocked in I/O. ? means not known: while",
	"     nobody waits, the fast path works without the kernel.",
	"SW/S  acquisitions per second that had to wait",
	"IO/S  releases per second because of blocking I/O",
	"FORC/S  switches per second because the interval was over",
	"QUEUE HELD  waiters now; share of the time with an owner",
};

/* All other kinds of lines are A_NORMAL, which is 0. */
static const attr_t attributes[LINE_NOTE + 1] = {
	[LINE_TITLE] = A_BOLD,	[LINE_HEADER] = A_REVERSE,
	[LINE_CHOSEN] = A_BOLD, [LINE_OWNER] = A_BOLD,
};

static attr_t bar_colour(char c)
{
	return COLOR_PAIR(c == '#' ? COLOUR_HOLD :
			  c == '=' ? COLOUR_WAIT : COLOUR_AWAY);
}

static void draw_line(void *to, const struct line *line)
{
	struct live *live = to;
	int y = live->next_line++;

	attrset(attributes[line->kind]);
	mvaddstr(y, 0, line->text);
	if (line->kind == LINE_HEADER)
		mvchgat(y, 0, -1, A_REVERSE, 0, NULL);
	for (int i = 0; i < line->bar_width && has_colors(); i++) {
		int x = line->bar_column + i;
		char c = line->text[line->bar + i];

		if (x < live->look.width)
			mvaddch(y, x, (chtype)c | bar_colour(c));
	}
	attrset(A_NORMAL);
}

static void draw_help(const struct live *live)
{
	for (int i = 0; i < (int)(sizeof(help) / sizeof(*help)); i++)
		if (i < live->look.height)
			mvaddnstr(i, 0, help[i], live->look.width);
}

/* About a page of threads, because heads and locks take some lines. */
static size_t page(const struct live *live)
{
	return live->look.height > 10 ? (size_t)live->look.height - 10 : 1;
}

static void limit_scrolling(struct live *live)
{
	size_t threads = screen_threads(&live->sampler.view, &live->look);
	size_t most = threads > page(live) ? threads - page(live) : 0;

	if (live->look.skip > most)
		live->look.skip = most;
}

static void draw(struct live *live)
{
	int height, width;

	getmaxyx(stdscr, height, width);
	live->look.height = height;
	live->look.width = width < LINE_MAX_WIDTH ? width : LINE_MAX_WIDTH;
	erase();
	live->next_line = 0;
	if (live->help) {
		draw_help(live);
	} else {
		limit_scrolling(live);
		view_sort(&live->sampler.view, live->look.sort,
			  live->look.reverse);
		screen_draw(&live->sampler.view, &live->look, draw_line, live);
	}
	refresh();
}

/* The lock after, or before, the chosen one; beyond the last, all locks. */
static void choose(struct live *live, bool forward)
{
	const struct view *view = &live->sampler.view;
	struct look *look = &live->look;
	const struct lock_view *found = NULL;

	for (size_t i = 0; i < view->lock_count; i++) {
		size_t at = forward ? i : view->lock_count - 1 - i;
		uint64_t lock = view->locks[at].row->lock;

		if (found || (look->one_lock && (forward ? lock <= look->lock :
							   lock >= look->lock)))
			continue;
		found = &view->locks[at];
	}
	look->one_lock = found;
	if (found)
		look->lock = found->row->lock;
	look->skip = 0;
}

static void change_delay(struct live *live, bool shorter)
{
	uint64_t delay = live->look.delay_ns;

	delay = shorter ? delay / 2 : delay * 2;
	if (delay >= DELAY_MIN_NS && delay <= DELAY_MAX_NS)
		live->look.delay_ns = delay;
}

static void scroll_by(struct live *live, size_t lines, bool down)
{
	size_t *skip = &live->look.skip;

	if (down)
		*skip += lines;
	else
		*skip = *skip > lines ? *skip - lines : 0;
}

static bool take_sort_key(struct live *live, int key)
{
	static const char keys[SORT_KEYS + 1] = {
		[SORT_HOLD] = 'H',     [SORT_WAIT] = 'W', [SORT_AWAY] = 'A',
		[SORT_SWITCHES] = 'S', [SORT_IO] = 'I',	  [SORT_TID] = 'T',
	};
	const char *found = key > 0 && key < 128 ? strchr(keys, key) : NULL;

	if (found) {
		live->look.sort = (enum sort_key)(found - keys);
		live->look.skip = 0;
	}
	return found;
}

static void take_scroll_key(struct live *live, int key)
{
	/* Letters too, for terminals without these keys. */
	switch (key) {
	case 'k':
	case 'j':
	case KEY_UP:
	case KEY_DOWN:
		scroll_by(live, 1, key == 'j' || key == KEY_DOWN);
		break;
	case KEY_PPAGE:
	case KEY_NPAGE:
		scroll_by(live, page(live), key == KEY_NPAGE);
		break;
	case 'g':
	case KEY_HOME:
		live->look.skip = 0;
		break;
	case 'G':
	case KEY_END:
		live->look.skip = live->sampler.view.thread_count;
		break;
	}
}

static enum want take_key(struct live *live, int key)
{
	if (take_sort_key(live, key))
		return WANT_REDRAW;
	switch (key) {
	case 'q':
	case 'Q':
		return WANT_QUIT;
	case ' ':
		return WANT_SAMPLE;
	case '?':
	case 'h':
		live->help = !live->help;
		break;
	case '<':
	case '>':
		choose(live, key == '>');
		break;
	case 'a':
		live->look.one_lock = false;
		break;
	case 'r':
		live->look.reverse = !live->look.reverse;
		break;
	case '+':
	case '-':
		change_delay(live, key == '+');
		return WANT_SAMPLE;
	default:
		take_scroll_key(live, key);
	}
	return WANT_REDRAW;
}

/* All keys typed so far. */
static enum want take_keys(struct live *live)
{
	enum want want = WANT_NOTHING, more;
	int key;

	while (want != WANT_QUIT && (key = getch()) != ERR) {
		more = take_key(live, key);
		if (more > want)
			want = more;
	}
	return want;
}

/* Wait until a key is typed, the window changes or a picture is due. */
static enum want await(struct live *live)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t now = monotonic_ns();
	uint64_t left = live->due_ns > now ? live->due_ns - now : 0;
	enum want want;
	int ready;

	if (!left)
		return WANT_SAMPLE;
	ready = poll(&in, 1, (int)((left + 999999) / 1000000));
	if (!ready)
		return WANT_SAMPLE;
	/* If a signal came, the window has a new size, which getch() reports. */
	want = take_keys(live);
	/* Without a key the terminal has gone. */
	if (ready > 0 && (in.revents & ~POLLIN || want == WANT_NOTHING))
		return WANT_QUIT;
	return want;
}

static bool sample(struct live *live)
{
	live->due_ns = monotonic_ns() + live->look.delay_ns;
	return sampler_next(&live->sampler);
}

/* False: there was no snapshot, and the sampler has ended. */
static bool watch(struct live *live, uint64_t count)
{
	enum want want = WANT_NOTHING;
	uint64_t shown = 0;

	while (want != WANT_QUIT) {
		want = await(live);
		if (want == WANT_SAMPLE) {
			/* The last picture is shown for as long as the others. */
			if (count && shown++ == count)
				break;
			if (!sample(live))
				return false;
		}
		if (want == WANT_SAMPLE || want == WANT_REDRAW)
			draw(live);
	}
	sampler_end(&live->sampler);
	return true;
}

static bool open_terminal(SCREEN **terminal)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fprintf(stderr,
			"giltop: this is no terminal: use --batch, --once or --json\n");
		return false;
	}
	*terminal = newterm(NULL, stdout, stdin);
	if (!*terminal) {
		fprintf(stderr,
			"giltop: no terminal of the type '%s' is known: set TERM, or use --batch\n",
			term ? term : "");
		return false;
	}
	return true;
}

static void set_up_terminal(void)
{
	set_escdelay(50);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	curs_set(0);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(COLOUR_HOLD, COLOR_GREEN, -1);
		init_pair(COLOUR_WAIT, COLOR_RED, -1);
		init_pair(COLOUR_AWAY, COLOR_BLUE, -1);
	}
}

int live_run(const struct options *options)
{
	struct live live = { .look = options->look };
	SCREEN *terminal = NULL;
	bool good;

	/* Before the screen is cleared, so that an error stays readable. */
	if (!sampler_start(&live.sampler, options->debugfs)) {
		fprintf(stderr, "giltop: %s\n", live.sampler.error);
		return EXIT_FAILED;
	}
	if (!open_terminal(&terminal)) {
		sampler_end(&live.sampler);
		return EXIT_USAGE;
	}
	set_up_terminal();
	live.due_ns = monotonic_ns() + (live.look.delay_ns < FIRST_DELAY_NS ?
					live.look.delay_ns : FIRST_DELAY_NS);
	good = watch(&live, options->count);
	endwin();
	delscreen(terminal);
	if (!good)
		fprintf(stderr, "giltop: %s\n", live.sampler.error);
	return good ? 0 : EXIT_FAILED;
}
