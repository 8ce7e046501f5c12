"""What holds for tests of reports."""

import pytest

DRAWN = {"test_report_page", "test_report_browser", "test_report_layout", "test_report"}


@pytest.fixture(autouse=True)
def _undrawn(request, monkeypatch):
    """Leave pictures empty where none is looked at: matplotlib takes a third of a report's time."""
    if request.module.__name__.rpartition(".")[2] not in DRAWN:
        monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda self, file, **_: file.write("<svg></svg>"))
