"""One comment on a pull request, renewed with every run.

The comment to renew is known by a marker in its text *and* by its author: anybody may write the marker, and a comment
that belongs to somebody else could be changed back by them later.

Source: GitHub, "REST API endpoints for issue comments".
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

from gate.report.markdown import LONGEST, MARKER, length_of
from sandbox.errors import ConfigurationError, SandtableError, UsageError

TIMEOUT = 30.0
MOST_PAGES, PER_PAGE = 30, 100
MOST_BYTES = 20_000_000
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A pull request, and the right to speak there."""

    api: str
    repository: str
    number: int
    token: str
    author: str
    """Whose comment may be renewed."""

    @classmethod
    def of(cls, environment: Mapping[str, str], number: int, *, author: str) -> Conversation:
        """Take what GitHub Actions sets.

        Raises:
            UsageError: there is no token.
            ConfigurationError: the variables make no sense.
        """
        token = environment.get("GITHUB_TOKEN", "")
        if not token:
            raise UsageError("There is no token to comment with.", hint="Hand it in as GITHUB_TOKEN.")
        api, repository = environment.get("GITHUB_API_URL", ""), environment.get("GITHUB_REPOSITORY", "")
        if not api.startswith(("https://", "http://")) or not _REPOSITORY.fullmatch(repository):
            raise ConfigurationError(
                "GITHUB_API_URL and GITHUB_REPOSITORY do not name a repository.", hint="Run this in GitHub Actions."
            )
        return cls(api=api.rstrip("/"), repository=repository, number=number, token=token, author=author)

    def post(self, text: str) -> str:
        """Post the text, or renew the comment that is there.

        Returns:
            The comment's address.

        Raises:
            UsageError: the text is no report, or too long for a comment.
            SandtableError: GitHub does not take it.
        """
        if not text.startswith(MARKER) or length_of(text) > LONGEST:
            raise UsageError("This is no report for a comment.", hint="Name the summary.md that `sandtable ci` wrote.")
        found = next((item for item in self._comments() if self._is_ours(item)), None)
        route = f"/repos/{self.repository}/issues/{self.number}/comments"
        if found is None:
            answer = self._ask("POST", route, {"body": text})
        else:
            answer = self._ask("PATCH", f"/repos/{self.repository}/issues/comments/{int(found['id'])}", {"body": text})
        return str(answer.get("html_url", "")) if isinstance(answer, dict) else ""

    def _comments(self) -> Iterator[Mapping[str, Any]]:
        route = f"/repos/{self.repository}/issues/{self.number}/comments"
        for page in range(1, MOST_PAGES + 1):
            answer = self._ask("GET", f"{route}?per_page={PER_PAGE}&page={page}")
            items = answer if isinstance(answer, list) else []
            yield from (item for item in items if isinstance(item, dict))
            if len(items) < PER_PAGE:
                return

    def _is_ours(self, item: Mapping[str, Any]) -> bool:
        user = item.get("user")
        body = item.get("body")
        written_by = user.get("login") if isinstance(user, dict) else None
        return written_by == self.author and isinstance(body, str) and body.startswith(MARKER)

    def _ask(self, method: str, route: str, document: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the scheme is looked at when this is made
            f"{self.api}{route}",
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "sandtable",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            raise SandtableError(
                f"GitHub refused the comment on pull request {self.number}: {error.code} {error.reason}.",
                hint="The token needs pull-requests: write; that of a fork's pull request never has it.",
            ) from error
        except (OSError, HTTPException, ValueError) as error:
            raise SandtableError(
                f"GitHub could not be asked: {error}.", hint="Is its API reachable from here?"
            ) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the address that it is for, and to no other."""

    def redirect_request(  # noqa: PLR0917 - urllib's signature
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none."""
