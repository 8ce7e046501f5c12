"""The house stays one in which things are found: names that occur once, folders and files that fit on a screen."""

import ast
from collections import Counter

from fake.places import ROOT

MODULES = [path.relative_to(ROOT) for path in (ROOT / "mser").rglob("*.py")]
ALIKE = {"__init__", "cli", "corpus", "text", "tree", "names"}
"""What packages have in common: each command its `cli`, each corpus its parts."""
LONGER = {"mser/use/model.py": 325}
"""Half of it are the docstrings of what users call."""


def test_a_module_name_occurs_once():
    names = Counter(path.stem for path in MODULES)
    assert [name for name, times in names.items() if times > 1 and name not in ALIKE] == []


def test_folders_are_small():
    folders = {path.parent for path in MODULES}
    files = {str(folder): [path for path in (ROOT / folder).iterdir() if path.is_file()] for folder in folders}
    assert {folder: len(paths) for folder, paths in files.items() if len(paths) > 25} == {}


def test_few_modules_are_loose():
    assert len([path for path in MODULES if len(path.parts) == 2]) <= 16


def test_files_are_short():
    lines = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path: count for path, count in lines.items() if count > LONGER.get(path, 300)} == {}


def test_functions_are_short():
    functions = {
        f"{path}:{node.name}": node.end_lineno - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name: lines for name, lines in functions.items() if lines > 45} == {}
