#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Test the lab kit: what needs no guest, a hostile program, and a sample of the
# submissions whose score is known ('make lab-proof' grades them all). Prints
# three KTAP documents.
set -u
here=$(dirname "$0")
bad=0
"$here/check_kit.py" || bad=$?
"$here/engine.py" hostile || bad=$?
"$here/submissions.py" 2:sleeps-in-atomic || bad=$?
exit "$bad"
