#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Test what needs a clock that counts instructions (tools/vm/run --icount), with the
# module loaded: what libgil's fast path takes, also after tracing, the shortest
# interval, how long a change of policy keeps interrupts off, how the policy cpython
# compares with CPython, and how threads share a lock's time. Prints a KTAP document
# for each.
set -eu

here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
events=/sys/kernel/tracing/events/gil/enable
bad=0

# judge.py judges the figures themselves, whatever gilbench's own verdict is.
cost()
{
	to=$tmp/$1
	shift
	gilbench cost --json "$@" >"$to" || [ $? -eq 1 ] || {
		echo "Bail out! gilbench cost did not run"
		exit 1
	}
}

share()
{
	"$here/../../build/guest/tests/gil_shares" "$@" || {
		echo "Bail out! gil_shares did not run"
		exit 1
	}
}

[ -e "$events" ] || mount -t tracefs none /sys/kernel/tracing
cost before
echo 1 >"$events"
# Each acquire and each release is a system call now.
cost traced --count 1000 --repeat 1
echo 0 >"$events"
cost after
python3 "$here/judge.py" "$tmp/before" "$tmp/traced" "$tmp/after" || bad=$?

# Only here, where timers are on time: a late timer makes a short interval long.
"$here/../../build/guest/tests/gil_bind" -t shortest_interval || bad=$?

python3 "$here/policy_change.py" || [ $? -eq 4 ] || bad=1

# A machine that is busy with other things does not spoil the figures here.
"$here/../cpython/compare.py" || [ $? -eq 4 ] || bad=1

# Real-time threads may use all of the guest.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
{
	share fifo 600 100 1000 10000
	share fair 600 100 1000 10000
	share fair 600 100 100 100 10000
	share fair 600 1000:0 1000:5 1000:10
	share fair 600 100:0 10000:5
	share fair 600 10000:0 100:5
} >"$tmp/shares"
python3 "$here/judge_shares.py" "$tmp/shares" || bad=$?
exit "$bad"
