import re
import shutil
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from fake.runs import AUDIT, make_run

from mser.cli import main

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Collects what a page is made of and sees that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.ids, self.labels, self.tags = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)


def page(*runs, out):
    assert main(["report", *map(str, runs), "--out", str(out)]) == 0
    text = (out / "report.html").read_text()
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    return text, outline


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    folder = tmp_path_factory.mktemp("single")
    return page(make_run(folder / "both", seeds=(1, 2), objective="OneVsRest"), out=folder)


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    runs = [make_run(folder / name, skill=skill) for name, skill in (("both", 0.8), ("a$b_{c}<i>", 0.4))]
    (runs[0] / "seed1/fold2/history.csv").unlink()
    return page(*runs, out=folder)


def test_every_section_is_there(single):
    assert single[1].headings == [
        "both",
        "Protocol and audit",
        "Overall",
        "Folds",
        "Classes",
        "Each emotion against the rest",
        "How sure it is of an answer",
        "Shortcuts",
        "Improvised and scripted",
        "Words that training has read",
        "Who speaks, and how long",
        "Its surest mistakes",
        "Learning curves",
        "Cost",
        "How to get this again",
        "What others report",
        "What the numbers mean",
    ]


def test_several_runs_have_a_comparison_and_a_part_each(several):
    assert several[1].headings[:6] == [
        "2 runs compared: both, a$b_{c}<i>",
        "Comparison",
        "Recall of each class",
        "UA of each kind of utterance",
        "Protocol and audit",
        "both",
    ]
    assert several[1].headings.count("Folds") == 2
    assert "Seed 1, fold 2 has no history.csv, so its curve is not drawn." in several[0]


@pytest.mark.parametrize("which", ["single", "several"])
def test_the_page_needs_nothing_from_elsewhere(which, request):
    text, outline = request.getfixturevalue(which)
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text.replace("// ", ""))
    assert {tag for tag, _ in outline.tags} & {"link", "img", "iframe", "object", "audio"} == set()
    assert all(a.get("href", "#").startswith(("#", "data:")) for _, a in outline.tags)
    assert [a for tag, a in outline.tags if tag == "script"] == [{}]


@pytest.mark.parametrize("which", ["single", "several"])
def test_ids_are_unique_and_references_hit(which, request):
    text, outline = request.getfixturevalue(which)
    assert len(outline.ids) == len(set(outline.ids))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', text)) <= set(outline.ids)


@pytest.mark.parametrize("which", ["single", "several"])
def test_pictures_take_colours_and_fonts_from_the_page(which, request):
    text, _ = request.getfixturevalue(which)
    pictures = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    assert len(pictures) == {"single": 1 + 4 + 5, "several": 2 + 2 * 4 + 5 + 4}[which]
    for picture in pictures:
        assert re.search(r'^<svg role="img" aria-label="[^"]+"', picture)
        assert "var(--accent)" in picture or "var(--heat)" in picture
        assert not re.search(r"#[0-9a-f]{6}\b", picture.replace("href=", ""))
        assert "font-family" not in picture


def test_tables_can_be_read_aloud(single):
    tables = [tag for tag, _ in single[1].tags if tag in ("table", "caption")]
    assert tables == ["table", "caption"] * (len(tables) // 2)
    assert all("scope" in attributes for tag, attributes in single[1].tags if tag == "th")


def test_names_are_escaped(several):
    assert "a$b_{c}<i>" not in several[0]
    assert several[0].count("a$b_{c}&lt;i&gt;") >= 4


def test_provenance_and_digest_are_on_the_page(single):
    for text in (
        "mser crossval --config",
        "6ff5ed7c0ffee",
        "torch 2.14.1",
        "Made-Up GPU 80GB",
        "94,381,936 parameters, all",
    ):
        assert text in single[0]
    assert re.search(r"digest <code>[0-9a-f]{16}</code>", single[0])


def test_leaks_come_first_and_are_marked(tmp_path):
    run = make_run(tmp_path / "leaky", audit={**AUDIT, "speaker_overlap": 3})
    text, _ = page(run, out=tmp_path)
    assert re.findall(r'<li class="(leak|note-level|sound)"', text)[0] == "leak"
    assert "Train and test share 3 speakers" in text


def test_a_partial_run_shows_folds_but_no_figures(tmp_path):
    run = make_run(tmp_path / "half", seeds=(1, 2))
    shutil.rmtree(run / "seed2/fold3")
    shutil.rmtree(run / "seed1/fold4")
    shutil.rmtree(run / "seed2/fold4")
    text, outline = page(run, out=tmp_path)
    assert outline.headings[0] == "half, partial: 3 of 10 results are missing"
    assert not {"Overall", "Classes", "Improvised and scripted"} & set(outline.headings)
    assert "no result yet for every seed" in text
    assert "no result yet</td>" in text
    assert 'class="headline"' not in text


def test_without_any_history_the_section_says_so(tmp_path):
    run = make_run(tmp_path / "bare", folds=2)
    for path in run.glob("seed1/fold*/history.csv"):
        path.unlink()
    text, _ = page(run, out=tmp_path)
    assert text.count("has no history.csv, so its curve is not drawn.") == 2
    assert '<ul class="curves">' not in text


def test_a_class_that_no_fold_tests_has_no_recall(tmp_path):
    run = make_run(tmp_path / "rare", folds=2, turns=4)
    from fake.runs import predictions_of, write_predictions

    for fold in (1, 2):
        rows = predictions_of(run, fold=fold)
        for row in rows:
            row["target"] = "neu" if row["target"] == "hap" else row["target"]
        write_predictions(run, rows, fold=fold)
    text, _ = page(run, out=tmp_path)
    cells = r'<td><span class="strong">{}</span></td>'
    none_right = "".join(cells.format(score) for score in ("0.0", "–", "0.0"))  # precision, recall, F1
    assert re.search(rf'<th scope="row">hap</th><td>0</td>{none_right}<td>–</td>', text)


def test_the_same_runs_give_the_same_page(tmp_path):
    run = make_run(tmp_path / "both", folds=2)
    assert page(run, out=tmp_path / "a")[0] == page(run, out=tmp_path / "b")[0]


def test_the_contents_lead_to_every_heading(several):
    text, outline = several
    led = re.findall(r'<li class="level[23]"><a href="#([^"]+)">', text)
    headed = [attributes["id"] for tag, attributes in outline.tags if tag in ("h2", "h3")]
    assert led == headed
    assert len(led) == len(outline.headings) - 1


def linked(text, name):
    """Return what the page's first link of a file's name saves."""
    found = re.search(rf'href="data:[^,]+charset=utf-8,([^"]+)" download="{re.escape(name)}"', text)
    return unquote(found[1])


def test_every_table_can_be_saved_from_the_page(tmp_path):
    run = make_run(tmp_path / "both", seeds=(1, 2), objective="OneVsRest")
    text, _ = page(run, out=tmp_path)
    written = sorted((tmp_path / "tables").iterdir())
    assert len(written) == 2 * 15
    for path in written:
        assert linked(text, f"both_{path.name}") == path.read_text()


def test_runs_side_by_side_show_who_is_best_at_what(several):
    text, _ = several
    table = text[text.index('<h3 id="recall-of-each-class"') : text.index('<h3 id="ua-of-each-kind')]
    rows = re.findall(r'<th scope="row" class="run">(.*?)</th>(.*?)</tr>', table)
    assert [name for name, _ in rows] == ["both", "a$b_{c}&lt;i&gt;"]
    scores = [[float(found) for found in re.findall(r"<span[^>]*>([\d.]+)</span>", cells)] for _, cells in rows]
    bold = [[bool(found) for found in re.findall(r"<td><span( class=strong)?>", cells)] for _, cells in rows]
    assert all(len(row) == 4 for row in scores)
    for one, other, best, worse in zip(*scores, *bold, strict=True):
        assert (best, worse) == (one > other, other > one)
