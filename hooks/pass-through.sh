#!/bin/sh
# Written by `tollgate install`; `tollgate uninstall` takes it out again. Do not edit: run `tollgate install` instead.
# Tollgate has nothing to do in this hook; it hands on to the one that git would run if tollgate were not installed.
here=${0%/*}
chained=@CHAINED@
[ -x "$chained" ] || exit 0
exec "$chained" "$@"
