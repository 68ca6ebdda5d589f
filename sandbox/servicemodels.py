"""botocore's models of AWS's services, each read once by a process.

A session of botocore's own reads anew what it uses. A model takes 5 to 80 ms, and the recorder and the inventory use
the same ones.

Clients have models of their own: they rewrite them. S3's lose the bucket in their paths with the first call
(``botocore.handlers.remove_bucket_from_url_paths_from_model``), and the recorder would know no call by its path.
"""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader
from botocore.session import Session


@cache
def model_loader() -> Loader:
    """What reads the models as they are, and remembers them. No client may be made with it."""
    return _loader()


def model_session() -> Session:
    """A session for looking things up in those models."""
    return _session(model_loader())


def engine_session() -> Session:
    """A session for clients that speak to an engine. A live account's are made with what the user has set up."""
    return _session(_clients_loader())


@cache
def _clients_loader() -> Loader:
    return _loader()


def _loader() -> Loader:
    # None of the user's own models (``~/.aws/models``): nobody else's would name calls, or be called.
    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def _session(loader: Loader) -> Session:
    session = Session()
    session.register_component("data_loader", loader)
    return session
