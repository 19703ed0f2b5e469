#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Run a redis server with threads for its clients, two clients at once, and a save
# by a forked process, for mix.py, in an empty folder: redis.sh DATA
set -eu
data=$1
cli="redis-cli -s $PWD/socket"

redis-server --port 0 --unixsocket "$PWD/socket" --io-threads 2 \
	--save '' --logfile "$PWD/log" >/dev/null &
server=$!
until $cli ping >/dev/null 2>&1; do
	kill -0 "$server"
	sleep 0.05
done

# commands FORMAT: of awk, with the line's number and the line
commands()
{
	head -n 600 "$data/lines" |
		awk "{ printf \"$1\\r\\n\", NR, \$0 }" | $cli --pipe >/dev/null
}

commands 'HSET h %d %s' &
client=$!
commands 'RPUSH l %d %s'
wait "$client"
printf '%s\n' bgsave 'lrange l 0 9' 'hget h 77' 'llen l' 'hlen h' |
	$cli
$cli shutdown nosave
wait "$server"
rm -f log dump.rdb temp-*.rdb
