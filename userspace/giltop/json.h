/* SPDX-License-Identifier: GPL-2.0 */
/* A picture as a JSON document. */
#ifndef GILTOP_JSON_H
#define GILTOP_JSON_H

#include <stdio.h>

#include "options.h"
#include "view.h"

/* Write the view as one document, on one line if @compact: 0 or an errno. */
int json_write(const struct view *view, const struct options *options,
	       bool compact, FILE *file);

#endif
