"""The page in a real browser, for each kind of model: what it says in the end, what on the way, and why it cannot."""

import time

import pytest
from fake.browser import CHROMIUM, Browser
from fake.pages import asked, complaints, give, open_page

WORDS = "Kids are talking by the door."
KINDS = [  # model, transcribing, recording, words
    ("hears", False, "voice.wav", ""),
    ("hears", False, "call.wav", ""),
    ("reads", False, None, WORDS),
    ("reads", True, "voice.wav", ""),
    ("both", False, "voice.wav", WORDS),
    ("both", True, "voice.wav", ""),
    ("both", True, "call.wav", ""),
    ("either", False, "call.wav", ""),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "asr", "recording", "words"), KINDS)
def test_every_kind_of_model_answers(pages, browser, place, name, asr, recording, words):
    address, model = pages(name, asr=asr)
    open_page(browser, address)
    give(browser, recording and place / recording, words)
    text = " ".join(asked(browser).split())
    if recording == "call.wav":
        assert "mean over 5 windows" in text
        assert browser.ask("document.querySelectorAll('#said .over .row:first-of-type i').length") == 74
    else:
        said = model.predict(recording and str(place / recording), words or None)
        assert text.startswith(said.label)
        assert all(f"{label} {100 * share:.0f} %" in text for label, share in said.probabilities.items())
    assert ("made-up" in browser.ask("document.body.innerText")) is model.settings.made_up
    assert not browser.ask("document.querySelector('#stop').checkVisibility()")
    assert complaints(browser) == []


@pytest.mark.slow
def test_why_not_stays_in_the_page(pages, browser, place, tmp_path):
    (tmp_path / "letter.wav").write_text("no sound")
    for name, recording, words, why_not in (
        ("hears", None, "", "This model listens: give it a recording"),
        ("both", place / "voice.wav", "", "This model reads the transcript too"),
        ("both", place / "call.wav", WORDS, "The recording lasts 2:30 minutes, which is too long to be heard at once"),
        ("hears", tmp_path / "letter.wav", "", "The recording cannot be decoded"),
    ):
        open_page(browser, pages(name)[0])
        give(browser, recording, words)
        text = asked(browser)
        assert text.startswith(why_not)
        assert "\n" not in text
        assert not browser.ask("document.querySelector('.toast-body')?.checkVisibility() ?? false")


@pytest.mark.slow
def test_a_visitor_stops_what_takes_too_long(pages, browser, place, monkeypatch):
    address, model = pages("hears")
    open_page(browser, address)
    give(browser, place / "call.wav")
    begun, stream = [], model.stream

    def slowly(clips):
        begun.append(len(clips))
        time.sleep(0.5)
        return stream(clips)

    monkeypatch.setattr(model, "stream", slowly)
    browser.ask("document.querySelector('#ask').click()")
    browser.wait("document.querySelector('#said').innerText.includes('Listening window by window: ')")
    assert browser.ask("document.querySelector('#stop').checkVisibility()")
    browser.ask("document.querySelector('#stop').click()")
    browser.wait("document.querySelector('#said').innerText.includes('Stopped.')")
    so_far = len(begun)
    browser.ask("new Promise(done => setTimeout(done, 1500))")
    assert browser.ask("document.querySelector('#said b.label').innerText")  # what was known stays
    assert "Stopped." in browser.ask("document.querySelector('#said').innerText")
    assert len(begun) <= so_far + 1


@pytest.mark.slow
@pytest.mark.parametrize("refused", [True, False], ids=["refused", "absent"])
def test_a_microphone_that_cannot_be_used_is_told(pages, place, tmp_path, refused):
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt-get install chromium")
    address, _ = pages("hears")
    why_not = "The browser was told not to lend its microphone" if refused else "No microphone was found"
    tab = Browser(tmp_path / "profile", address, microphone=place / "voice.wav" if refused else None, refused=refused)
    try:
        open_page(tab, address, 390)
        tab.wait("document.querySelector('#recording [aria-label=\"Record audio\"]') !== null")
        tab.ask("document.querySelector('#recording [aria-label=\"Record audio\"]').click()")
        if not refused:
            assert tab.wait("document.querySelector('#microphone').innerText.trim()", 20).startswith(why_not)
            tab.ask("document.querySelector('#microphone p').textContent = ''")
        tab.ask("document.querySelector('#recording .record-button').click()")
        assert tab.wait("document.querySelector('#microphone').innerText.trim()", 20).startswith(why_not)
        tab.picture(tmp_path / "microphone.png")
        tab.ask("document.querySelector('#recording [aria-label=\"Upload file\"]').click()")
        give(tab, place / "voice.wav")
        assert asked(tab).split()[0] in ("neu", "sad", "ang", "hap")
    finally:
        tab.close()


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone(pages, browser, place, dark):
    for name in ("either", "hears"):
        open_page(browser, pages(name)[0], 390, dark=dark)
        give(browser, place / "call.wav")
        asked(browser)
        assert browser.ask("document.documentElement.scrollWidth") <= 390
