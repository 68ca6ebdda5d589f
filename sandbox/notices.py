"""Keeps what the user was told along the way, so that the report can say it again."""

from __future__ import annotations

from sandbox.ports import Progress


class NoticeKeeper:
    """A Progress that passes everything on and remembers notices."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self._notices: list[str] = []

    @property
    def notices(self) -> tuple[str, ...]:
        """All notices so far, each once, in order."""
        return tuple(dict.fromkeys(self._notices))

    def phase(self, title: str) -> None:
        """Passed on."""
        self._inner.phase(title)

    def resources(self, done: int, total: int | None, current: str = "") -> None:
        """Passed on."""
        self._inner.resources(done, total, current)

    def notice(self, text: str) -> None:
        """Passed on and kept."""
        self._notices.append(text)
        self._inner.notice(text)
