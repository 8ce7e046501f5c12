"""Who may ask, and how much: told by a request's headers, before anything of it is kept."""

from __future__ import annotations

from secrets import compare_digest
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = ("/health", "/docs", "/openapi.json", "/static")
"""What anybody may ask: it tells nothing of the model."""
_UNKNOWN = "this needs the token that the server was started with: Authorization: Bearer TOKEN"


class Guard:
    """Refuses requests without the token, or of more bytes than are taken.

    Args:
        app: what answers the others.
        token: None where none is needed.
        largest: bytes of a request.
    """

    def __init__(self, app: ASGIApp, token: str | None, largest: int) -> None:
        self.app, self.largest = app, largest
        self._token = token.encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        if not self._may(scope["path"], headers.get(b"authorization", b"")):
            return await self._refuse(401, _UNKNOWN, scope, receive, send)
        promised = headers.get(b"content-length", b"")
        if promised.isdigit() and int(promised) > self.largest:
            return await self._refuse(413, self.too_large, scope, receive, send)
        await self.app(scope, self._counted(receive), send)

    @property
    def too_large(self) -> str:
        """What is said to whoever sends too much."""
        return f"the request is larger than the {self.largest / 1e6:g} MB that are taken; send a shorter recording"

    def _may(self, path: str, given: bytes) -> bool:
        if self._token is None or path.startswith(OPEN):
            return True
        scheme, _, token = given.partition(b" ")
        return compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"

    def _counted(self, receive: Receive) -> Receive:
        """Return what refuses a body that is larger than its headers said, or did not say."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.largest:
                raise HTTPException(413, self.too_large)
            return message

        return counted

    async def _refuse(self, status: int, reason: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a reason, after a little of the body, without which many programs do not read the answer."""
        left = self.largest
        while left > 0 and (message := await receive())["type"] == "http.request" and message.get("more_body"):
            left -= len(message.get("body", b""))
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        await JSONResponse({"detail": reason}, status, headers)(scope, receive, send)
