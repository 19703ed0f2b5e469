/* SPDX-License-Identifier: GPL-2.0 */
/* Asking a server on this machine. */
#ifndef GILBENCH_CLIENT_H
#define GILBENCH_CLIENT_H

#include <stdint.h>

#define CLIENT_REPLY_MAX 4096

/*
 * Connect to the port, send the request and read until the server closes the
 * connection. The reply, which has room for CLIENT_REPLY_MAX, is a string.
 * Returns an error number.
 */
int client_ask(uint16_t port, const char *request, char *reply);

#endif
