"""A kind of resource: which listing shows it, what identifies an item, and by which names requests ask for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_VERB = re.compile(r"^(BatchGet|List|Describe|Get)")
_PLURALS = (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("iases", "ias"), ("ases", "ase"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the catalogue, or one inferred from a service model. Expressions are those of ``expression``."""

    service: str
    type: str
    """In CloudFormation's vocabulary where it has a word: ``AWS::DynamoDB::Table``."""
    listing: str
    """The operation whose answer lists the items."""
    items: str
    """The way to them: ``Reservations.Instances``. Empty: the whole answer is one item."""
    keys: tuple[tuple[str, str], ...]
    """Request member and where in an item its value lies; the first is the primary one."""
    id: str
    """Template of the physical id."""
    parent: str = ""
    """The type of what contains it; the listing is then asked once per parent."""
    within: tuple[str, str] | None = None
    """For items of one listing for all: the type of the container, and the expression that names it."""
    arn: str = ""
    """Template of the ARN, where no member of the obvious name has it."""
    names: tuple[str, ...] = ()
    """Templates of further names."""
    born: tuple[str, ...] = ()
    """Members that change only with a new incarnation, beside the obvious creation times."""
    reads: tuple[str, ...] = ()
    """Reads that the model alone does not suggest, for example ``DescribeClusters(clusters)``."""
    automatic: bool = True
    """Whether every read whose required members the keys can fill is made, too."""
    skip: frozenset[str] = frozenset()
    """Reads not to make."""
    limit: int = 0
    """At most so many become records; all are counted. 0: no limit."""
    state: str = ""
    """Where an item says that it is gone and only remembered (terminated instances)."""
    unless: tuple[str, str] | None = None
    """Path and beginning of the value of items that are no resources (the version ``$LATEST``)."""
    inferred: bool = False

    @property
    def nouns(self) -> frozenset[str]:
        """Every word for it: from its type, its listing's items, its listing."""
        return _nouns(self.type, self.items, self.listing)


@lru_cache(maxsize=1 << 12)
def _nouns(type_name: str, items: str, listing: str) -> frozenset[str]:
    words = {type_name.rsplit("::", 1)[-1], singular(items.rsplit(".", 1)[-1]), singular(stem(listing))}
    words |= {re.sub(r"(Arn|Name|Id|Url|Summary|Description|Metadata)(List)?$", "", word) for word in words}
    return frozenset(map(normal, words)) - {"", "item", "items", "list"}


@lru_cache(maxsize=1 << 15)
def normal(word: str) -> str:
    """Lower case, letters and digits only: ``ResourceARN`` and ``resourceArn`` are one name."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


def stem(operation: str) -> str:
    """What an operation reads: ``BucketVersioning`` of ``GetBucketVersioning``."""
    return _VERB.sub("", operation)


def singular(word: str) -> str:
    """``Policies`` to ``Policy``; a rule of thumb for names in service models."""
    word = re.sub(r"(?<=.)(List|Set)$", "", word)
    for ending, replacement in _PLURALS:
        if word.endswith(ending):
            return word.removesuffix(ending) + replacement
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) else word
