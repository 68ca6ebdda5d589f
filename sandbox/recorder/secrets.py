"""Which names and texts are secrets. Two nets: the names of members, and patterns within texts.

Models mark many members ``sensitive``, and miss many (``MasterUserPassword`` in nine of 23 places of botocore 1.43, the
environment of ECS containers, user data of launch templates): the names below catch these. The list was made from the
names of all input members of all models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SECRET = re.compile(
    r"""(?:
      password | passwd | passphrase | pwd
    | secret | secretstring | secretbinary | secrethash | secretkey | secretaccesskey | secretvalue
    | privatekey | presharedkey | psk | authkey | ssecustomerkey | keymaterial | plaintext
    | apikey | apikeyvalue | authorizationapikeyvalue
    | authtoken | token | tokencode | tokenvalue | authcode | authorizationcode | confirmationcode | authresponsecode
    | authenticationcode\d | authenticationmaterial | authorizationheader | otp
    | credential | credentials | basicauth | connectionstring | connectionurl | passwordverifier | samlassertion
    | userdata | userdataoverride | customuserdata | launchtemplatespecificationuserdata
    )s?$""",
    re.VERBOSE,
)
_HARMLESS = re.compile(
    r"""(?:
      (?: next\w* | page | pagination | continuation | starting | client\w* | amznclient | \w*request | creat\w+
        | idempotency | \w*lock | change | \w*update | \w*version | view | conditional | checkpoint | sequence
        | eventsource | configuration | block | http | encryption\w* ) tokens?
    | publickeymaterial | includekeymaterial | removeprivatekey | forgotpassword
    )$""",
    re.VERBOSE,
)
_IN_TEXT = re.compile(
    r"""
      (?P<key> -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z) )
    | (?P<before> ://[^/\s:@]+: ) [^/\s@]+ (?=@)
    | (?P<json> "[^"]*(?:passw(?:or)?d|secret_?key|client_?secret|private_?key|api_?key|token)"\s*:\s*" )
      (?!arn:) (?:[^"\\]|\\.)* (?=")
    | (?P<assigned> \b\w*(?:passw(?:or)?d|passphrase|secret|secret_?key|api_?key|token)\s*= ) \s*[^\s,;&]+
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_HINT = re.compile(r"passw|secret|token|api_?key|private[ _]?key|://[^/\s@]*:[^/\s@]*@|passphrase", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_LONG_ENOUGH = 4
"""Shorter secrets would blank innocent text."""
_HIDDEN = "(sensitive)"


def letters(name: str) -> str:
    """A name as these lists know it: letters and digits in lower case."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a secret (page markers and idempotency tokens do not)."""
    plain = letters(name)
    return bool(_SECRET.search(plain)) and not _HARMLESS.search(plain)


def scrubbed(text: str) -> str:
    """A text without what looks like a secret in it: passwords in URLs and assignments, private keys."""
    return _IN_TEXT.sub(_kept, text) if _HINT.search(text) else text


def without_literals(statement: str) -> str:
    """A SQL or PartiQL statement with its quoted literals taken out."""
    return _QUOTED.sub("'?'", statement)


def without(text: str, secrets: Iterable[str]) -> str:
    """A text in which known secrets are blanked, for messages that repeat what was sent."""
    for secret in sorted((secret for secret in secrets if len(secret) >= _LONG_ENOUGH), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return scrubbed(text)


def _kept(match: re.Match[str]) -> str:
    return (match["before"] or match["json"] or match["assigned"] or "") + _HIDDEN
