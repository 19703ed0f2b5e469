/* SPDX-License-Identifier: GPL-2.0 */
/* A full disk or a closed standard output does not go unnoticed. */
#ifndef ARGS_OUTPUT_H
#define ARGS_OUTPUT_H

/*
 * From now on, a program whose standard output could not be written says so
 * when it exits, and ends with the status @failure. args_parse() calls this.
 */
void output_begin(int failure);

/*
 * Writing failed with @error: say so, unless that has been said or the reader
 * of a pipe has left, as head(1) does.
 */
void output_failed(int error);

#endif
