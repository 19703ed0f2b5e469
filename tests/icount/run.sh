#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Instructions that libgil's fast path takes, in a guest whose clock counts
# them (tools/vm/run --icount), with the module loaded; KTAP.
set -eu

json=$(mktemp)
trap 'rm -f "$json"' EXIT

# What gilbench makes of its figures is its own: judged here by the figures.
gilbench cost --json >"$json" || [ $? -eq 1 ] || {
	echo "Bail out! gilbench cost did not run"
	exit 1
}
python3 "$(dirname "$0")/judge.py" "$json"
