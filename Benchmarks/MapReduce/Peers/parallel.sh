#!/bin/sh
# Word count by GNU parallel with mawk, two processes. parallel.sh TEXT OUTPUT
set -e
export LC_ALL=C
parallel --will-cite --pipepart -a "$1" --block -1 -j 2 \
  "tr -cs A-Za-z '\\n' | mawk '{ n[\$0]++ } END { for (w in n) if (w != \"\") print w, n[w] }'" |
  mawk '{ n[$1] += $2 } END { for (w in n) print w, n[w] }' | sort > "$2"
