"""The ``mser convert`` command: checkpoints of others as folders that the other commands take."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mser.errors import UserError
from mser.terminal.command_parser import CommandParser

_OUT = "folder to make; must not exist"
_HEADS = "attention heads of the encoder; only needed for an encoder out of a fine-tuned checkpoint"


def main(argv: Sequence[str] | None = None) -> int:
    """Convert one checkpoint, say in one line what came of it, and return 0.

    Raises:
        UserError: if a file is missing, damaged, unsafe, or does not belong to the others; nothing is left behind then.
    """
    args = vars(command_parser().parse_args(argv))
    kind = args.pop("kind")
    if kind == "speech-bert":
        from mser.convert.speech_bert import convert_speech_bert as convert
    elif kind == "emotion2vec":
        from mser.convert.emotion2vec import convert_emotion2vec as convert  # type: ignore[assignment]
    elif kind == "huggingface":
        from mser.convert.huggingface import convert_huggingface as convert  # type: ignore[assignment]
    elif kind == "roberta":
        from mser.convert.text_roberta import convert_text_roberta as convert  # type: ignore[assignment]
    else:
        from transformers.utils import logging

        from mser.convert.fine_tuned import convert_fine_tuned as convert  # type: ignore[assignment]

        logging.disable_progress_bar()
        logging.set_verbosity_error()  # it lists the output layer, which is meant to be left out
    print(convert(**args))
    return 0


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser convert",
        description="Turn checkpoints of others into folders of safetensors: emotion classifiers in transformers' "
        "layout, emotion2vec, and those of fairseq and of the paper's code. Nothing in a checkpoint is run, and "
        "neither fairseq nor FunASR is needed.",
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    _huggingface(kinds.add_parser("huggingface", help="an emotion classifier of Hugging Face: a model folder"))
    _speech_bert(kinds.add_parser("speech-bert", help="vq-wav2vec and its BERT: a speech encoder"))
    _roberta(kinds.add_parser("roberta", help="a RoBERTa over text: a text encoder"))
    _fine_tuned(kinds.add_parser("fine-tuned", help="a whole model that the paper's code trained"))
    _emotion2vec(kinds.add_parser("emotion2vec", help="emotion2vec as FunASR publishes it: an encoder or a model"))
    return parser


def _huggingface(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make a model folder, for mser predict, app, judge and mser.load, of an emotion classifier that was published "
        "in transformers' layout: wav2vec 2.0, HuBERT, WavLM, UniSpeech(-SAT), data2vec-audio, Wav2Vec2-BERT or "
        "Whisper ...ForSequenceClassification, audEERING's wav2vec 2.0 for arousal, dominance and valence, and the "
        "WavLM baselines of the Odyssey 2024 challenge. A checkpoint whose classifier is not whole is refused: "
        "transformers would fill it at random."
    )
    parser.add_argument("name", metavar="NAME_OR_FOLDER", help="a Hugging Face id such as superb/hubert-base-superb-er")
    parser.add_argument("--out", required=True, metavar="FOLDER", help=_OUT)
    parser.add_argument("--labels", type=_names, metavar="NAME,NAME", help="what its outputs are called, in their "
                        "order, where its config.json does not say, or says it otherwise")  # fmt: skip
    parser.add_argument("--range", type=_range, default=(0.0, 1.0), dest="score_range", metavar="LOW,HIGH",
                        help="least and greatest score of a model that gives scores; 0,1 by default")  # fmt: skip
    parser.add_argument("--trained-on", type=_names, default=[], metavar="CORPUS,CORPUS", help="corpora that it was "
                        "trained on, such as iemocap, where its card does not say")  # fmt: skip


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low, high = 0.0, 0.0
    if not low < high:
        raise UserError(f"--range is {text!r}; expected the least and the greatest score, such as 1,7")
    return low, high


def _speech_bert(parser: argparse.ArgumentParser) -> None:
    parser.description = "Make a speech encoder: use it with --model.speech.name FOLDER."
    parser.add_argument("--vq", required=True, metavar="VQ.pt", help="k-means vq-wav2vec (vq-wav2vec_kmeans.pt)")
    parser.add_argument("--bert", required=True, metavar="BERT.pt", help="RoBERTa over its codes (bert_kmeans.pt)")
    parser.add_argument("--dict", required=True, dest="dictionary", metavar="dict.txt", help="the RoBERTa's words")
    parser.add_argument("--out", required=True, metavar="FOLDER", help=_OUT)
    parser.add_argument("--heads", type=int, metavar="N", help=_HEADS)


def _roberta(parser: argparse.ArgumentParser) -> None:
    parser.description = "Make a text encoder: use it with --model.text.name FOLDER."
    parser.add_argument(
        "--checkpoint", required=True, metavar="MODEL.pt", help="RoBERTa as fairseq released it (model.pt)"
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help=_OUT)
    parser.add_argument(
        "--dict", dest="dictionary", metavar="dict.txt", help="its words; by default beside the checkpoint"
    )
    parser.add_argument("--encoder-json", metavar="encoder.json", help="GPT-2's tokens, to make the tokenizer of")
    parser.add_argument("--vocab-bpe", metavar="vocab.bpe", help="GPT-2's merges, to make the tokenizer of")
    parser.add_argument("--tokenizer", metavar="FOLDER", help="copy the tokenizer of this folder instead")
    parser.add_argument("--heads", type=int, metavar="N", help=_HEADS)


def _emotion2vec(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Of a fine-tuned emotion2vec (plus seed, base, large) whose tokens.txt is there make a model folder, for mser "
        "predict, app, judge and mser.load; its encoder is FOLDER/speech. Of a pretrained one make a speech encoder: "
        "use it with --model.speech.name FOLDER."
    )
    parser.add_argument("--checkpoint", required=True, metavar="MODEL.pt", help="its weights (model.pt), or the "
                        "folder that holds them")  # fmt: skip
    parser.add_argument("--config", metavar="CONFIG.yaml", help="what was published with them; by default beside them")
    parser.add_argument("--tokens", metavar="tokens.txt", help="what a classifier's answers are called, a line each; "
                        "by default beside the weights")  # fmt: skip
    parser.add_argument("--encoder", action="store_true", help="make a speech encoder and leave a classifier out")
    parser.add_argument("--trained-on", type=_names, default=[], metavar="CORPUS,CORPUS", help="corpora that a "
                        "classifier was trained on, such as EmoBox")  # fmt: skip
    parser.add_argument("--out", required=True, metavar="FOLDER", help=_OUT)


def _fine_tuned(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make a model that mser test and mser predict take: --config FOLDER/model.yaml --ckpt_path FOLDER/model.ckpt."
    )
    parser.add_argument("--checkpoint", required=True, metavar="BEST.pt", help="what the paper's code saved")
    parser.add_argument("--speech", metavar="FOLDER", help="the converted Speech-BERT that it was made from")
    parser.add_argument("--text", metavar="FOLDER", help="the converted RoBERTa that it was made from")
    parser.add_argument("--out", required=True, metavar="FOLDER", help=_OUT)
    parser.add_argument(
        "--fusion",
        choices=("coattention", "shallow"),
        help="by default what the checkpoint has weights for; later versions of the code ignored the cross layers that "
        "they trained, for whose checkpoints shallow is right",
    )
