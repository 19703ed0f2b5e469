#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Test the tracing tools, in the guest with the module loaded. KTAP on standard
# output, what went wrong there or on standard error.
#
# gilbench contend makes a known number of acquires that wait, known.py a known
# number of everything else. All scripts, gilrecord, the kernel's statistics
# and gilbench must say these numbers, and none may have lost an event. The
# scripts are attached to one and the same run, since starting one takes long
# under emulation. FULL=1 tries the intervals of all of them.
# shellcheck disable=SC2317	# the tests are called by their names in a table
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
trace=$top/tools/trace
# shellcheck source=tests/ktap.sh
. "$top/tests/ktap.sh"
# Acquires that wait: a prime number, so that the last round is short.
contend=(gilbench contend --threads 3 --count 97 --json)
limit=120	# seconds for one command, under slow emulation
scripts=(gilsnoop gillat gilhold gilowner gilfair gilconvoy gilpreempt gilio)

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
# Without a run of known.py.
echo '{ "kernel": {}, "lock": 0 }' >none.json

# Nothing lost, and no map that overflowed or update that failed. What new
# versions of bpftrace find odd in the language of old ones is no loss.
taste='Positional parameter|Return value discarded|Unnecessary cast'
taste+='|being cast to type|signed operands for|expanded from'
nothing_lost()
{
	! grep -HnE '^Lost |EVENTS DROPPED|WARNING|ERROR' "$@" |
		grep -vE "$taste" >&2
}

judge()
{
	python3 "$top/tests/trace/judge.py" "$@"
}

# judge_contend KIND OUTPUT RUN: about the run of gilbench contend alone.
judge_contend()
{
	judge "$1" "$2" none.json "$3"
}

untraced()
{
	timeout "$limit" "${contend[@]}" >"$1" && judge_contend untraced "$1" "$1"
}

# All scripts around one run: each is started by the one before when that has
# attached its probes, and the last one starts the run. Old versions of bpftrace
# want the whole path of a command.
run_scripts()
{
	local script next=last.sh
	printf '%s\n' "${contend[*]} >gilsnoop.json" \
		"python3 '$top/tests/trace/known.py' >known.json" >last.sh
	for script in "${scripts[@]}"; do
		echo "exec bpftrace -o $script.txt -c '/bin/bash $PWD/$next'" \
			"'$trace/$script.bt'" >"$script.sh"
		next=$script.sh
	done
	timeout $((2 * limit)) bash "$next" >scripts.out 2>scripts.err &&
		[ -s known.json ] && return 0
	cat scripts.out scripts.err >&2
	return 1
}

# What SCRIPT printed of that run agrees with it, and spoilt output would not.
agrees()
{
	nothing_lost "$1.txt" && judge "$1" "$1.txt" known.json gilsnoop.json
}

# A script with INTERVAL and COUNT ends by itself after printing COUNT times.
interval()
{
	local pid status=0
	"${contend[@]}" --count 1000000 >/dev/null 2>&1 &
	pid=$!
	timeout "$limit" bpftrace -o interval.txt "$trace/$1.bt" 1 2 \
		2>interval.err || status=$?
	kill "$pid"
	wait "$pid"
	same "exit status" 0 "$status" &&
		same "times" 2 "$(grep -cE '^[0-9:]{8}$' interval.txt)" &&
		nothing_lost interval.txt interval.err
}

# The stack of the longest hold goes from ioctl() through libgil to the thread's
# begin, for all but the C library is built with frame pointers.
gilhold_interval()
{
	interval gilhold &&
		grep -qE '^ +(gil_[a-z]+|[a-z]+_slow)\+[0-9]+' interval.txt &&
		grep -qE '^ +(main|thread_main)\+[0-9]+' interval.txt &&
		return 0
	grep -A12 longest_stack interval.txt >&2
	return 1
}

# A number that no lock can have must not be taken for another. (bpftrace itself
# refuses what is not a number, and takes a negative one for an option.)
wrong_arguments()
{
	local arguments script
	for arguments in "gilsnoop 4294967296" "gillat 0 0 4294967296"; do
		script=${arguments%% *}
		# shellcheck disable=SC2086	# the arguments of the script
		timeout "$limit" bpftrace -o wrong.txt "$trace/$script.bt" \
			${arguments#* } 2>wrong.err &&
			grep "^$script.bt: .*LOCK is a number" wrong.txt >&2 &&
			! grep '^Tracing' wrong.txt >&2 || return 1
	done
}

# bpftrace SCRIPT around the known run; -c starts it once all is attached.
run_script()
{
	timeout "$limit" bpftrace -o "$1.txt" -c "${contend[*]}" \
		"$trace/$1.bt" >"$1.json" 2>"$1.err" || {
		cat "$1.err" >&2
		return 1
	}
	nothing_lost "$1.txt" "$1.err"
}

gilsnoop()
{
	nothing_lost gilsnoop.txt scripts.err &&
		judge_contend traced gilsnoop.json gilsnoop.json &&
		judge_contend lines gilsnoop.txt gilsnoop.json
}

# More threads than it lists apart: the others' times must all be there too.
gillat_many_threads()
{
	local contend=(gilbench contend --threads 200 --count 400 --json)
	run_script gillat && judge_contend traced gillat.json gillat.json &&
		grep -q '^@wait_us_others\[' gillat.txt &&
		judge_contend gillat_contend gillat.txt gillat.json
}

gilrecord()
{
	timeout "$limit" "$trace/gilrecord" -o record.dat "${contend[@]}" \
		>record.json || return 1
	grep -q '^# events lost: 0 ' record.txt || {
		grep '^#' record.txt >&2
		return 1
	}
	nothing_lost record.txt &&
		judge_contend traced record.json record.json &&
		judge_contend record record.txt record.json
}

# The scheduler's side of the same run: each waiter slept and was woken.
gilrecord_sched()
{
	grep -q ' sched_switch: .*prev_comm=gilbench' record.txt &&
		grep -q ' sched_wakeup: .*comm=gilbench' record.txt
}

gilrecord_status()
{
	local status=0
	timeout "$limit" "$trace/gilrecord" -o status.dat sh -c 'exit 7' ||
		status=$?
	same "exit status" 7 "$status"
}

# A recording without what was asked for is no success.
gilrecord_nothing()
{
	local status=0
	echo stale >nothing.txt
	timeout "$limit" "$trace/gilrecord" -o nothing.dat true \
		2>nothing.err || status=$?
	same "exit status" 1 "$status" &&
		grep 'no event of a gil lock' nothing.err >&2 &&
		[ ! -e nothing.txt ]
}

# Other tracers, and what threads are called, disturb no recording, and no
# recording disturbs other tracers.
gilrecord_crowded()
{
	local top_clock=/sys/kernel/tracing/trace_clock
	local top_pids=/sys/kernel/tracing/set_event_pid
	local name='a gil_grant: b' file pids=() bad=0
	ln -sf "$(command -v python3)" "$name"
	echo counter >$top_clock && echo 1 >$top_pids || return 1
	for file in left right; do
		PYTHONPATH=$top/tests/trace timeout "$limit" \
			"$trace/gilrecord" -o $file.dat "./$name" -c '
import time
from gil_lock import Lock
lock = Lock()
for _ in range(7):
    with lock.held():
        time.sleep(0.01)' &
		pids+=($!)
	done
	for file in "${pids[@]}"; do
		wait "$file" || bad=1
	done
	grep -q '\[counter\]' $top_clock && same "pids" 1 "$(<$top_pids)" ||
		bad=1
	echo >$top_pids
	echo local >$top_clock
	for file in left right; do
		# Each may see the other's thread, too.
		grep -E '^# gil_acquire: (7|8|9|1[0-4])$' $file.txt >&2 &&
			grep '^# clock: CLOCK_MONOTONIC' $file.txt >&2 &&
			! grep '^# gil_grant' $file.txt >&2 || bad=1
	done
	return "$bad"
}

# Its command is told to end, and so is trace-cmd.
gilrecord_signalled()
{
	timeout --preserve-status 10 "$trace/gilrecord" -o signal.dat \
		gilbench contend --count 100000000 >/dev/null
	same "trace instances that are left" "" \
		"$(ls /sys/kernel/tracing/instances)"
}

gilrecord_locked_down()
{
	local status=0
	[ -d /sys/kernel/security ] || return "$skip"
	# shellcheck disable=SC2016	# for the shell in the namespace
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel/security
		echo "none integrity [confidentiality]" \
			>/sys/kernel/security/lockdown; exec "$@"' sh \
		"$trace/gilrecord" -o down.dat true 2>down.err || status=$?
	same "exit status" 1 "$status" && grep 'lockdown' down.err >&2
}

# What gilrecord says when trace-cmd has lost events: this trace-cmd pretends.
gilrecord_owns_up()
{
	mkdir -p stub && cat >stub/trace-cmd <<'EOF'
#!/bin/sh
case "$*" in
record*)
	cp record.dat "$4"
	while [ "$1" != sh ]; do shift; done
	exec "$@" ;;
*--stat*)
	printf '%s\n' 'CPU: 0' 'overrun: 3' 'commit overrun: 1' \
		'dropped events: 2' ;;
esac
EOF
	chmod +x stub/trace-cmd
	PATH=$PWD/stub:$PATH "$trace/gilrecord" -o stub.dat true || return 1
	same "loss" "# events lost: 6 (overrun 3, commit overrun 1, dropped 2)" \
		"$(grep '^# events lost' stub.txt)"
}

# With a buffer too small for all events: shown and lost ones make the total.
gilsnoop_owns_up()
{
	local shown lost total
	BPFTRACE_PERF_RB_PAGES=1 timeout "$limit" bpftrace -o few.txt \
		-c "gilbench contend --threads 3 --count 3000 --json" \
		"$trace/gilsnoop.bt" >few.json 2>few.err || return 1
	shown=$(grep -cE '^ *[0-9]+\.[0-9]{6} ' few.txt)
	lost=$(cat few.txt few.err |
		awk '/^Lost [0-9]+ events/ { n += $2 } END { print n + 0 }')
	total=$(awk '/^@(requests|grants|acquires|releases|drop_requests)\[/ ||
			/^@sleeps\[/ { n += $NF } END { print n + 0 }' few.txt)
	same "contended, of all" 3000 \
		"$(awk '/^@contended\[/ { print $NF }' few.txt)" || return 1
	# bpftrace 0.27 loses them without a word: then the totals tell.
	if [ "$lost" -eq 0 ] && bpftrace --version | grep -qF 'v0.27'; then
		[ "$shown" -le "$total" ]
	else
		same "shown and lost of $total" "$total" "$((shown + lost))"
	fi
}

# The check above must be able to fail.
notices_loss()
{
	nothing_lost gilsnoop.txt || return 1
	cp gilsnoop.txt lossy.txt && echo 'Lost 3 events' >>lossy.txt
	! nothing_lost lossy.txt 2>/dev/null
}

demo_table()
{
	python3 "$top/tests/trace/demo_table.py" 2>table.out && return 0
	cat table.out >&2
	return 1
}

# bpftrace has the types of a kernel by its BTF, which Debian's all have.
by_scripts=' gillat_many_threads run_scripts gilsnoop interval gilsnoop_owns_up'
by_scripts+=' gilhold_interval wrong_arguments'
by_scripts+=' notices_loss agrees '

run_test()
{
	local description=$1
	shift
	if [ ! -e /sys/kernel/btf/vmlinux ] && [[ $by_scripts == *" $1 "* ]]; then
		report $skip "$description" "this kernel has no BTF"
	else
		"$@"
		report $? "$description" "this kernel cannot do it"
	fi
}

tests=(
	"untraced, uncontended acquires are fast" "untraced before.json"
	"gillat: known answer, of more threads than it lists" gillat_many_threads
	"all scripts attach to one run" run_scripts
	"gilsnoop: known answer of gilbench" gilsnoop
	"gilhold: an interval and a count, and whole stacks" gilhold_interval
	"scripts refuse arguments out of range" wrong_arguments
	"gilrecord: known answer" gilrecord
	"gilrecord: the scheduler's events too" gilrecord_sched
	"gilrecord: the command's exit status" gilrecord_status
	"gilrecord: a recording of nothing is a failure" gilrecord_nothing
	"gilrecord: two at once, beside other tracers, of odd names"
	gilrecord_crowded
	"gilrecord: a signal leaves no trace instance" gilrecord_signalled
	"gilrecord: says that the kernel is locked down" gilrecord_locked_down
	"gilrecord: says how many events were lost" gilrecord_owns_up
	"gilsnoop: every event is shown or said to be lost" gilsnoop_owns_up
	"after tracing, acquires are fast again" "untraced after.json"
	"the checks notice lost events" notices_loss
	"the demo's table" demo_table
)
# Each takes 10 s, and they are much alike.
if [ "${FULL:-}" ]; then
	for script in "${scripts[@]:1}"; do	# gilsnoop has none
		tests+=("$script: an interval and a count" "interval $script")
	done
fi
for script in "${scripts[@]}"; do
	tests+=("$script: known answer, and no other" "agrees $script")
done

chosen=()
for ((i = 0; i < ${#tests[@]}; i += 2)); do
	[[ ! ${tests[i]} =~ ${ONLY:-} ]] || chosen+=("${tests[@]:i:2}")
done
tests=("${chosen[@]}")

[ -e /dev/gil ] || skip_all "no /dev/gil"
[ "$(id -u)" -eq 0 ] || skip_all "only root may trace"
for program in bpftrace trace-cmd gilbench python3; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
plan $((${#tests[@]} / 2))
for ((i = 0; i < ${#tests[@]}; i += 2)); do
	# shellcheck disable=SC2086	# a function and its arguments
	run_test "${tests[i]}" ${tests[i + 1]}
done
[ "$failures" -eq 0 ]
