#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest whose clock counts instructions (tools/vm/run --icount), with the
# module loaded: what libgil's fast path takes, and how threads share a lock's
# time. KTAP.
set -eu

here=$(dirname "$0")
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
bad=0

# What gilbench makes of its figures is its own: judged here by the figures.
gilbench cost --json >"$scratch" || [ $? -eq 1 ] || {
	echo "Bail out! gilbench cost did not run"
	exit 1
}
python3 "$here/judge.py" "$scratch" || bad=$?

# Real-time threads may use all of the guest.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us

share() {
	"$here/../../build/guest/tests/gil_shares" "$@" || {
		echo "Bail out! gil_shares did not run"
		exit 1
	}
}
{
	share fifo 600 100 1000 10000
	share fair 600 100 1000 10000
	share fair 600 100 100 100 10000
	share fair 600 1000:0 1000:5 1000:10
	share fair 600 100:0 10000:5
	share fair 600 10000:0 100:5
} >"$scratch"
python3 "$here/judge_shares.py" "$scratch" || bad=$?
exit "$bad"
