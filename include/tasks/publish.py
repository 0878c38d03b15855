"""publish: the version's content to the DVC remote, then its pin to Git; runs no author's code."""

import hashlib
import logging
from pathlib import Path

from ..adapters import code
from ..adapters.cache import place_in_cache
from ..adapters.forge import forge
from ..adapters.remote import listing_of, remote
from ..adapters.store import Store
from ..contracts import loader
from ..contracts.columns import TableSchema
from ..contracts.model import Contract
from ..diff.audience import shown_to
from ..diff.markdown import markdown
from ..diff.model import Diff
from ..diff.page import page
from ..errors import ConflictError, DataError, EnvironmentFault
from ..settings import REPOSITORY, settings
from ..versions import breaks, heads, proposals, reading
from ..versions.breaks import Judgement
from ..versions.facts import Facts, access_class, entry_of, said
from ..versions.folder import MATCHED
from ..versions.heads import Head
from ..versions.pins import Entry
from ..versions.publication import publish
from ..versions.pushing import GitTarget
from .perform import Run, Work, perform
from .receipts import Receipt, copies, needed
from .sync import correct_heads, target

log = logging.getLogger("commons")


def run(task: Run, store: Store) -> Receipt:
    """The receipt of publish, with the entry of data.dvc and the commit among its facts.

    Schema changes that break readers are no error but the outcome `blocked`, unless the contract allows them.
    Raises ConflictError where another run moved the dataset, EnvironmentFault where remote or Git is at fault.
    """
    extracted = needed(store, task.dataset, task.run, "extract")
    validated = needed(store, task.dataset, task.run, "validate")
    if validated.inputs["extract"] != extracted.sha256:
        raise EnvironmentFault(
            f"{task.dataset}: extract was done again after validate. Nothing was published. Clear the task validate."
        )
    inputs = {"extract": extracted.sha256, "validate": validated.sha256}
    matched = _matched(task, validated, store)
    inputs |= {"match": matched.sha256} if matched else {}
    return perform(task, store, inputs, lambda place: _publish(task, extracted, validated, matched, store, place))


def _matched(task: Run, validated: Receipt, store: Store) -> Receipt | None:
    """The receipt of match, of what validate left; None where the contract of this commit matches nothing."""
    if loader.load(task.folder).match is None:
        return None
    matched = needed(store, task.dataset, task.run, "match")
    if matched.inputs["validate"] != validated.sha256:
        raise EnvironmentFault(
            f"{task.dataset}: validate was done again after match. Nothing was published. Clear the task match."
        )
    return matched


def _publish(
    task: Run, extracted: Receipt, validated: Receipt, matched: Receipt | None, store: Store, place: Path
) -> Work:
    folder = place / "version"
    own = _assemble(store, extracted, validated, matched, folder)
    schema = TableSchema.from_json((folder / "schema.json").read_text())
    contract = _contract(task, folder)
    head = heads.read(store, settings().ref, task.dataset)
    judgement = judge(task.folder, schema, contract, head, place / "base")
    breaking = [str(change) for change in judgement.breaking]
    facts = _facts(task, extracted, validated, contract, judgement.why)
    facts.inputs.update(matched.facts["inputs"] if matched else {})
    if head and judgement.problems:
        nothing = {"commit": None, "branch": None, "entry": None, "breaking": breaking}
        entry = _unpublished(facts, folder, own, place / "base")
        shown = _shown(proposals.difference(head.entry, entry, REPOSITORY, place / "base"), place)
        return Work("blocked", shown, counts=validated.counts, problems=judgement.problems, facts=nothing)
    review = contract.publish == "proposal" or access_class(schema, contract.access) == "restricted"
    where = target(propose=bool(breaking) or review)
    try:
        done = publish(folder, schema, facts, where, lambda name: remote(name, REPOSITORY, settings().remote), own)
    except ConflictError:
        correct_heads(store, {task.dataset})  # so that this run, cleared from extract on, starts from the new version
        raise
    if done.outcome == "published":
        # What an unchanged source brought is not archived in the version that stays, so its head stays as well.
        gone = head.withdrawn if head else ()
        heads.write(store, settings().ref, done.entry, extracted.facts["sources"], gone)
    elif done.outcome == "unchanged" and head is None:
        heads.write(store, settings().ref, done.entry, {})
    shown = {}
    if done.outcome == "proposed" and isinstance(where, GitTarget):
        diff = proposals.difference(head.entry if head else None, done.entry, REPOSITORY, place / "base")
        proposals.requested(done, where, forge(settings().forge), diff)
        shown = _shown(diff, place)
    log.info("publish %s: %s", task.dataset, " ".join(filter(None, (done.outcome, done.branch or done.commit))))
    return Work(
        outcome="done" if done.outcome == "published" else done.outcome,
        outputs=shown,
        counts=validated.counts,
        facts={"commit": done.commit, "branch": done.branch, "entry": done.entry.document(), "breaking": breaking},
    )


def _unpublished(facts: Facts, folder: Path, own: dict[str, str], cache: Path) -> Entry:
    """The version in `folder` as if it were published, its files in `cache` only."""
    listing = listing_of(folder, own)
    place_in_cache(folder, listing, cache)
    return entry_of(facts, listing, folder, "", facts.access)


def _shown(difference: Diff, place: Path) -> dict[str, Path]:
    """The difference as files, for those who may see the run."""
    internal = shown_to(difference, "internal")
    for name, text in (("report.html", page(internal)), ("diff.md", markdown(internal))):
        (place / name).write_text(text, encoding="utf-8")
    return {name: place / name for name in ("report.html", "diff.md")}


def judge(folder: Path, schema: TableSchema, contract: Contract, head: Head | None, into: Path) -> Judgement:
    """Whether the dataset in `folder` may publish `schema` next; looked at here, since validate runs author's code."""
    if head is None:
        return Judgement()
    last = TableSchema.from_json(reading.file_of(head.entry, "schema.json", into).read_text(encoding="utf-8"))
    judgement = breaks.judge(head.entry, last, schema, contract, loader.consumers(folder.parent, folder.name))
    for warning in judgement.warnings:
        log.warning("%s", warning)
    return judgement


def _assemble(
    store: Store, extracted: Receipt, validated: Receipt, matched: Receipt | None, folder: Path
) -> dict[str, str]:
    """Fills the version's `folder`: raw bytes from extract, links from match, all else from validate; md5s by name.

    They are copies, checked as they are written: no pod that runs an author's code can change them any more.
    """
    kept = copies(store, extracted, folder, lambda name: name.startswith("raw/") or name == "contract.yaml")
    kept |= copies(store, validated, folder, lambda name: not name.startswith("report."))
    if matched:
        kept |= copies(store, matched, folder, lambda name: name in MATCHED)
    return {name: hashes.md5 for name, hashes in kept.items()}


def _contract(task: Run, folder: Path) -> Contract:
    """The contract of the checked code archive: the pod that left a copy of it runs the author's code."""
    if (folder / "contract.yaml").read_bytes() != (task.folder / "contract.yaml").read_bytes():
        raise DataError(
            f"{task.dataset}: extract used another contract.yaml than this commit's. Nothing was published. "
            "Clear the task extract."
        )
    return loader.load(task.folder)


def _facts(task: Run, extracted: Receipt, validated: Receipt, contract: Contract, why: str | None) -> Facts:
    return Facts(
        name=task.dataset,
        access=contract.access,
        counts=validated.counts.model_dump(),
        source_version=extracted.facts["source_version"],
        source_date=extracted.facts["source_date"],
        code=_code(),
        environment=environment(),
        run=task.run,
        base=validated.inputs["base"],
        inputs=validated.facts["references"],
        image=settings().image if settings().code else None,
        interval=(task.start, task.end) if task.start and task.end else None,
        as_of=validated.facts["as_of"],
        fetched=extracted.facts["fetched"],
        sources=said(extracted.facts["sources"]),
        why=why,
    )


def _code() -> str:
    """The commit whose code ran; with the tree of the files where they are not those of the commit."""
    commit, _, tree = (settings().code or code.identity(REPOSITORY)).partition(":")
    return f"{commit}.{tree}" if commit.endswith("+dirty") else commit


def environment() -> str:
    """SHA-256 of the task image's lock file: which libraries made a version."""
    return hashlib.sha256((REPOSITORY / "include/images/requirements.txt").read_bytes()).hexdigest()
