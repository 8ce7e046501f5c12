"""`make docs`: the pages are built without a warning, hold every option, and ask nobody else for anything."""

import re
from html import unescape

import pytest
from fake.browser import CHROMIUM, Browser
from fake.documents import PAGES
from fake.places import ROOT
from mkdocs.commands.build import build
from mkdocs.config import load_config

import mser
from mser.cli import COMMANDS
from mser.corpora import CORPORA
from mser.terminal.parsers import parser_of


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built pages; a warning ends the build."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        patch.chdir(ROOT)
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


def text(path) -> str:
    return unescape(re.sub(r"<[^>]+>", "", path.read_text("utf-8")))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_on_its_page(site, command):
    page = text(site / f"commands/{command}.html") + (
        text(site / "commands/fit.html") if command in ("validate", "test") else ""
    )
    found = list(parser_of(command)._actions)
    for action in found:
        found += (
            [inner for child in (action.choices or {}).values() for inner in child._actions]
            if action.nargs == "A..."
            else []
        )
    names = {name for action in found for name in action.option_strings if not name.endswith(("help", "+"))} - {"-h"}
    assert {name for name in names if name not in page} == set()


def test_the_options_of_classes_are_on_the_page_of_fit(site):
    page = text(site / "commands/fit.html")
    for option in ("--data.init_args.fold", "--model.speech.layer_sum", "--model.fusion.init_args.heads",
                   "--model.objective.init_args.class_weights", "--trainer.max_epochs"):  # fmt: skip
        assert option in page


def test_the_numbers_of_a_corpus_are_those_of_the_program(site):
    for name in set(CORPORA) - {"table"}:
        page = text(site / f"corpora/{name}.html")
        assert f"{CORPORA[name].published.get('utterances', 0):,}" in page or not CORPORA[name].published
        assert all(protocol.name in page for protocol in CORPORA[name].protocols)
        assert all(labels.name in page for labels in CORPORA[name].label_sets)


def test_what_is_public_is_described(site):
    page = (site / "reference/python.html").read_text("utf-8")
    for name in set(mser.__all__) - {"corpora"}:
        assert f'id="{getattr(mser, name).__module__}.{name}"' in page


def test_nothing_is_fetched_from_elsewhere(site):
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        content = path.read_text("utf-8")
        fetched = re.findall(r"<(?:link|script|img|iframe|source)[^>]*(?:href|src)=[\"']?(https?:[^\"' >]+)", content)
        fetched += re.findall(r"url\([\"']?(https?:[^)]+)\)", content)
        assert fetched == [], path


def test_links_to_the_pages_beside_lead_there(site):
    assert 'href="../results.html"' in (site / "corpora/../commands/fit.html").read_text("utf-8")
    assert {path.removeprefix("docs/").replace(".md", ".html") for path in PAGES if path.startswith("docs/")} <= {
        str(path.relative_to(site)) for path in site.rglob("*.html")
    }


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_the_pages_whole(site, tmp_path, dark):
    browser = Browser(tmp_path)
    try:
        for name in ("index", "commands/fit", "corpora/iemocap", "reference/python", "evaluation"):
            browser.open(site / f"{name}.html", 390, dark=dark)
            width = browser.ask("document.documentElement.scrollWidth")
            assert width <= 390, name
        assert browser.messages == []
    finally:
        browser.close()
