#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of recording and reporting in the guest, with the module loaded. KTAP
# on standard output, what went wrong on standard error.
# shellcheck disable=SC2317	# the tests are called by their names in a table
set -u
here=$(cd "$(dirname "$0")" && pwd)
known=97	# waits of a run of gilbench contend
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/ktap.sh
. "$here/../ktap.sh"

counts_agree()
{
	gilbench --report "$tmp/contend" --json --count "$known" contend \
		>"$tmp/bench.json" 2>"$tmp/words" &&
		python3 "$here/check_recording.py" gilreport \
			"$tmp/contend/trace.dat" "$tmp/bench.json" >&2 &&
		grep '^Open .*/contend/report.html' "$tmp/words" >&2 &&
		grep -q 'waiter-0' "$tmp/contend/threads.csv"
}

# The recorded run is the one that was asked for: so are its output and status.
run_is_itself()
{
	local status=0
	gilrun true 2>&1 | grep -q 'is not available' && return "$skip"
	gilrun --report="$tmp/run" -i 7ms sh -c 'echo out; exit 7' \
		>"$tmp/out" 2>"$tmp/err" || status=$?
	same "status" 7 "$status" && same "output" out "$(cat "$tmp/out")" &&
		grep -q 'Switch interval: 7.00 ms' "$tmp/err" &&
		[ -s "$tmp/run/report.html" ]
}

# What is sent to gilrun reaches the program, whoever is between them.
signals_go_on()
{
	local pid status=0
	gilrun true 2>&1 | grep -q 'is not available' && return "$skip"
	rm -rf "$tmp/out" "$tmp/term"
	# shellcheck disable=SC2016	# for the shell under gilrun
	gilrun --report="$tmp/term" "$@" -- bash -c '
		trap "echo usr1" USR1; trap "echo term; exit 7" TERM
		echo $$; while :; do sleep 0.1; done' >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	until [ -s "$tmp/out" ] || ! kill -0 "$pid" 2>/dev/null; do
		sleep 0.1
	done
	kill -USR1 "$pid"
	until grep -q usr1 "$tmp/out" || ! kill -0 "$pid" 2>/dev/null; do
		sleep 0.1
	done
	kill -TERM "$pid"
	wait "$pid" || status=$?
	cat "$tmp/err" >&2
	same "status" 7 "$status" &&
		same "output" "usr1 term" "$(tail -n +2 "$tmp/out" | xargs)" &&
		[ -s "$tmp/term/report.html" ] || return 1
	! kill -0 "$(head -n 1 "$tmp/out")" 2>/dev/null
}

# timeout(1) sends what it sends to the whole process group.
sent_to_all()
{
	local status=0
	gilrun true 2>&1 | grep -q 'is not available' && return "$skip"
	rm -rf "$tmp/out" "$tmp/term"
	timeout --preserve-status 20 gilrun --report="$tmp/term" -- bash -c '
		trap "sleep 1; echo end; exit 7" TERM
		while :; do sleep 0.1; done' >"$tmp/out" 2>"$tmp/err" ||
		status=$?
	cat "$tmp/err" >&2
	same "status" 7 "$status" && same "output" end "$(cat "$tmp/out")" &&
		[ -s "$tmp/term/report.html" ]
}

# refusal STATUS REASON COMMAND…
refusal()
{
	local wanted=$1 reason=$2 status=0
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	same "status of $*" "$wanted" "$status" &&
		grep "$reason" "$tmp/err" >&2
}

refused()
{
	local touch=(gilrun --report "$tmp/none" touch "$tmp/ran") bad=0
	mkdir "$tmp/bin"
	ln -s "$(command -v id)" "$tmp/bin/"
	chmod 777 "$tmp"
	refusal 125 "only root may record" \
		setpriv --reuid 1000 "${touch[@]}" || bad=1
	refusal 125 "trace-cmd is not installed" \
		env "PATH=$tmp/bin" "$(command -v gilrun)" "${touch[@]:1}" ||
		bad=1
	refusal 125 "no tracefs" unshare -m sh -c \
		'umount -l /sys/kernel/tracing && exec "$@"' sh "${touch[@]}" ||
		bad=1
	refusal 1 "cannot make the folder '/proc/none'" \
		gilbench --report /proc/none contend || bad=1
	refusal 2 "is for --lock gil only" \
		gilbench --report "$tmp/none" --lock pthread counter || bad=1
	same "what ran although it was not recorded" "" \
		"$(find "$tmp" -name ran)" || bad=1
	return "$bad"
}

# What knows nothing of gil.ko sees its waits, as often as they were.
perf_sees_waits()
{
	grep -q __tracepoint_contention_begin "$GIL_KO" || return "$skip"
	perf record -q -B -N -g -e lock:contention_begin,lock:contention_end \
		-o "$tmp/perf.data" gilbench --count "$known" contend \
		>"$tmp/perf.log" 2>&1 || return 1
	perf lock contention -i "$tmp/perf.data" --kallsyms /proc/kallsyms \
		--stack-skip 1 -x , >"$tmp/contention" 2>&1
	cat "$tmp/contention" >&2
	same "mutexes waited for in gil_op_acquire" "$known" "$(awk -F ', *' '
		$5 == "mutex" && $6 ~ /^gil_op_acquire\+/ { n += $1 }
		END { print n + 0 }' \
		"$tmp/contention")"
}

tests=(
	"counts_agree|the report, gilbench and the kernel agree"
	"run_is_itself|gilrun --report: the program's output and status are its own"
	"signals_go_on|gilrun --report: signals go on to the program"
	"signals_go_on --stats|gilrun --report --stats: the same"
	"sent_to_all|gilrun --report: sent to the group, they do not end who records"
	"refused|--report where it cannot be done: says why, and runs nothing"
	"perf_sees_waits|perf lock contention sees each wait, and where"
)
plan ${#tests[@]}
for row in "${tests[@]}"; do
	# shellcheck disable=SC2086	# a function and its arguments
	${row%%|*}
	report $? "${row#*|}" "this kernel cannot do it"
done
[ "$failures" -eq 0 ]
