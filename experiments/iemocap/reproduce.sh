#!/usr/bin/env bash
# Speech, text and both fusions on IEMOCAP, each over all folds of its protocol, and one table of them all.
#
#   experiments/iemocap/reproduce.sh /path/to/IEMOCAP_full_release [RUNS] [option of mser crossval ...]
#
# SPEECH and TEXT name other encoders, as hub ids or local folders; EXPERIMENTS names other files of this folder.
# Run it again to resume what was interrupted.
set -euo pipefail

corpus=${1:?give the folder IEMOCAP_full_release}
runs=${2:-runs/iemocap}
shift $(($# > 2 ? 2 : $#))
here=$(dirname "$0")
read -ra experiments <<<"${EXPERIMENTS:-speech_only text_only shallow coattention}"

crossval() { # EXPERIMENT [option ...]
    local name=$1 options=(--data.init_args.root "$corpus")
    shift
    [[ -z ${SPEECH:-} || $name == *text_only ]] || options+=(--model.speech.name "$SPEECH")
    [[ -z ${TEXT:-} || $name == *speech_only ]] || options+=(--model.text.name "$TEXT")
    mser crossval --config "$here/$name.yaml" --out "$runs/$name" "${options[@]}" "$@"
}

echo "1/3 The corpus: 10,039 turns are expected, 5,531 of them in the four classes (seconds)."
mser data check iemocap "$corpus" || echo "It differs from the release; what is missing is left out of every figure below."

echo "2/3 The plan of each experiment: encoders, folds and room on disk (a minute)."
for name in "${experiments[@]}"; do crossval "$name" --plan "$@"; done

echo "3/3 The experiments, one after the other (hours on one GPU; never timed here)."
for name in "${experiments[@]}"; do
    echo "--- $name"
    crossval "$name" "$@"
done

mser report "${experiments[@]/#/$runs/}" --out "$runs/report"
