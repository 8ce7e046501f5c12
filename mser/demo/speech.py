"""Speech from text by espeak-ng: a voice is who speaks, a manner is how. Knows no corpus."""

from __future__ import annotations

import ctypes
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mser.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16000
_ESPEAK_RATE = 22050
_MEAN_LEVEL = -33.0  # dB of full scale: leaves loud speakers room below clipping

# Of espeak-ng's speak_lib.h.
_SYNCHRONOUS, _DONT_EXIT, _UTF8, _CHARACTERS = 2, 0x8000, 1, 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks.

    Attributes:
        name: a voice of espeak-ng, such as ``en-us+f2``.
        pitch: the speaker's usual pitch, 0 to 100, 50 being that of the voice.
        rate: the speaker's usual words per minute, 80 to 450.
        level: how loud the speaker is beside others, in dB.
    """

    name: str
    pitch: float = 50.0
    rate: float = 175.0
    level: float = 0.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said, beside how the same speaker says things usually.

    Attributes:
        pitch: added to the voice's.
        range: how far the pitch moves: 0 (monotone) to 100, 50 being usual.
        rate: times the voice's.
        effort: vocal effort, as a tilt of the spectrum in dB per octave; soft voices are below 0, pressed ones above.
        level: added to the voice's, in dB.
    """

    pitch: float = 0.0
    range: float = 50.0
    rate: float = 1.0
    effort: float = 0.0
    level: float = 0.0


@contextmanager
def synthesizer(seed: int = 1) -> Iterator[Synthesizer]:
    """Yield a synthesizer; two that say the same in the same order give the same samples.

    espeak-ng keeps the state of its pitch flutter and noise in the library's own variables, so that each synthesizer
    gets a copy of the library; and it takes data from paths of up to 160 characters only, so that these get a link.

    Args:
        seed: of the noise in voices that breathe.

    Raises:
        UserError: if espeak-ng is not installed or does not start.

    Example:
        >>> with synthesizer() as say:
        ...     waveform = say("Hello.", Voice("en-us+f2"), Manner())
        >>> waveform.ndim, 0.2 < len(waveform) / SAMPLE_RATE < 2
        (1, True)
    """
    try:
        import espeakng_loader
    except ImportError as error:
        problem = "made-up speech needs the package espeakng-loader, which is not installed"
        raise UserError(f"{problem}; `pip install 'multimodal-ser[demo]'`") from error
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "espeak-ng-data"
        try:
            data.symlink_to(espeakng_loader.get_data_path())
            library = ctypes.CDLL(shutil.copy(espeakng_loader.get_library_path(), folder))
        except (OSError, RuntimeError) as error:
            raise UserError(
                f"espeak-ng does not load ({error}); install 'multimodal-ser[demo]' again or set TMPDIR"
            ) from error
        yield Synthesizer(library, data, seed)


class Synthesizer:
    """Says things, one after the other; made by `synthesizer`.

    Args:
        library: espeak-ng's, used by nobody else.
        data: the folder that holds its data.
        seed: of the noise in voices that breathe.

    Raises:
        UserError: if the data are not there.
    """

    def __init__(self, library: ctypes.CDLL, data: Path, seed: int) -> None:
        self._library = library
        self._chunks: list[NDArray[np.int16]] = []
        self._callback = _Callback(self._keep)  # the library knows its address only: it must live as long
        if library.espeak_Initialize(_SYNCHRONOUS, 0, bytes(data), _DONT_EXIT) != _ESPEAK_RATE:
            raise UserError(f"espeak-ng does not start with the data in {data}; install 'multimodal-ser[demo]' again")
        library.espeak_SetSynthCallback(self._callback)
        library.espeak_ng_SetRandSeed(ctypes.c_long(seed))

    def __call__(self, text: str, voice: Voice, manner: Manner) -> NDArray[np.float64]:
        """Return (N,) samples at 16 kHz, in -1 to 1, as loud as voice and manner say.

        Raises:
            ValueError: if espeak-ng has no such voice.
        """
        if self._library.espeak_SetVoiceByName(voice.name.encode()):
            raise ValueError(f"espeak-ng has no voice {voice.name!r}")
        settings = {_RATE: voice.rate * manner.rate, _PITCH: voice.pitch + manner.pitch, _RANGE: manner.range}
        for setting, value in settings.items():
            self._library.espeak_SetParameter(setting, round(value), 0)
        self._chunks.clear()
        encoded = text.encode() + b"\0"
        self._library.espeak_Synth(encoded, len(encoded), 0, _CHARACTERS, 0, _UTF8, None, None)
        return _shape(np.concatenate(self._chunks), manner.effort, _MEAN_LEVEL + voice.level + manner.level)

    def _keep(self, samples: Any, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


def _shape(samples: NDArray[np.int16], effort: float, level: float) -> NDArray[np.float64]:
    """Return the samples at 16 kHz, their spectrum tilted about 1 kHz, at a mean level in dB of full scale."""
    step = 441  # 441 samples at 22050 Hz last as long as 320 at 16000 Hz
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % step))
    num_samples = len(padded) // step * 320
    spectrum = np.fft.rfft(padded)[: num_samples // 2 + 1]
    frequency = np.fft.rfftfreq(num_samples, 1 / SAMPLE_RATE)
    spectrum *= (np.maximum(frequency, 50) / 1000) ** (effort / 6.02)
    waveform = np.fft.irfft(spectrum, num_samples)
    loudness = np.sqrt(np.mean(waveform**2))
    return np.asarray(waveform / loudness * 10 ** (level / 20))
