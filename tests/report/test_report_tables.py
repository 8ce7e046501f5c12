import csv
import json
import shutil
import subprocess

import pytest
from fake.runs import make_run

from mser.cli import main

MOODS = ("happy", "sad")
SURE = ("reliability", "risk_coverage")
KINDS = ("styles", "near_copies", "genders", "lengths", "sessions", "speakers")


def report(*runs, out):
    assert main(["report", *map(str, runs), "--out", str(out)]) == 0
    return json.loads((out / "report.json").read_text())


def rows(out, name):
    with (out / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def names(out):
    return {path.name for path in (out / "tables").iterdir()}


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    runs = [make_run(folder / "both", skill=0.8, seeds=(1, 2), objective="OneVsRest", epochs=1),
            make_run(folder / "100%_a&b", skill=0.4, epochs=1)]  # fmt: skip
    return report(*runs, out=folder / "out"), folder / "out"


def test_every_table_is_there_as_csv_and_as_latex(several):
    tables = {"overall", "folds", "classes", "confusion", "binary", "differences", "shortcuts", *KINDS, *SURE}
    tables |= {"mistakes"}
    assert names(several[1]) == {f"{name}.{kind}" for name in tables for kind in ("csv", "tex")}


def test_csv_holds_the_numbers_of_the_report_in_full(several):
    found, out = several
    overall = found["runs"][0]["overall"]["ua"]
    row = rows(out, "overall")[0]
    assert (row["run"], row["score"]) == ("both", "ua")
    assert [
        float(row[name]) for name in ("mean", "sd", "sd_over_seeds", "pooled", "floor", "low", "high", "method_low")
    ] == [
        *(overall[name] for name in ("mean", "sd", "sd_over_seeds", "pooled", "floor")),
        *overall["interval"],
        overall["method_interval"][0],
    ]
    assert rows(out, "overall")[-1]["sd_over_seeds"] == ""
    folds = rows(out, "folds")
    assert len(folds) == 5 * 2 + 5
    assert float(folds[3]["wa"]) == found["runs"][0]["folds"][1]["seeds"][1]["wa"]
    counts = [[int(row[f"said {label}"]) for label in ("neu", "sad", "ang", "hap")] for row in rows(out, "confusion")]
    assert counts == [line for run in found["runs"] for line in run["confusion"]["counts"]]
    pair = found["comparison"]["pairs"][0]
    row = rows(out, "differences")[0]
    assert (row["better"], float(row["difference"]), float(row["p"])) == ("both", pair["difference"], pair["p"])


def test_latex_is_rounded_and_escaped(several):
    found, out = several
    text = (out / "tables/overall.tex").read_text()
    overall = found["runs"][0]["overall"]["ua"]
    low, high = (f"{100 * end:.1f}" for end in overall["interval"])
    assert f"both & UA (\\%) & {100 * overall['mean']:.1f} & {low} & {high} & " in text
    assert "100\\%\\_a\\&b & UA" in text
    assert r"\begin{tabular}{llrrrrrrrrr}" in text
    lines = text.splitlines()
    assert {line.count(" & ") for line in lines if line.endswith(r" \\")} == {10}


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex on this machine")
def test_latex_can_be_typeset(several, tmp_path):
    tables = "".join(path.read_text() + r"\par" for path in sorted((several[1] / "tables").glob("*.tex")))
    (tmp_path / "all.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\begin{document}" + tables + r"\end{document}"
    )
    subprocess.run(["pdflatex", "-halt-on-error", "all.tex"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "all.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("task", "labels", "tables"),
    [
        ("scores", ("sentiment",), {"overall", "folds", *KINDS}),
        ("scores", ("valence", "arousal"), {"overall", "folds", "attributes", *KINDS}),
        ("multi_label", MOODS, {"overall", "folds", "binary", *KINDS, *SURE}),
    ],
)
def test_tables_of_other_tasks(tmp_path, task, labels, tables):
    found = report(make_run(tmp_path / "run", task=task, labels=labels, folds=2, epochs=1), out=tmp_path / "out")
    assert names(tmp_path / "out") == {f"{name}.{kind}" for name in tables for kind in ("csv", "tex")}
    first = found["runs"][0]["headline"][0]
    row = next(row for row in rows(tmp_path / "out", "overall") if row["score"] == first)
    assert float(row["mean"]) == found["runs"][0]["overall"][first]["mean"]


def test_tables_of_a_locked_run_are_named_validation(tmp_path):
    report(make_run(tmp_path / "run", skip_test=True, epochs=1), out=tmp_path / "out")
    assert all(name.startswith("validation_") for name in names(tmp_path / "out"))


def test_a_partial_run_has_only_its_folds(tmp_path):
    run = make_run(tmp_path / "run", epochs=1)
    shutil.rmtree(run / "seed1/fold2")
    report(run, out=tmp_path / "out")
    assert names(tmp_path / "out") == {"folds.csv", "folds.tex"}
    assert [row["fold"] for row in rows(tmp_path / "out", "folds")] == ["1", "3", "4", "5"]
