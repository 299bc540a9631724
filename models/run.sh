#!/bin/sh
# Runs every model with the property that the design has, and with each planted mistake, which must
# fail; and checks that the interesting states are reached at all ("vac": the negation fails).
# Needs spin and gcc; a few seconds a model. 77 when spin is not installed, 1 on any surprise.
set -u
models=$(cd "$(dirname "$0")" && pwd)
surprises=0
compiled=
command -v spin >/dev/null || { echo 'models: spin is not installed (apt install spin)'; exit 77; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# check MODEL PROPERTY holds|fails [-DMISTAKE…]
check() {
  model=$1 property=$2 wanted=$3
  shift 3
  if [ "$model $*" != "$compiled" ]; then  # the compiler takes longer than most of the models
    rm -rf "$tmp/run" && mkdir "$tmp/run"
    # Partial-order reduction is off: the processes share everything, so it saves nothing.
    (cd "$tmp/run" && spin -a "$@" "$models/$model.pml" >/dev/null 2>&1 &&
      gcc -w -O1 -DNOREDUCE -o pan pan.c 2>/dev/null)
    compiled="$model $*"
  fi
  result=$(cd "$tmp/run" && ./pan -a -m1000000 -N "$property" 2>&1)
  errors=$(printf '%s' "$result" | sed -n 's/.*errors: \([0-9]*\).*/\1/p')
  states=$(printf '%s' "$result" | sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1/p' | head -1)
  case $result in
    *'max search depth too small'*) found='too deep' ;;
    *) case $errors in '') found='broken' ;; 0) found='holds' ;; *) found='fails' ;; esac ;;
  esac
  if [ "$found" = "$wanted" ]; then verdict='as wanted'; else
    verdict='*** UNEXPECTED'
    surprises=1
  fi
  printf '%-46s %-6s (%s states) %s\n' "$model $* $property" "$found" "${states:-?}" "$verdict"
}

# The switch from one key to the next: each mistake locks a chip out.
check keyswitch safe holds
for mistake in NAIVE_AUC NAIVE_CHIP NOBASE RESTORE; do
  check keyswitch safe fails "-D$mistake"
done
check keyswitch vac1 fails
check keyswitch vac2 fails

# The same with all four messages, forgotten numbers and RESYNC, resets, and a thief who has K1.
check lives safe holds
for mistake in NOPROMOTE NONONCE EARLYRESET ADOPTANY NOENDING; do
  check lives safe fails "-D$mistake"
done
check lives vac_resync fails
check lives vac_life fails

# Two chips with one identity, told by their attempt numbers; no false alarm.
check attempts no_alarm holds
for mistake in STRICT SENDFIRST FORGED; do
  check attempts no_alarm fails "-D$mistake"
done
check attempts none_missed holds -DFORGED
check attempts none_missed fails -DFORGED -DNOATTEMPT
check attempts vac fails

# Credentials moved between two elements.
for property in onecopy notlost noresidue nodup fresh; do check xfer "$property" holds; done
check xfer vac fails
check xfer fresh fails -DNOLOCK
check xfer nodup fails -DTIMEOUTUNLOCK
check xfer noresidue fails -DEARLYREL
check xfer notlost fails -DDSTTIMEOUT
check xfer notlost fails -DABORTNOSTATE
check xfer nodup fails -DNOTOMB

# Downlink counters.
check cnt noreuse holds
check cnt once holds
check cnt noreuse fails -DSENDFIRST
check cnt once fails -DNOCTR

# Firmware of a unit behind a hostile host.
check fw bootable holds
check fw bootable fails -DTOCTOU

# A failure counter that only the server's key can drive.
check lock nolock holds
for mistake in NAIVE COUNTREPLAY COUNTAEAD EVILSRV; do check lock nolock fails "-D$mistake"; done
check lock vac fails
exit $surprises
