"""Our models, objectives and optimizer give the numbers of the paper's released code, at its README's tolerances."""

import hashlib
import math
import string

import numpy as np
import pytest
import torch
from fake import golden
from fake.golden import arrays, read_json, tensor
from safetensors import safe_open
from sklearn.metrics import f1_score
from torch.optim.lr_scheduler import LambdaLR
from transformers import RobertaConfig, RobertaForMaskedLM

from mser.convert.checkpoint import read_checkpoint
from mser.convert.fairseq_tokeniser import read_vq_wav2vec
from mser.data.audio import load
from mser.encoders.speech_bert.tokens import SpeechTokenizer, pad_tokens
from mser.objectives import CrossEntropy, OneVsRest, Regression
from mser.optim import FairseqAdam
from mser.recognizer import schedule
from mser.scoring import metrics
from mser.scoring.sentiment import rounded, sentiment

pytestmark = golden.needed
STATES = 2e-5


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path))


def close(found, expected, atol, rtol=0.0):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=rtol, atol=atol)


def utterances():
    waveforms = arrays("vq_wav2vec", "waveforms.npz")
    return [tensor(waveforms[f"wav_{number}"]) for number in range(len(waveforms))]


def test_the_reference_files_are_as_they_were_made():
    for line in (golden.FOLDER / "MANIFEST.sha256").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((golden.FOLDER / name).read_bytes()).hexdigest() == digest, name


# vq-wav2vec


@pytest.mark.parametrize("variant", golden.variants())
def test_codes(variant):
    model = read_vq_wav2vec(golden.FOLDER / "vq_wav2vec" / f"checkpoint_{variant}.pt")
    expected = arrays("vq_wav2vec", f"expected_{variant}.npz")
    settings = read_json("config.json")["vq_wav2vec"]["variants"][variant]
    waveforms = utterances()
    assert len(expected) == 5 * len(waveforms)
    with torch.no_grad():
        for number, waveform in enumerate(waveforms):
            features = model.features(waveform)
            projected = model.project(features)
            close(features, expected[f"z_{number}"], 3e-5)
            close(projected, expected[f"proj_{number}"], 5e-5)
            np.testing.assert_array_equal(model.search(projected), expected[f"idx_{number}"])
            np.testing.assert_array_equal(model(waveform), expected[f"idx_{number}"])
            np.testing.assert_array_equal(model.quantize(model(waveform)), expected[f"quantized_{number}"])
            best_two = torch.stack([d.topk(2, largest=False).values for d in model.distances(projected)], dim=1)
            close(best_two[..., 1] - best_two[..., 0], expected[f"margin_{number}"], 1e-4)
            assert len(model(waveform)) == settings["frames"][number]


@pytest.mark.parametrize("variant", golden.variants())
def test_token_strings(variant):
    model = read_vq_wav2vec(golden.FOLDER / "vq_wav2vec" / f"checkpoint_{variant}.pt")
    tokenizer = SpeechTokenizer(model, golden.speech_encoder().backbone.tokenizer.vocabulary)
    lines = (golden.FOLDER / "vq_wav2vec" / f"tokens_{variant}.txt").read_text().splitlines()
    found = [f"<s> {tokenizer.words(waveform)}" for waveform in utterances()]
    assert found == [line.strip() for line in lines]
    pairs = {word for line in found for word in line.split()[1:]}
    assert len(pairs) == read_json("config.json")["vq_wav2vec"]["variants"][variant]["distinct_pairs"]


def test_ids_from_audio_files():
    tokenizer = golden.speech_encoder().backbone.tokenizer
    expected = arrays("speech_bert", "expected.npz")
    config = read_json("config.json")["speech_bert"]
    for number, waveform in enumerate(utterances()):
        clip = load(golden.FOLDER / "vq_wav2vec" / "wav" / f"utt_{number}.wav", 0.0, None)
        assert torch.equal(clip, waveform)
        ids = tokenizer.ids(clip)
        np.testing.assert_array_equal(ids, expected[f"ids_{number}"])
        np.testing.assert_array_equal(tokenizer.ids(clip), ids)
        written = (golden.FOLDER / "speech_bert" / "token_files" / f"utt_{number}.txt").read_text().split()
        assert ids.tolist() == list(map(int, written))
        assert (ids == 3).sum() == config["unk"][number]
        assert len(ids) == config["lens"][number]


# Encoders


def test_speech_bert():
    encoder = golden.speech_encoder()
    expected = arrays("speech_bert", "expected.npz")
    tokens, mask = tensor(expected["tokens"]), expected["mask"]
    waveforms = utterances()[: len(tokens)]
    batch = torch.nn.utils.rnn.pad_sequence(waveforms, batch_first=True)
    with torch.no_grad():
        states = golden.hidden_states(encoder, lambda: encoder(batch, torch.tensor(list(map(len, waveforms)))))
        from_ids = golden.hear(encoder, tokens)
        alone = encoder(waveforms[0][None], torch.tensor([len(waveforms[0])]))
    np.testing.assert_array_equal(from_ids.mask, mask)
    close(states[:, tensor(mask)], expected["hidden_states"][:, mask], STATES)
    close(states[-1][tensor(mask)], expected["features"][mask], STATES)
    close(from_ids.states[tensor(mask)], expected["features"][mask], STATES)
    close(from_ids.summary, expected["features"][:, 0], STATES)
    close(alone.states[0], expected["features_utt0_alone"], STATES)
    positions = encoder.backbone.roberta.embeddings.create_position_ids_from_input_ids(tokens, 1)
    np.testing.assert_array_equal(positions, expected["positions"])


def test_language_model_head():
    folder = golden.speech_folder()
    config = RobertaConfig.from_pretrained(folder)
    expected = arrays("speech_bert", "expected.npz")
    model = RobertaForMaskedLM.from_pretrained(folder, config=config).eval()
    count = expected["lm_logits_first5"].shape[1]
    with torch.no_grad():
        found = model(tensor(expected["tokens"]), attention_mask=tensor(expected["mask"]).long()).logits[:, :count]
    close(found, expected["lm_logits_first5"], STATES)


def test_dimensions_of_speech_bert():
    config, backbone = read_json("config.json")["speech_bert"], golden.speech_encoder().backbone
    settings = backbone.roberta.config
    assert (backbone.width, len(backbone.blocks), backbone.max_tokens) == (
        config["dim"], config["layers"], config["max_positions"],
    )  # fmt: skip
    assert (settings.num_attention_heads, settings.intermediate_size) == (config["heads"], config["ffn"])
    assert settings.vocab_size == config["vocab"] == config["dict_lines"] + 5
    vocabulary = backbone.tokenizer.vocabulary.get_vocab()
    assert vocabulary["<mask>"] == config["mask_idx"]
    assert sum(word.startswith("madeupword") for word in vocabulary) == config["madeup"]


@pytest.mark.parametrize("file", sorted(path.name for path in golden.FOLDER.glob("text_roberta/*.pt")))
def test_text_roberta(file):
    encoder = golden.text_encoder(file)
    expected = arrays("text_roberta", "expected.npz")
    tokens, mask = tensor(expected["tokens"]), expected["mask"]
    with torch.no_grad():
        states = golden.hidden_states(encoder, lambda: encoder(tokens, tensor(mask)))
        unpadded = encoder(
            tensor(expected["tokens_unpadded"]), torch.ones(expected["tokens_unpadded"].shape, dtype=bool)
        )
        longest = encoder(tensor(expected["tokens_max"]), tensor(expected["tokens_max"]) != 1)
    close(states[:, tensor(mask)], expected["hidden_states"][:, mask], STATES)
    close(states[-1][tensor(mask)], expected["features"][mask], STATES)
    close(unpadded.states, expected["features_unpadded"], STATES)
    close(longest.summary, expected["features_max_cls"], STATES)
    close(longest.states[0, -1], expected["features_max_last"], STATES)
    positions = encoder.backbone.model.embeddings.create_position_ids_from_input_ids(tokens, 1)
    np.testing.assert_array_equal(positions, expected["positions"])
    config, settings = read_json("config.json")["text_roberta"], encoder.backbone.model.config
    assert (encoder.width, len(encoder.backbone.blocks), encoder.max_tokens) == (
        config["dim"], config["layers"], config["max_positions"],
    )  # fmt: skip
    assert (settings.num_attention_heads, settings.intermediate_size) == (config["heads"], config["ffn"])
    assert settings.vocab_size == config["vocab"]
    assert encoder.tokenizer.tokenizer.mask_token_id == config["mask_idx"]


# Fusion


def test_encoders_on_the_fusion_batch():
    batch, expected = golden.fusion_batch(), arrays("fusion", "expected.npz")
    for name in ("text", "audio"):
        np.testing.assert_array_equal(batch[f"{name}_mask"].sum(1), batch[f"{name}_lengths"])
    with torch.no_grad():
        speech = golden.hear(golden.speech_encoder(), batch["audio_tokens"])
        text = golden.text_encoder()(batch["text_tokens"], batch["text_mask"])
    close(speech.states[batch["audio_mask"]], expected["audio_features"][batch["audio_mask"].numpy()], STATES)
    close(text.states[batch["text_mask"]], expected["text_features"][batch["text_mask"].numpy()], STATES)
    close(speech.summary, expected["j_aud"], STATES)
    close(text.summary, expected["j_text"], STATES)


@pytest.mark.parametrize("name", golden.names("fusion/*.safetensors"))
def test_fused_model(name):
    batch, expected = golden.fusion_batch(), arrays("fusion", "expected.npz")
    model = golden.recognizer(name)
    with torch.no_grad():
        vector = golden.fused(model, batch)
        close(golden.logits(model, batch), expected[f"logits_{name}"], STATES)
    if f"t2a_r_{name}" in expected:
        answers = np.concatenate([expected[f"t2a_r_{name}"], expected[f"a2t_r_{name}"]], axis=1)
        close(vector, answers, STATES)
    if f"logits_{name}_head_at_a6ba1f6" in expected:
        summaries = torch.from_numpy(np.concatenate([expected["j_text"], expected["j_aud"]], axis=1))
        with torch.no_grad():
            close(model.head(summaries), expected[f"logits_{name}_head_at_a6ba1f6"], STATES)


def test_every_fused_model_of_the_set_is_tried():
    logits = {
        name.removeprefix("logits_").split("_head_at")[0]
        for name in arrays("fusion", "expected.npz")
        if "logits" in name
    }
    assert logits == set(golden.names("fusion/*.safetensors"))


@pytest.mark.parametrize(
    ("fusion", "suffix"), [(["--fusion", "coattention"], ""), ([], ""), (["--fusion", "shallow"], "_head_at_a6ba1f6")]
)
@pytest.mark.parametrize("name", golden.names("fusion/*.pt"))
def test_whole_fine_tuned_checkpoint(name, fusion, suffix):
    model_name = name.removeprefix("checkpoint_")
    encoders = ["--speech", golden.speech_folder(), "--text", golden.text_folder()]
    checkpoint = golden.FOLDER / "fusion" / f"{name}.pt"
    folder = golden.convert(f"{name}{''.join(fusion)}", "fine-tuned", "--checkpoint", checkpoint, *encoders, *fusion)
    model = golden.from_folder(folder)
    with torch.no_grad():
        found = golden.logits(model, golden.fusion_batch())
    close(found, arrays("fusion", "expected.npz")[f"logits_{model_name}{suffix}"], STATES)


@pytest.mark.parametrize("name", golden.names("fusion/*.pt"))
def test_encoders_out_of_a_fine_tuned_checkpoint(name):
    """Without the pretrained folders: the number of heads must be given, as the checkpoint does not hold it."""
    checkpoint, config = golden.FOLDER / "fusion" / f"{name}.pt", read_json("config.json")
    speech_files = ["--vq", golden.FOLDER / "vq_wav2vec" / "checkpoint_main.pt", "--bert", checkpoint]
    speech_files += ["--dict", golden.FOLDER / "speech_bert" / "dict.txt", "--heads", config["speech_bert"]["heads"]]
    speech = golden.convert(f"{name}-speech", "speech-bert", *speech_files)
    text = golden.convert(
        f"{name}-text", "roberta", "--checkpoint", checkpoint, "--heads", config["text_roberta"]["heads"]
    )
    for mine, same in ((speech, golden.speech_folder()), (text, golden.text_folder())):
        with safe_open(mine / "model.safetensors", "pt") as one, safe_open(same / "model.safetensors", "pt") as other:
            assert all(torch.equal(one.get_tensor(key), other.get_tensor(key)) for key in other.keys())


# Objectives and their counters


def test_iemocap_objective():
    given, expected = arrays("criterion", "iemocap.npz"), read_json("criterion", "expected.json")["iemocap"]
    emotions = [name.removeprefix("truth_") for name in given if name.startswith("truth_")]
    logits, target = tensor(given["logits"]), tensor(given["targets"])
    objective = OneVsRest(emotions)
    losses, count = objective.loss(logits, target), len(emotions) * len(target)
    close(losses.sum(), expected["loss_sum"], 0, 1e-5)
    close(losses.sum(), expected["logging"]["loss"], 0, 1e-5)
    assert len(losses) == expected["returned_sample_size"]
    assert (
        count
        == expected["logging"]["sample_size"]
        == expected["logging"]["nsentences"]
        == expected["logging"]["ntokens"]
    )
    present = objective.answers(logits).numpy() > 0.5
    scores = metrics.one_vs_rest([emotions[i] for i in target], objective.answers(logits).numpy(), emotions)
    for column, emotion in enumerate(emotions):
        np.testing.assert_array_equal(present[:, column], given[f"pred_{emotion}"])
        np.testing.assert_array_equal(target == column, given[f"truth_{emotion}"])
        one = expected["per_emotion"][emotion]
        close(scores[f"accuracy_{emotion}"], one["accuracy"], 1e-12)
        close(scores[f"f1_{emotion}"], one["weighted_f1"], 1e-12)
        right = round(scores[f"accuracy_{emotion}"] * len(target))
        assert right == one["ncorrect"] == expected["logging"][f"ncorrect_{emotion}"]
    assert round(scores["mean_binary_accuracy"] * count) == expected["logging"]["ncorrect"]
    for reduced in (expected["reduced_one_batch"], expected["reduced_batches_of_one"]):
        close(losses.sum() / count / math.log(2), reduced["loss"], 0, 1e-5)
        close(100 * scores["mean_binary_accuracy"], reduced["accuracy"], 1e-9)
        for emotion in emotions:
            close(100 * scores[f"accuracy_{emotion}"], reduced[f"accuracy_{emotion.lower()}"], 1e-9)


def test_meld_objective():
    given, expected = arrays("criterion", "meld.npz"), read_json("criterion", "expected.json")["meld"]
    labels = [str(number) for number in range(given["logits"].shape[1])]
    logits, target = tensor(given["logits"]), tensor(given["targets"])
    objective = CrossEntropy(labels)
    losses = objective.loss(logits, target)
    prediction = objective.answers(logits).argmax(1)
    np.testing.assert_array_equal(prediction, given["pred"])
    scores = metrics.classification([labels[i] for i in target], [labels[i] for i in prediction], labels)
    close(losses.sum(), expected["loss_sum"], 0, 1e-5)
    assert len(losses) == expected["returned_sample_size"]
    close(scores["wa"], expected["accuracy"], 1e-12)
    close(scores["weighted_f1"], expected["weighted_f1"], 1e-12)
    close(f1_score(target, prediction, average="weighted"), expected["weighted_f1"], 1e-12)
    assert round(scores["wa"] * len(target)) == expected["ncorrect"]
    close(losses.mean() / math.log(2), expected["reduced_one_batch"]["loss"], 0, 1e-5)
    close(100 * scores["wa"], expected["reduced_one_batch"]["accuracy"], 1e-9)


def test_sentiment_objective():
    given, expected = arrays("criterion", "mos.npz"), read_json("criterion", "expected.json")["mos"]
    logits, target = tensor(given["logits"]), given["targets"]
    losses = Regression(["score"]).loss(logits, tensor(target))
    close(losses.sum(), expected["loss_sum"], 0, 1e-5)
    close(losses.sum(), expected["logging"]["loss"], 0, 1e-5)
    assert len(losses) == expected["returned_sample_size"] == expected["logging"]["sample_size"]
    prediction = given["logits"][:, 0]
    np.testing.assert_array_equal(rounded(target, most=3), given["seven_truth"])
    np.testing.assert_array_equal(rounded(prediction, most=3), given["seven_pred"])
    scores = sentiment(target.astype(np.float64), prediction.astype(np.float64))
    close(scores["mae"], expected["mae"], 0, 1e-5)
    close(scores["pearson"], expected["pearson"], 1e-6)
    close(scores["acc7"], expected["seven_class_accuracy"], 1e-12)
    assert round(scores["acc7"] * len(target)) == expected["logging"]["ncorrect"]
    polar, binary = target != 0, expected["binary_excluding_zero"]
    np.testing.assert_array_equal(target[polar] > 0, given["binary_truth"])
    np.testing.assert_array_equal(prediction[polar] > 0, given["binary_pred"])
    assert polar.sum() == binary["n"]
    close(scores["acc2_non0"], binary["accuracy"], 1e-12)
    close(scores["weighted_f1_non0"], binary["weighted_f1"], 1e-12)
    assert round(scores["acc2_non0"] * binary["n"]) == expected["logging"]["ncorrect_binary"]


def test_sentiment_without_the_neutral_utterances():
    given, expected = arrays("criterion", "mos.npz"), read_json("criterion", "expected.json")["mos"]
    polar = given["targets"] != 0
    target, logits = given["targets"][polar], given["logits"][polar]
    losses = Regression(["score"]).loss(tensor(logits), tensor(target))
    scores = sentiment(target, logits[:, 0])
    subset, reduced = expected["nonzero_subset"], expected["reduced_batches_of_one_nonzero"]
    close(losses.sum(), subset["loss_sum"], 0, 1e-5)
    right = [round(scores[name] * subset["n"]) for name in ("acc7", "acc2_non0")]
    assert [len(target), *right] == [subset["n"], subset["ncorrect"], subset["ncorrect_binary"]]
    close(losses.mean() / math.log(2), reduced["loss"], 0, 1e-5)
    close(100 * scores["acc7"], reduced["accuracy"], 1e-9)
    close([100 * scores["acc2_non0"]] * 2, [reduced["ba-accuracy"], reduced["binary-accuracy"]], 1e-9)


# Collation


def test_collation():
    given = arrays("collate", "expected.npz")
    limits = {
        name: read_json("config.json")[part]["max_positions"]
        for name, part in (("audio", "speech_bert"), ("text", "text_roberta"))
    }
    for name, limit in limits.items():
        rows = [given[f"in_{name}_{number}"].astype(np.int32) for number in range(len(given["target"]))]
        np.testing.assert_array_equal(pad_tokens(rows, limit), given[name])
    rows = [given[f"in_audio_{number}"].astype(np.int32) for number in range(len(given["target"]))]
    np.testing.assert_array_equal(golden.speech_encoder().backbone.collate(rows), given["audio"])


def test_text_is_cut_and_padded_the_same_way():
    """Transcripts come as text, so the ids of the set are spelled with the letters that the vocabulary has."""
    given, encoder = arrays("collate", "expected.npz"), golden.text_encoder()
    vocabulary = encoder.tokenizer.tokenizer.get_vocab()
    letters = [letter for letter in string.ascii_letters if letter in vocabulary]
    rows = [given[f"in_text_{number}"] for number in range(len(given["target"]))]
    ids, mask = encoder.tokenize(["".join(letters[id_ % len(letters)] for id_ in row[1:-1]) for row in rows])
    spelled = np.array([vocabulary[letters[id_ % len(letters)]] for id_ in range(given["text"].max() + 1)])
    np.testing.assert_array_equal(ids, np.where(given["text"] > 2, spelled[given["text"]], given["text"]))
    np.testing.assert_array_equal(mask, given["text"] != 1)


# Training


def steps_of(name):
    model = golden.recognizer(name.removesuffix("_fairseq_adam"))
    batch = golden.fusion_batch()
    target = batch[f"target_{name.removesuffix('_fairseq_adam').rpartition('_')[2]}"]

    def loss():
        return model.objective.loss(golden.logits(model, batch), target).mean()

    return model, batch, loss


def check_after(model, batch, given, updates):
    logits = f"logits_after_{updates}"
    with torch.no_grad():
        found = golden.logits(model, batch)
    for name, expected in given.items():
        if name.startswith(logits):
            close(found, expected, 1e-4)
        elif name.startswith(f"after{updates}_"):
            close(golden.ours(model, name.removeprefix(f"after{updates}_")), expected, 1e-4)
        else:
            assert name == "head_weight_grad_step0"


@pytest.mark.parametrize(
    "name", [n for n in golden.names("training/*.npz") if (golden.FOLDER / "fusion" / f"{n}.safetensors").is_file()]
)
def test_sgd_steps(name):
    expected, given = read_json("training", "expected.json")[name], arrays("training", f"{name}.npz")
    model, batch, loss = steps_of(name)
    optimizer = torch.optim.SGD(model.parameters(), lr=expected["lr"])
    means, sums = expected["loss_mean_per_utterance"], expected["loss_sum"]
    assert len(batch["text_tokens"]) == expected["batch_size"]
    for step, mean in enumerate(means):
        optimizer.zero_grad()
        value = loss()
        close(value.item(), mean, *((0, 1e-5) if step == 0 else (1e-4, 0)))
        close(value.item() * expected["batch_size"], sums[step], *((0, 1e-5) if step == 0 else (4e-4, 0)))
        if step + 1 < len(means):
            value.backward()
            if step == 0:
                check_gradients(model, expected)
                close(
                    golden.ours(model, "classification_heads.weight", gradient=True),
                    given["head_weight_grad_step0"],
                    1e-4,
                )
            optimizer.step()
    check_after(model, batch, given, len(means) - 1)


def norm(gradients):
    return torch.stack([gradient.norm() for gradient in gradients]).norm().item()


def check_gradients(model, expected):
    def check(found, value):
        assert abs(found - value) / max(value, 1e-2) <= 1e-4

    by_name = {name: golden.ours(model, name, gradient=True) for name in expected["grad_norm_by_parameter"]}
    for name, value in expected["grad_norm_by_parameter"].items():
        check(norm([by_name[name]]), value)
    for group, value in expected["grad_norm_by_group"].items():
        check(norm([gradient for name, gradient in by_name.items() if group_of(name) == group]), value)
    assert expected["parameters_without_gradient"] == []
    check(
        norm([parameter.grad for parameter in model.parameters() if parameter.grad is not None]),
        expected["grad_norm_total"],
    )
    assert sum(p.numel() for p in model.parameters()) == sum(gradient.numel() for gradient in by_name.values())


def group_of(name):
    if name.startswith("classification_heads."):
        return "head"
    part = {"roberta_vqwav2vec": "speech", "model_text2vec": "text", "decoder": "fusion"}[name.split(".")[0]]
    inner = name.split("sentence_encoder.")[1].split(".")
    return f"{part}.{'.'.join(inner[:2]) if inner[0] == 'layers' else inner[0]}"


@pytest.mark.parametrize("name", golden.names("training/*_fairseq_adam.npz"))
def test_adam_updates(name):
    expected, given = read_json("training", "expected.json")[name], arrays("training", f"{name}.npz")
    model, batch, loss = steps_of(name)
    settings = {key: expected[key] for key in ("betas", "eps", "weight_decay")}
    optimizer = FairseqAdam(model.parameters(), expected["lr_peak"], **settings)
    warmup, total = expected["warmup_updates"], expected["total_num_update"]
    rates = LambdaLR(optimizer, lambda step: schedule(step, warmup, total, power=expected["power"]))
    means = expected["loss_mean_per_utterance"]
    for step, mean in enumerate(means):
        close(optimizer.param_groups[0]["lr"], expected["lr_per_update"][step], 1e-12)
        optimizer.zero_grad()
        value = loss()
        close(value.item(), mean, *((0, 1e-5) if step == 0 else (1e-4, 0)))
        if step + 1 < len(means):
            value.backward()
            optimizer.step()
            rates.step()
    check_after(model, batch, given, len(means) - 1)


@pytest.mark.parametrize("name", golden.names("fusion/*.pt"))
def test_learning_rates(name):
    args = read_checkpoint(golden.FOLDER / "fusion" / f"{name}.pt").settings
    rates = arrays("training", "lr_schedule.npz")["lr"]
    rise, total, power = args["warmup_updates"], args["total_num_update"], args["power"]
    found = [args["lr"][0] * schedule(step, rise, total, power=power) for step in range(len(rates))]
    close(found, rates, 1e-15)


def test_every_recorded_run_is_repeated():
    runs = set(read_json("training", "expected.json"))
    sgd = {name for name in runs if not name.endswith("_fairseq_adam")}
    assert runs == set(golden.names("training/*.npz")) - {"lr_schedule"}
    assert sgd <= set(golden.names("fusion/*.safetensors"))
