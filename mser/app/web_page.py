"""Serves the page: nothing on it is fetched from elsewhere, and only its own address may ask."""

from __future__ import annotations

import socket
from typing import Any

import gradio
import uvicorn
from fastapi import FastAPI, Request
from starlette.middleware.trustedhost import TrustedHostMiddleware

from mser.app.layout import CSS, HEAD, LARGEST, page, theme
from mser.terminal.door import LOOPBACK
from mser.use.model import Model

# What gradio's page would fetch from elsewhere is refused by the browser.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; connect-src 'self' data: blob:; font-src 'self' data:; "
    "worker-src 'self' blob:; frame-ancestors 'none'"
)


def application(model: Model, host: str = "127.0.0.1") -> FastAPI:
    """Return the web application.

    Args:
        model: what the page asks.
        host: the address it is served on; on loopback, requests under other names are refused, so that no page from
            elsewhere can reach it through the visitor's browser.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    if host in LOOPBACK:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]"])

    @app.middleware("http")
    async def closed(request: Request, answer: Any) -> Any:
        response = await answer(request)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    gradio.mount_gradio_app(
        app, page(model), path="/", max_file_size=LARGEST, footer_links=[], run_history=False, ssr_mode=False,
        enable_monitoring=False, pwa=False, mcp_server=False, theme=theme(), css=CSS, head=HEAD,
    )  # fmt: skip
    return app


def serve(model: Model, door: socket.socket, host: str) -> None:
    """Answer at a listening socket until the process is interrupted."""
    config = uvicorn.Config(application(model, host), log_level="error", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[door])
