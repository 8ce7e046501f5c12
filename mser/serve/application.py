"""The requests that are answered, and their page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, File, Form, HTTPException, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.middleware.trustedhost import TrustedHostMiddleware

from mser import __version__
from mser.errors import UserError, brief, one_of
from mser.serve.batcher import Batcher
from mser.serve.guard import Guard
from mser.serve.requests import Cutting, answer, answer_segments, called, kept
from mser.terminal.door import LOOPBACK
from mser.use.clips import Clip
from mser.use.model import Prediction

log = logging.getLogger("mser")
_ABOUT = (
    "Which emotion is heard in a recording. It says how speech comes across to listeners, not what a person feels: do "
    "not decide about people by it. Nothing that is sent is kept."
)
_MADE_UP = "\n\n**This model was trained on made-up recordings: its answers mean nothing.**"
_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"description": "Without the token that the server was started with"},
    413: {"description": "Larger than the server takes"},
    422: {"description": "It cannot be used; `detail` says why, in the words of `mser predict`"},
}


async def _no_other_fields(request: Request) -> None:
    """Refuse a form with a field that nobody reads: an answer without it would not be what was asked for."""
    read = [field.alias for field in request.scope["route"].dependant.body_params]
    for name in await request.form():
        if name not in read:
            raise HTTPException(422, str(one_of("field", name, read)))


_FIELDS = Depends(_no_other_fields)
_BEARER = Depends(HTTPBearer(auto_error=False, description="Where the server was started with a token"))

Recording = Annotated[UploadFile | None, File(description="a recording of any format")]
Text = Annotated[str | None, Form(description="what is said in it")]
Channel = Annotated[int | None, Form(ge=1, description="hear this channel alone; all of them mixed by default")]
Window = Annotated[float | None, Form(description="seconds of a window (10), or with vad the most of a segment (15)")]
Hop = Annotated[float | None, Form(description="seconds from one window to the next (half of it)")]
Vad = Annotated[bool, Form(description="cut where somebody speaks")]
Channels = Annotated[str | None, Form(description="a channel's number, or `split`: each is a speaker")]


def application(batcher: Batcher, *, token: str | None, largest: int, host: str = "127.0.0.1") -> FastAPI:
    """Return the web application.

    Args:
        batcher: answers; begun.
        token: that requests must bring; None where none is needed.
        largest: bytes of a request.
        host: the address it is served on; on loopback, requests under other names are refused, so that no page from
            elsewhere can reach it through the visitor's browser.
    """
    about = _ABOUT + _MADE_UP * batcher.model.settings.made_up
    app = FastAPIOffline(title="mser", version=__version__, description=about, redoc_url=None, static_url="/static")
    app.add_middleware(Guard, token=token, largest=largest)
    if host in LOOPBACK:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]"])
    _add_questions(app, batcher)
    _add_facts(app, batcher)

    @app.exception_handler(RequestValidationError)
    async def explain(request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = "; ".join(f"{one['loc'][-1]}: {_told(one)}" for one in error.errors())
        return JSONResponse({"detail": f"{wrong}; /docs shows what a request holds"}, 422)

    return app


def _add_questions(app: FastAPI, batcher: Batcher) -> None:
    @app.post("/predict", responses=_REFUSALS, dependencies=[_BEARER, _FIELDS])
    def predict(file: Recording = None, text: Text = None, channel: Channel = None) -> Prediction:
        """What the model says of one recording, its transcript, or both."""
        try:
            if file is None:
                if text is None:
                    raise UserError("neither a recording nor a text was sent; send file, text, or both in a form")
                return answer(batcher, Clip(None, text, name=""))
            with kept(file.file) as path:
                return answer(batcher, Clip(path, text, name=called(file.filename), channel=channel))
        except Exception as error:
            raise _refused(error) from error

    @app.post("/segments", responses=_REFUSALS, dependencies=[_BEARER, _FIELDS])
    def segments(
        file: UploadFile, window: Window = None, hop: Hop = None, vad: Vad = False, channel: Channels = None
    ) -> list[Prediction]:
        """What the model says of each window of a long recording, or of each stretch of speech in it."""
        try:
            with kept(file.file) as path:
                return answer_segments(batcher, path, called(file.filename), Cutting(window, hop, vad, channel))
        except Exception as error:
            raise _refused(error) from error


def _add_facts(app: FastAPI, batcher: Batcher) -> None:
    settings = batcher.model.settings

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether it answers."""
        return {"status": "ok"}

    @app.get("/model", responses={401: _REFUSALS[401]}, dependencies=[_BEARER])
    async def model() -> dict[str, Any]:
        """Which model this is: its id, what it takes and tells, and whether it was trained on made-up recordings."""
        return {"id": settings.id, "takes": settings.modalities, "task": settings.task, "made_up": settings.made_up}


def _told(wrong: Mapping[str, Any]) -> str:
    """Return what pydantic says of a field, but of what only Python calls so."""
    return "is no upload; send a file's content under its name" if "UploadFile" in wrong["msg"] else wrong["msg"]


def _refused(error: Exception) -> HTTPException:
    """Return why there is no answer; what is a fault of ours has its traceback in the terminal."""
    if isinstance(error, UserError):
        return HTTPException(422, str(error))
    log.error("a request failed", exc_info=error)
    return HTTPException(500, f"mser failed at it, which is no fault of yours ({brief(error)})")
