#!/bin/sh
# Runs shellcheck over every shell file of the repository, found by its first line: many have no .sh at the
# end, and the drop-in that is named .py is one of them.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v shellcheck >/dev/null; then
  echo 'shellcheck is missing; install it with: apt-get install shellcheck' >&2
  exit 1
fi

# Files not yet added count too, ignored ones (dist, node_modules) do not.
list=$(mktemp)
trap 'rm -f "$list"' EXIT
git ls-files --cached --others --exclude-standard |
  while IFS= read -r file; do
    [ -f "$file" ] || continue
    # grep -a, because the first line of a picture or an archive is not text
    if head -n 1 "$file" | grep -aqE '^#!.*[/ ](sh|bash|dash)( |$)|^# shellcheck shell=sh'; then printf '%s\n' "$file"; fi
  done >"$list"

if [ ! -s "$list" ]; then
  echo 'test/support/shellcheck.sh: found no shell file; is this a git checkout?' >&2
  exit 1
fi
tr '\n' '\0' <"$list" | xargs -0 shellcheck --external-sources
echo "shellcheck: $(wc -l <"$list") files, nothing found"
