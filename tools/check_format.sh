#!/usr/bin/env bash
# clang-format over every C++ file that git does not ignore: says which differ, or with --fix
# formats them.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v clang-format-19 >/dev/null || {
  echo "clang-format-19 is not here; ./dev setup check installs it"
  exit 1
}
options=(--dry-run -Werror --ferror-limit=3)
[ "${1:-}" != --fix ] || options=(-i)
git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h' |
  while IFS= read -r -d '' path; do [ ! -f "$path" ] || printf '%s\0' "$path"; done |
  xargs -0 -r -n 32 -P "$(nproc)" clang-format-19 "${options[@]}"
