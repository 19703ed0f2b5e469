# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Print KTAP, for all tests in shell. Sourced, never run.

skip=4
count=0
failures=0

# skip_all REASON: no test of this script can be run here.
skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $1"
	exit $skip
}

# plan COUNT: begin, with as many results to come.
plan()
{
	echo "TAP version 13"
	echo "1..$1"
}

# report STATUS NAME [REASON]: one result. If there is a REASON why this test may
# be skipped, the status 4 says that it was.
report()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count $2"
	elif [ "$1" -eq $skip ] && [ $# -gt 2 ]; then
		echo "ok $count $2 # SKIP $3"
	else
		echo "not ok $count $2"
		failures=$((failures + 1))
	fi
}

# check NAME COMMAND...: the result is whether the command succeeds.
check()
{
	checked=$1
	shift
	"$@"
	report $? "$checked"
}

# same WHAT EXPECTED SEEN
same()
{
	[ "$2" = "$3" ] && return 0
	printf "# %s: expected '%s', got '%s'\n" "$@"
	return 1
}
