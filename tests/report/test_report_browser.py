"""The report in a real browser: what it shows, that it needs no network, and that its tables can be sorted."""

import json
import re
import shutil
import time

import numpy as np
import pytest
import soundfile
from fake.browser import CHROMIUM, Browser
from fake.runs import make_run

from mser.cli import main

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on the PATH")
SHOWN = """
(() => {
  const faults = [], width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) faults.push("the page is wider than its window");
  const light = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    const part = [red, green, blue].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return alpha ? 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2] : null;
  };
  const behind = (one) => one ? light(getComputedStyle(one).backgroundColor) ?? behind(one.parentElement) : 1;
  const texts = "h1, h2, h3, p, li, dt, dd, th, td, caption, figcaption, a, button, summary, svg text";
  for (const one of document.querySelectorAll(texts)) {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one), said = one.textContent.trim().slice(0, 30);
    if (!said || !one.checkVisibility()) continue;
    if (!box.width || !box.height) faults.push(`invisible: ${said}`);
    if (!one.closest(".scroll, nav") && (box.left < 0 || box.right > width + 1)) faults.push(`cut off: ${said}`);
    const ink = light(one.closest("svg") ? style.fill : style.color), paper = behind(one);
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (contrast < 4.5) faults.push(`faint, ${contrast.toFixed(1)}: ${said}`);
    const grown = one.getScreenCTM?.(), size = parseFloat(style.fontSize) * (grown ? Math.hypot(grown.a, grown.b) : 1);
    if (size < 9) faults.push(`small, ${size.toFixed(1)}: ${said}`);
  }
  return [...new Set(faults)];
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return a page of every kind: one run, several, a partial one, scores, several labels at once."""
    folder = tmp_path_factory.mktemp("runs")
    one = make_run(folder / "one", seeds=(1, 2), objective="OneVsRest")
    several = [make_run(folder / name, skill=skill) for name, skill in (("good", 0.9), ("poor", 0.3), ("fair", 0.6))]
    partial = make_run(folder / "partial")
    shutil.rmtree(partial / "seed1/fold3")
    scores = make_run(folder / "scores", task="scores", labels=("sentiment",), label_set="sentiment")
    emotions = ("happy", "sad", "anger", "surprise", "disgust", "fear")
    labels = make_run(folder / "labels", task="multi_label", labels=emotions, label_set="mosei6", turns=20)
    wanted = {"one": [one], "several": several, "partial": [partial], "scores": [scores], "labels": [labels]}
    for name, runs in wanted.items():
        assert main(["report", *map(str, runs), "--out", str(folder / "pages" / name)]) == 0
    return {name: folder / "pages" / name / "report.html" for name in wanted}


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1280, True)])
def test_every_page_is_shown_whole_and_legible(browser, pages, width, dark):
    for name, path in pages.items():
        browser.open(path, width, dark=dark)
        assert (name, browser.ask(SHOWN)) == (name, [])
        browser.ask("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert (name, browser.ask(SHOWN)) == (name, [])
        paper = browser.ask("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", paper))) < 150) == dark
    assert browser.messages == []


def column(browser, heading, place):
    """Return the cells of a column of the first table below a heading."""
    table = f"document.getElementById({json.dumps(heading)}).closest('section').querySelector('table')"
    rows = browser.ask(
        f"[...{table}.tBodies].flatMap((b) => [...b.rows]).map((r) => r.cells[{place}]?.textContent ?? '')"
    )
    return rows, table


def test_tables_are_sorted_by_mouse_and_keyboard(browser, pages):
    browser.open(pages["several"])
    before, table = column(browser, "comparison", 1)
    scores = [float(cell.split()[0]) for cell in before]
    assert all(re.fullmatch(r"[\d.]+ \[[\d.]+, [\d.]+\]", cell) for cell in before)
    assert scores == sorted(scores, key=lambda score: (score != scores[0], score))  # good, poor, fair
    head = f"{table}.tHead.rows[0].cells[1]"
    browser.ask(f"{head}.querySelector('button').click()")
    assert [float(cell.split()[0]) for cell in column(browser, "comparison", 1)[0]] == sorted(scores)
    assert browser.ask(f"{head}.ariaSort") == "ascending"
    browser.ask(f"{head}.querySelector('button').focus()")
    browser.press("Enter")
    assert [float(cell.split()[0]) for cell in column(browser, "comparison", 1)[0]] == sorted(scores)[::-1]
    assert browser.ask(f"{head}.ariaSort") == "descending"
    browser.press(" ")
    assert column(browser, "comparison", 1)[0] == before
    assert browser.ask(f"{table}.querySelectorAll('[aria-sort]').length") == 0
    browser.press("Tab")
    assert browser.ask(f"document.activeElement === {table}.tHead.rows[0].cells[2].querySelector('button')")
    assert browser.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert browser.messages == []


def test_seeds_stay_with_their_fold_and_numbers_are_no_words(browser, pages):
    browser.open(pages["one"])
    _, table = column(browser, "folds", 0)
    bodies = f"[...{table}.tBodies].map((body) => body.innerText.trim())"
    before = browser.ask(bodies)
    browser.ask(f"{table}.tHead.rows[0].cells[1].querySelector('button').click()")
    after = browser.ask(bodies)
    assert sorted(after) == sorted(before)
    means = [float(body.split("\t")[1]) for body in after]
    assert means == sorted(means)
    assert all(body.count("seed") == 2 for body in after)
    script = """[["9.5"], ["10.2 [8.1, 12.0]"], ["−3"], ["< 0.001"], ["–"], ["1,200"], ["[74.0, 80.1]"]].map(
      ([text]) => { const row = document.createElement("tr"); row.append(document.createElement("td"));
      row.cells[0].textContent = text; return value(row, 0); }).map((one) => one.text ? one.number : "unknown")"""
    assert browser.ask(script) == [9.5, 10.2, -3, 0.001, "unknown", 1200, 74]


def test_a_table_without_a_figure_for_all_is_sorted_with_the_unknown_last(browser, pages):
    browser.open(pages["partial"])
    _, table = column(browser, "folds", 0)
    button = f"{table}.tHead.rows[0].cells[1].querySelector('button')"
    for _ in range(2):
        browser.ask(f"{button}.click()")
        assert column(browser, "folds", 1)[0][-1] == "no result yet"


def test_a_table_is_saved_from_the_page_alone(browser, pages, tmp_path):
    shutil.copy(pages["several"], tmp_path / "moved.html")
    browser.open(tmp_path / "moved.html")
    saved = tmp_path / "saved"
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(saved))
    browser.ask("document.querySelector('#comparison').closest('section').querySelector('.files a').click()")
    for _ in range(100):
        if list(saved.glob("*.csv")):
            break
        time.sleep(0.05)
    written = pages["several"].parent / "tables/overall.csv"
    assert (saved / "runs_overall.csv").read_text() == written.read_text()
    assert browser.messages == []


def test_runs_are_folded_below_their_comparison_and_the_contents_lead_into_them(browser, pages):
    browser.open(pages["several"], 1280)
    shown = "[...document.querySelectorAll('article h3')].filter((one) => one.checkVisibility()).length"
    assert browser.ask(shown) == 0
    assert browser.ask(
        "[...document.querySelectorAll('#comparison, article h2')].every((one) => one.checkVisibility())"
    )
    browser.ask("document.querySelector('nav a[href=\"#folds-2\"]').click()")
    for _ in range(50):
        if browser.ask(shown):
            break
        time.sleep(0.02)
    assert browser.ask("document.querySelector('#folds-2').checkVisibility()")
    assert browser.ask("[...document.querySelectorAll('article > details')].map((one) => one.open)") == [
        False,
        True,
        False,
    ]
    browser.open(pages["one"], 1280)
    assert browser.ask("document.querySelectorAll('article, main > section > details[open]').length") == 0


def test_paper_shows_what_is_folded_away(browser, pages):
    browser.open(pages["one"])
    folded = "document.querySelectorAll('details:not([open])').length"
    before = browser.ask(folded)
    browser.ask(f"addEventListener('beforeprint', () => {{ window.left = {folded}; }})")
    assert browser.print().startswith(b"%PDF")
    assert before > 3
    assert browser.ask("window.left") == 0
    assert browser.ask(folded) == before


@pytest.fixture
def sounding(tmp_path):
    """Return a run whose corpus is there: 20 seconds of a tone for each utterance."""
    run = make_run(tmp_path / "both", turns=5)
    header, *rows = map(json.loads, (run / "manifest.jsonl").read_text().splitlines())
    (run / "manifest.jsonl").write_text("\n".join(map(json.dumps, [header | {"root": str(tmp_path)}, *rows])) + "\n")
    tone = 0.1 * np.sin(np.arange(20 * 8000) / 8)
    for row in rows:
        path = tmp_path / row["audio"]
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, tone, 8000)
    return run


def test_recordings_are_in_the_page_only_when_asked_for(browser, sounding, tmp_path, capsys):
    assert main(["report", str(sounding)]) == 0
    plain = (sounding / "report/report.html").read_text()
    assert "<audio" not in plain
    assert "mser report --audio" in plain
    assert main(["report", str(sounding), "--audio", "2", "--out", str(tmp_path / "out")]) == 0
    assert len((tmp_path / "out/report.html").read_text()) - len(plain) < 2 * 100_000
    browser.open(tmp_path / "out/report.html")
    lengths = """Promise.all([...document.querySelectorAll("audio")].map((one) => new Promise((tell) => {
      one.onloadedmetadata = () => tell(one.duration); one.onerror = () => tell(-1); one.preload = "auto"; })))"""
    assert browser.ask(lengths) == pytest.approx([15, 15], abs=0.2)
    assert browser.messages == []


def test_recordings_that_are_not_there_are_refused(tmp_path, capsys):
    run = make_run(tmp_path / "both", turns=5)
    assert main(["report", str(run), "--audio"]) == 2
    assert "which --audio should put into the page; leave out --audio" in capsys.readouterr().err
    (run / "manifest.jsonl").unlink()
    assert main(["report", str(run), "--audio"]) == 2
    assert "manifest.jsonl is missing, so nobody knows where the recordings lie" in capsys.readouterr().err
    assert not (run / "report/report.html").exists()
    assert main(["report", "--audio", str(run)]) == 2
    assert "is no number of recordings; give 10, say, or put --audio last" in capsys.readouterr().err
