// SPDX-License-Identifier: GPL-2.0
/* Which text from outside our programs write to terminals, JSON and HTML. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "../userspace/args/wash.h"

static const struct {
	const char *from;
	/* In a locale of UTF-8, in the locale C, and as UTF-8. */
	const char *terminal;
	const char *ascii;
	const char *utf8;
	int columns;
} texts[] = {
	{ "plain ~", "plain ~", "plain ~", "plain ~", 7 },
	{ "", "", "", "", 0 },
	{ "a\033[31mb\n", "a?[31mb?", "a?[31mb?", "a\033[31mb\n", 8 },
	{ "caf\xc3\xa9", "caf\xc3\xa9", "caf??", "caf\xc3\xa9", 4 },
	{ "caf\xe9", "caf?", "caf?", "caf?", 4 },
	{ "\xe4\xbd\xa0x", "\xe4\xbd\xa0x", "???x", "\xe4\xbd\xa0x", 3 },
	/* A combining accent; text turned round; a control of 8 bits. */
	{ "e\xcc\x81", "e\xcc\x81", "e??", "e\xcc\x81", 1 },
	{ "\342\200\256ab", "???ab", "???ab", "\342\200\256ab", 5 },
	{ "\302\2331m", "??1m", "??1m", "\302\2331m", 4 },
	/* Overlong, a surrogate, past the last code point, cut off. */
	{ "\xc0\x80", "??", "??", "??", 2 },
	{ "\xed\xa0\x80", "???", "???", "???", 3 },
	{ "\xf4\x90\x80\x80", "????", "????", "????", 4 },
	{ "x\xe4\xbd", "x??", "x??", "x??", 3 },
};

FIXTURE(wash)
{
	char text[64];
};

FIXTURE_SETUP(wash)
{
	(void)self;
	ASSERT_NE(NULL, setlocale(LC_CTYPE, "C.UTF-8"));
}

FIXTURE_TEARDOWN(wash)
{
	(void)self;
}

TEST_F(wash, texts)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		EXPECT_STREQ(texts[i].utf8,
			     wash_utf8(self->text, sizeof(self->text),
				       texts[i].from));
		EXPECT_STREQ(texts[i].terminal,
			     wash_terminal(self->text, sizeof(self->text),
					   texts[i].from));
		EXPECT_EQ(texts[i].columns, wash_columns(self->text));
		EXPECT_STREQ(texts[i].terminal, WASHED(texts[i].from));
	}
}

TEST_F(wash, ascii)
{
	ASSERT_NE(NULL, setlocale(LC_CTYPE, "C"));
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++)
		EXPECT_STREQ(texts[i].ascii,
			     wash_terminal(self->text, sizeof(self->text),
					   texts[i].from));
}

/* A character that does not fit as a whole is not cut in two. */
TEST_F(wash, too_long)
{
	char small[4];

	EXPECT_STREQ("abc", wash_utf8(small, sizeof(small), "abcd"));
	EXPECT_STREQ("ab?", wash_utf8(small, sizeof(small), "ab\xc3\xa9"));
	snprintf(self->text, sizeof(self->text), "a\xe4\xbd\xa0\xc3\xa9z");
	EXPECT_STREQ(self->text, wash_terminal(self->text, sizeof(self->text),
					       self->text));
	wash_cut(self->text, 4);
	EXPECT_STREQ("a\xe4\xbd\xa0\xc3\xa9", self->text);
	wash_cut(self->text, 2);
	EXPECT_STREQ("a", self->text);
}

TEST_F(wash, fields)
{
	char field[32];

	snprintf(field, sizeof(field), "[%*s]", wash_width("\xc3\xa9", 3),
		 "\xc3\xa9");
	EXPECT_STREQ("[  \xc3\xa9]", field);
}

TEST_HARNESS_MAIN
