#!/usr/bin/env bash
# Speech, text and both fusions on one corpus, each over all folds of its protocol, and one table of them all.
#
#   experiments/reproduce.sh iemocap|mosi|mosei /path/to/CORPUS [RUNS] [option of mser crossval ...]
#
# SPEECH and TEXT name other encoders, as hub ids or local folders; EXPERIMENTS names other files of the corpus's folder.
# Run it again to resume what was interrupted.
set -euo pipefail

name=${1:?give iemocap, mosi or mosei}
corpus=${2:?give the folder of the corpus}
runs=${3:-runs/$name}
shift $(($# > 3 ? 3 : $#))
here=$(dirname "$0")/$name
read -ra experiments <<<"${EXPERIMENTS:-speech_only text_only shallow coattention}"

case $name in
iemocap) expected="10,039 turns are expected, 5,531 of them in the four classes" seeds=1 ;;
# One official fold: seeds take the place of folds.
mosi) expected="1,284 / 229 / 686 segments are expected" seeds=1,2,3 ;;
mosei) expected="16,327 / 1,871 / 4,662 labelled segments are expected" seeds=1,2,3 ;;
*) echo "reproduce.sh: '$name' is none of iemocap, mosi, mosei" >&2 && exit 2 ;;
esac

crossval() { # EXPERIMENT [option ...]
    local experiment=$1 options=(--data.init_args.root "$corpus" --seeds "$seeds")
    shift
    [[ -z ${SPEECH:-} || $experiment == *text_only ]] || options+=(--model.speech.name "$SPEECH")
    [[ -z ${TEXT:-} || $experiment == *speech_only ]] || options+=(--model.text.name "$TEXT")
    mser crossval --config "$here/$experiment.yaml" --out "$runs/$experiment" "${options[@]}" "$@"
}

echo "1/3 The corpus: $expected (seconds)."
mser data check "$name" "$corpus" || echo "It differs from the release; what is missing is left out of every figure below."

echo "2/3 The plan of each experiment: encoders, folds and room on disk (a minute)."
for experiment in "${experiments[@]}"; do crossval "$experiment" --plan "$@"; done

echo "3/3 The experiments, one after the other (hours on one GPU; never timed here)."
for experiment in "${experiments[@]}"; do
    echo "--- $experiment"
    crossval "$experiment" "$@"
done

mser report "${experiments[@]/#/$runs/}" --out "$runs/report"
