#!/usr/bin/env bash
# at_length.sh BUILD [KIND…] [--rounds N] [--seed N] runs the harnesses that end the store, at length, and prints what
# they found as a table. Normally called as ./dev crash. A batch that fails is shown, and ends its kind; the exit code
# says whether any did.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly kinds_all=(kills power seeds failpoints simulation syscalls flips soak)
build=$1
shift
kinds=()
rounds=
seed=1
while [[ $# -gt 0 ]]; do
  case $1 in
    --rounds) rounds=${2:?--rounds needs a number} && shift ;;
    --rounds=*) rounds=${1#*=} ;;
    --seed) seed=${2:?--seed needs a number} && shift ;;
    --seed=*) seed=${1#*=} ;;
    all) kinds+=("${kinds_all[@]}") ;;
    *)
      [[ " ${kinds_all[*]} " == *" $1 "* ]] || {
        echo "there is no $1: ${kinds_all[*]} or all" >&2
        exit 2
      }
      kinds+=("$1")
      ;;
  esac
  shift
done
[[ ${#kinds[@]} -gt 0 ]] || kinds=("${kinds_all[@]}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=no

# batches KIND TARGET FILTER VARIABLE ROUNDS BATCH SEEDS runs TARGET for BATCH rounds at a time, with seeds SEEDS apart
# by round; how many the environment's VARIABLE says.
batches() {
  local kind=$1 program filter=$3 variable=$4 left=${rounds:-$5} batch=$6 seeds=$7 done=0 now verdict=passed
  program=$(find "$build/tests" -type f -name "$2")
  local begin=$SECONDS
  : >"$work/$kind"
  while [[ $left -gt 0 ]]; do
    now=$((left < batch ? left : batch))
    if ! env "$variable=$now" ENGRAM_TEST_SEED=$((seed + done * seeds)) \
      "$program" --gtest_brief=1 --gtest_filter="$filter" >"$work/output" 2>&1; then
      tail -n 60 "$work/output" >&2
      verdict=FAILED
      failed=yes
      break
    fi
    grep -a '^report ' "$work/output" >>"$work/$kind" || verdict="skipped: $(grep -a -m 1 -A 2 Skipped "$work/output" | tail -n 1)"
    left=$((left - now))
    done=$((done + now))
    printf '%s: %s, %s to go\n' "$kind" "$done" "$left" >&2
  done
  row "$kind" "$verdict" $((SECONDS - begin))
}

# One table row for each kind of report that came.
row() {
  local kind=$1 verdict=$2 seconds=$3 name
  [[ -s "$work/$kind" ]] || echo "report $kind" >"$work/$kind"
  for name in $(awk '{ print $2 }' "$work/$kind" | sort -u); do
    awk -v name="$name" -v verdict="$verdict" -v seconds="$seconds" '
      $2 != name { next }
      {
        for (i = 3; i <= NF; ++i) {
          split($i, pair, "=")
          if (pair[1] == "seed") { seeds = seeds == "" ? pair[2] : seeds; last = pair[2]; continue }
          if (!(pair[1] in sum)) order[++count] = pair[1]
          if (pair[1] ~ /^max_/) { if (pair[2] + 0 > sum[pair[1]]) sum[pair[1]] = pair[2] + 0 }
          else sum[pair[1]] += pair[2]
        }
      }
      END {
        for (i = 1; i <= count; ++i) {
          word = order[i]
          gsub("_", " ", word)
          text = text (i > 1 ? ", " : "") sum[order[i]] " " word
        }
        printf "| %s | %s | %s%s | %d | %s |\n", name, text, seeds, last == seeds ? "" : " … " last, seconds, verdict
      }' "$work/$kind" >>"$work/table"
  done
}

for kind in "${kinds[@]}"; do
  case $kind in
    kills) batches kills crash_test 'CrashTest.*' ENGRAM_CRASH_ROUNDS 1000 100 1000 ;;
    power) batches power crash_test 'PowerCutTest.*' ENGRAM_POWER_CUTS 200 25 1000 ;;
    seeds) batches seeds engine_faults_test 'SeededCrashTest.*' ENGRAM_CRASH_ROUNDS 2000 250 1 ;;
    failpoints) batches failpoints engine_faults_test 'FailpointCrashTest.*' ENGRAM_CRASH_ROUNDS 5 5 1000 ;;
    simulation) batches simulation engine_faults_test 'SimulationTest.*' ENGRAM_SIMULATIONS 200 50 1 ;;
    # Rounds are the step here: every so many calls.
    syscalls) batches syscalls crash_test 'SyscallSweepTest.*' ENGRAM_SWEEP_STEP 1 100000 1 ;;
    flips) batches flips doctor_test 'BitFlipsTest.*' ENGRAM_FLIPS 5000 250 1 ;;
    soak) batches soak crash_test 'SoakTest.*' ENGRAM_SOAK_SECONDS 600 100000 1 ;;
  esac
done

printf '\n%s, %s processors, %s, %s MiB, Linux %s; %s, commit %s\n\n' \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(stat -f -c %T "${TMPDIR:-/tmp}")" \
  "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" "$(uname -r)" \
  "$(date -u +%Y-%m-%d)" "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
echo '| what | figures | seeds | seconds | |'
echo '|---|---|---|---|---|'
cat "$work/table"
[[ $failed == no ]]
