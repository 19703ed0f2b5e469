/* SPDX-License-Identifier: GPL-2.0 */
/* Print the events of a recording as text, as trace-cmd report does. */
#ifndef GILREPORT_EVENTS_H
#define GILREPORT_EVENTS_H

#include <stdio.h>

#include "model.h"

/*
 * How many events there are of each kind, and then each event of a lock or of
 * the threads that used one. @model was read from @path before. 0, or -1 after
 * printing why not.
 */
int events_print(const struct model *model, const char *path, FILE *file);

#endif
