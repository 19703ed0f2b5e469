#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of gilreport: run.sh [GILREPORT]. KTAP on standard output. Known
# answers always; the page only where chromium is (status 4 if that is all).
# In a guest with the module, also a recording against the kernel's figures.
set -u
here=$(cd "$(dirname "$0")" && pwd)
program=${1:-$(command -v gilreport)}
[ -x "$program" ] || {
	echo "TAP version 13"
	echo "1..0 # SKIP no gilreport: make -C tools/report"
	exit 4
}
failed=0
python3 "$here/check_report.py" "$program" || failed=1
python3 "$here/check_page.py" "$program" || [ $? -eq 4 ] || failed=1
python3 "$here/check_recording.py" "$program" || [ $? -eq 4 ] || failed=1
exit "$failed"
