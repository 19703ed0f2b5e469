// SPDX-License-Identifier: GPL-2.0
/* A client of TCP that sends one request on each connection. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

static int send_request(int fd, uint16_t port, const char *request)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	size_t size = strlen(request);

	if (connect(fd, (const struct sockaddr *)(const void *)&to, sizeof(to)) ||
	    send(fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
		return errno;
	return 0;
}

static int read_reply(int fd, char *reply)
{
	size_t used = 0;
	ssize_t n;

	do {
		n = recv(fd, reply + used, CLIENT_REPLY_MAX - 1 - used, 0);
		used += n > 0 ? (size_t)n : 0;
	} while (n > 0 && used < CLIENT_REPLY_MAX - 1);
	reply[used] = '\0';
	return n < 0 ? errno : 0;
}

int client_ask(uint16_t port, const char *request, char *reply)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return errno;
	error = send_request(fd, port, request);
	if (!error)
		error = read_reply(fd, reply);
	close(fd);
	return error;
}
