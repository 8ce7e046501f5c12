#!/usr/bin/env bash
# Speech, text and both on a made-up corpus with small random encoders: the whole path in a few minutes, no download.
#
#   experiments/demo/run.sh RUNS [option of mser crossval ...]
set -euo pipefail

runs=${1:-runs/demo}
shift $(($# > 0))
here=$(dirname "$0")

if [[ ! -d $runs/corpus ]]; then
    echo "1/3 Making up an IEMOCAP-shaped corpus with synthesized speech."
    mser data demo iemocap "$runs/corpus"
fi
mser data check iemocap "$runs/corpus"

echo "2/3 Cross-validating speech, text and both: five folds each (about a minute each)."
for name in speech_only text_only shallow; do
    echo "--- $name"
    mser crossval --config "$here/$name.yaml" --data.init_args.root "$runs/corpus" --out "$runs/$name" "$@"
done

echo "3/3 One report of all three."
mser report "$runs/speech_only" "$runs/text_only" "$runs/shallow" --out "$runs/report"
