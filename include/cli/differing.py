"""`commons diff` and `commons comment`: what to compare, for whom, and where the report goes."""

import traceback
from collections.abc import Sequence
from pathlib import Path

import typer

from ..adapters import git
from ..adapters.cache import cache_folder, cached, fetch
from ..adapters.remote import place
from ..contracts.columns import Sensitivity
from ..contracts.names import is_snake
from ..diff.audience import shown_to
from ..diff.markdown import markdown
from ..diff.model import Diff
from ..diff.page import page
from ..errors import DataCommonsError, EnvironmentFault
from ..rebuild.orders import orders
from ..settings import REPOSITORY, settings
from ..versions import changes
from ..versions.reading import located
from .console import err, out, plain, print_json
from .differences import drawn
from .progress import progress

SAME, DIFFERS, FAILED = 0, 1, 2


def run(
    sides: Sequence[str],
    key: Sequence[str],
    to_markdown: str,
    to_page: Path | None,
    audience: Sensitivity | None,
    as_json: bool,
) -> int:
    """Compares and shows; the exit code. It is 2 for any failure, since 1 says that something differs."""
    try:
        return _show(_compared(sides, key), to_markdown, to_page, audience, as_json)
    except DataCommonsError as error:
        for problem in error.problems:
            err.print(f"[red]✗[/red] {plain(problem)}", highlight=False, soft_wrap=True)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a fault of ours, or a panic of Polars, which is no Exception: its place says more
        traceback.print_exc()
    return FAILED


def _compared(sides: Sequence[str], key: Sequence[str]) -> Diff:
    """The difference of two files, of two revisions, or of one and the working tree; datasets may follow revisions.

    Raises DataCommonsError as `versions.changes.changes` and `tables.files`.
    """
    if len(sides) == 2 and any(Path(side).is_file() for side in sides):
        from .tables import files

        with progress("Comparing") as seen:
            return files(Path(sides[0]), Path(sides[1]), key, seen)
    if key:
        raise EnvironmentFault("--key: is for two files. Datasets have the key that their contract says.")
    at = next((at for at, side in enumerate(sides[:2]) if _is_dataset(side)), min(len(sides), 2))
    before, after = [*sides[:at], *("HEAD",) * (at == 0), None][:2]
    return changes.changes(REPOSITORY, str(before), after, sides[at:], progress)


def _is_dataset(word: str) -> bool:
    """Whether a word that could be a revision is a dataset instead; a revision of that name goes first."""
    known = is_snake(word) and (Path(settings().datasets) / word).is_dir()
    return known and git.find(REPOSITORY, word) is None


def _show(diff: Diff, to_markdown: str, to_page: Path | None, audience: Sensitivity | None, as_json: bool) -> int:
    """Prints the difference, writes the reports asked for, and returns the exit code.

    A reader of this terminal sees what is internal, one of a file that may be passed on what is public; `audience`
    overrides both.
    """
    public, internal = shown_to(diff, audience or "public"), shown_to(diff, audience or "internal")
    if to_page:
        _write(to_page, page(public))
    if to_markdown == "-":
        typer.echo(markdown(public), nl=False)
    elif to_markdown:
        _write(Path(to_markdown), markdown(public))
    if as_json:
        print_json(internal.model_dump(mode="json"))
    elif to_markdown != "-":
        for part in drawn(internal, out.width):
            out.print(part, highlight=False)
        for file in (to_page, Path(to_markdown) if to_markdown else None):
            if file:
                out.print(f"wrote {file}", markup=False, highlight=False, soft_wrap=True)
    return _exit_code(diff)


def comment(base: str, head: str, to: Path) -> None:
    """Writes what is said of a pull request into the folder `to`, and brings its versions into the cache.

    comment.md and review.html are for the public; rebuild.txt names the datasets with new versions, one a line. With
    the cache filled, a rebuild needs no credential of any remote. What can't be had is said in both.
    Raises EnvironmentFault where there is no such revision.
    """
    found = changes.changes(REPOSITORY, base, head, (), progress)
    public = shown_to(found, "public").model_copy(update={"before": "as it is", "after": "with this pull request"})
    to.mkdir(parents=True, exist_ok=True)
    _write(to / "comment.md", markdown(public))
    _write(to / "review.html", page(public))
    new = [one.dataset for one in found.datasets if one.after and one.status != "withdrawn"]
    _write(to / "rebuild.txt", "".join(f"{name}\n" for name in new))
    _bring(new, head)


def _bring(names: Sequence[str], head: str) -> None:
    """Into the cache whatever a rebuild of `names` reads; what can't be had is said, and the rebuild refuses it."""
    cache = cache_folder(REPOSITORY)
    for order in orders(REPOSITORY, names, head) if names else []:
        for entry in filter(None, (order.entry, order.base, order.first, *order.inputs.values())):
            try:
                source, files = located(entry, cache)
                for oid in sorted({entry.md5, *files.values()}):
                    if not cached(oid, cache).exists():
                        place(fetch(oid, source, cache), cached(oid, cache), cache / "tmp")
            except DataCommonsError as error:
                err.print(plain(f"{entry.name}: {error}"), highlight=False, soft_wrap=True)


def _exit_code(diff: Diff) -> int:
    """What the command says to programs: nothing differs, something does, or something could not be compared."""
    if any(one.problem for one in diff.datasets):
        return FAILED
    return DIFFERS if any(one.status != "same" for one in diff.datasets) else SAME


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault(f"{file}: can't be written: {error}. Choose another place.") from error
