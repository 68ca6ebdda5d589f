"""The program that serves moto in a child process; `sandbox.engines.moto` starts and sets it up."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from sandbox.engines.child import Child

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ADMINISTRATION = "/moto-api"
_ACCOUNT_AS_ACCESS_KEY = re.compile(r"(?:Credential=|AWSAccessKeyId=|^AWS )([0-9]{12})(?:/|%2F|:|&|$)", re.IGNORECASE)


def main(arguments: Sequence[str]) -> None:
    """Serve on the socket that the parent passed, until a signal ends this process: there is nothing to save."""
    child = Child.from_arguments(arguments)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(
        "127.0.0.1",
        child.port,
        _gateway(child, DomainDispatcherApplication(create_backend_app)),
        threaded=True,
        request_handler=MotoRequestHandler,
        fd=child.listener,
    )
    child.confine()
    server.serve_forever()


def _gateway(child: Child, moto: WSGIApplication) -> WSGIApplication:
    """Moto behind four corrections.

    URLs name the public port; a 12-digit access key id is the account; its administration is out of reach; and what it
    does not implement is answered with 501. It raises NotImplementedError there, which werkzeug would make an HTML page
    with status 500: an AWS client takes that for a passing failure and tries again, many times.
    """

    def gateway(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(_ADMINISTRATION):
            return _answer(start_response, "403 Forbidden", "text/plain", "")
        environ["HTTP_HOST"] = child.public_host(environ.get("HTTP_HOST", ""))
        _select_account(environ)
        try:
            return moto(environ, start_response)
        except NotImplementedError as error:
            return _not_implemented(environ, start_response, str(error))

    return gateway


def _select_account(environ: WSGIEnvironment) -> None:
    """Tell moto the account by its own header, which it heeds before it looks for the access key among its users'."""
    environ.pop("HTTP_X_MOTO_ACCOUNT_ID", None)
    for credentials in (environ.get("HTTP_AUTHORIZATION", ""), environ.get("QUERY_STRING", "")):
        match = _ACCOUNT_AS_ACCESS_KEY.search(credentials)
        if match:
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = match[1]
            return


def _not_implemented(environ: WSGIEnvironment, start_response: StartResponse, message: str) -> Iterable[bytes]:
    # Well-formed for the client's protocol, so that it reads the code. The text is moto's: an operation's name.
    text = re.sub(r"[^\w .:/()-]", " ", message) or "Not implemented"
    content_type = environ.get("CONTENT_TYPE", "")
    if "json" in content_type:
        body = f'{{"__type": "NotImplemented", "message": "{text}"}}'
        return _answer(start_response, "501 Not Implemented", content_type, body)
    body = f"<ErrorResponse><Error><Code>NotImplemented</Code><Message>{text}</Message></Error></ErrorResponse>"
    return _answer(start_response, "501 Not Implemented", "text/xml", body)


def _answer(start_response: StartResponse, status: str, content_type: str, body: str) -> Iterable[bytes]:
    encoded = body.encode()
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(encoded)))])
    return [encoded]


if __name__ == "__main__":
    main(sys.argv[1:])
