#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Compare the documents with the sources; KTAP on standard output.
exec python3 "$(dirname "$0")/check_docs.py"
