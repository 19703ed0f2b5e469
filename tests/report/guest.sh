#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of recording and reporting in the guest, with the module loaded. KTAP
# on standard output.
set -u
here=$(cd "$(dirname "$0")" && pwd)
failed=0
python3 "$here/check_recording.py" gilreport || failed=1
exit "$failed"
