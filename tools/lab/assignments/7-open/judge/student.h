/* SPDX-License-Identifier: GPL-2.0 */
/* A student's policy, built into the judge. */
#ifndef STUDENT_H
#define STUDENT_H

#include <gil_policy.h>

/* What the policy's module does when it is loaded. */
int student_begins(void);
/* What it does when it is unloaded. */
void student_ends(void);

#endif /* STUDENT_H */
