#!/usr/bin/env bash
# What real speech does to emotion recognisers, measured again on the corpora that are here: see docs/speech.md.
#
#   RAVDESS=FOLDER EMODB=FOLDER IEMOCAP=FOLDER CREMA_D=FOLDER TABLE=FILE MELD=FOLDER experiments/speech.sh [RUNS] [option ...]
#
# Each corpus is left out, with the reason, where its variable names no folder or file. SPEECH names the frozen speech
# encoder, TEXT the sentence encoder, ASR the recogniser (SPEECH unless given), as hub ids or local folders; further
# options are those of mser crossval. Run it again to resume what was interrupted.
set -euo pipefail

runs=${1:-runs/speech}
shift $(($# > 1 ? 1 : $#))
speech=${SPEECH:-openai/whisper-tiny.en}
text=${TEXT:-sentence-transformers/all-MiniLM-L6-v2}
heard=()

there() { # NAME PATH
    [[ -n $2 && -e $2 ]] && return 0
    echo "--- $1: left out, $([[ -n $2 ]] && echo "$2 is not there" || echo "no ${1^^}=PATH was given")"
    return 1
}

hear() { # NAME CLASS PATH LABELS [option ...]: what gives its classes away, and what a frozen encoder bears
    local name=$1 class=$2 path=$3 labels=$4
    shift 4
    there "$name" "$path" || return 0
    echo "--- $name: what its recordings are like"
    local chosen=() named=()
    [[ -z $labels ]] || chosen=("--data.init_args.labels=$labels") named=(--labels "$labels")
    mser data describe "$name" "$path" "${named[@]}" --out "$runs/$name.svg"
    echo "--- $name: a frozen encoder over unheard speakers, its shortcuts, and everyday conditions"
    mser crossval --data "$class" "--data.init_args.root=$path" "${chosen[@]}" "--model.speech.name=$speech" \
        --model.speech.tune=frozen --out "$runs/$name" "$@"
    mser robustness "$runs/$name" --part test --suite everyday
    mser report "$runs/$name"
    heard+=("$runs/$name")
}

mkdir -p "$runs"
hear ravdess RAVDESS "${RAVDESS:-}" ravdess4 "$@"
hear emodb EmoDB "${EMODB:-}" emodb4 "$@"
hear iemocap IEMOCAP "${IEMOCAP:-}" iemocap4 "$@"
hear crema_d CREMAD "${CREMA_D:-}" crema_d4 "$@"
hear table Table "${TABLE:-}" "" "$@"

if there meld "${MELD:-}"; then
    echo "--- meld: what marks of punctuation carry, in words alone"
    mser data transcribe meld "$MELD" "$runs/meld-bare.jsonl" --bare
    for words in "$MELD" "$runs/meld-bare.jsonl"; do
        run=$runs/meld$([[ $words == "$MELD" ]] && echo "" || echo -bare)
        mser crossval --data MELD "--data.init_args.root=$words" --model.speech=null "--model.text.name=$text" \
            --model.text.tune=frozen --out "$run" "$@"
    done
    mser report "$runs/meld" "$runs/meld-bare" --out "$runs/report-meld"
fi

if there iemocap "${IEMOCAP:-}"; then
    echo "--- iemocap: words as they are typed and as they are heard"
    mser data transcribe iemocap "$IEMOCAP" "$runs/iemocap-heard.jsonl" --asr "${ASR:-$speech}"
    for words in "$IEMOCAP" "$runs/iemocap-heard.jsonl"; do
        run=$runs/iemocap-words$([[ $words == "$IEMOCAP" ]] && echo "" || echo -heard)
        mser crossval --data IEMOCAP "--data.init_args.root=$words" --model.speech=null "--model.text.name=$text" \
            --model.text.tune=frozen --out "$run" "$@"
    done
    mser report "$runs/iemocap-words" "$runs/iemocap-words-heard" --out "$runs/report-iemocap"
fi

[[ ${#heard[@]} -gt 0 || -e ${MELD:-/dev/null/none} ]] || echo "Nothing was measured: give at least one corpus, such as EMODB=FOLDER."
