"""What `make docs` adds to the pages of this folder: options, facts of corpora, and the files beside it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))  # mkdocs runs this file, and knows no package around it

from corpus_facts import facts
from option_pages import option_pages

from mser.cli import COMMANDS

_ROOT = Path(__file__).parents[2]
_BESIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "experiments/RESULTS.md": "results.md",
    "README.md": "index.md",
}
"""Files outside of docs/, and which page they are."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the commands."""
    for entry in config.nav or []:
        if "Commands" in entry:
            entry["Commands"] = [{f"mser {command}": f"commands/{command}.md"} for command in COMMANDS]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    made = {f"commands/{command}.md": text for command, text in option_pages().items()}
    for source, page in _BESIDE.items():
        if page != "index.md":
            made[page] = _from_root((_ROOT / source).read_text(encoding="utf-8"))
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Fill in what corpora hold, and let links to files beside docs/ lead to their pages."""
    markdown = re.sub(r"<!-- facts: (\w+) -->", lambda match: facts(match[1]), markdown)
    up = "../" * page.file.src_uri.count("/")
    for source, target in _BESIDE.items():
        markdown = markdown.replace(f"]({up}../{source}", f"]({up}{target}")
    return markdown


def on_page_content(html: str, **_: Any) -> str:
    """Keep each short option on one line: browsers break lines behind any hyphen."""
    parts = re.split(r"(<pre.*?</pre>)", html, flags=re.DOTALL)
    parts[::2] = [re.sub(r"(?<=[>\s])(--?[\w.]{2,24})(?=[^<>]*</code>)", r'<span class="option">\1</span>', part)
                  for part in parts[::2]]  # fmt: skip
    return "".join(parts)


def _from_root(text: str) -> str:
    """Return a file of the root with its links as they are from docs/; to what is no page there are none."""
    text = text.replace("](docs/", "](")
    links = re.compile(r"\[([^\]]+)\]\(((?!https?:|#)[^)]*)\)")
    return links.sub(lambda link: link[0] if link[2].partition("#")[0].endswith(".md") else link[1], text)
