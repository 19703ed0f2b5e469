#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Instructions that libgil's fast path takes, in a guest whose clock counts
# them (tools/vm/run --icount), with the module loaded; KTAP.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
events=/sys/kernel/tracing/events/gil/enable

# What gilbench makes of its figures is its own: judged here by the figures.
cost()
{
	to=$tmp/$1
	shift
	gilbench cost --json "$@" >"$to" || [ $? -eq 1 ] || {
		echo "Bail out! gilbench cost did not run"
		exit 1
	}
}

[ -e "$events" ] || mount -t tracefs none /sys/kernel/tracing
cost before
echo 1 >"$events"
# Each is two system calls now.
cost traced --count 1000 --repeat 1
echo 0 >"$events"
cost after
python3 "$(dirname "$0")/judge.py" "$tmp/before" "$tmp/traced" "$tmp/after"
