# What the scripts beside this file share. Sourced, never run.
# shellcheck shell=bash

# shellcheck disable=SC2034
# The checkout, whatever folder the caller stands in.
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

# The script's own name stands before each of its messages.
me=${0##*/}

warn() { printf '%s: warning: %s\n' "$me" "$*" >&2; }

# die MESSAGE [REMEDY...]: one line that says what is wrong, then what to do about it.
die() {
  printf '%s: error: %s\n' "$me" "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

# usage STATUS: the script's own head, from "# usage:" to "# exit:".
usage() {
  sed -n '/^# usage:/,/^# exit:/s/^# \{0,1\}//p' "$0"
  exit "$1"
}

# Puts `swift` on PATH where it is installed but not named there.
find_swift() {
  local folder
  ! command -v swift >/dev/null || return 0
  for folder in /opt/swift/usr/bin "${SWIFTLY_BIN_DIR:-${HOME:-/nonexistent}/.local/share/swiftly/bin}" /usr/libexec/swift/bin; do
    if [ -x "$folder/swift" ]; then
      PATH=$folder:$PATH
      export PATH
      return 0
    fi
  done
  return 1
}

# at_least VERSION WANTED: compares the first two numbers, "6.10.1" with "6.2".
at_least() {
  local have_major have_minor want_major want_minor
  IFS=. read -r have_major have_minor _ <<<"$1.0"
  IFS=. read -r want_major want_minor _ <<<"$2.0"
  have_minor=${have_minor%%[!0-9]*}
  [ "$have_major" -gt "$want_major" ] || { [ "$have_major" -eq "$want_major" ] && [ "${have_minor:-0}" -ge "$want_minor" ]; }
}
