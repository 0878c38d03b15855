"""A rollback made again: the version that came back, knowing the field ids that were given since."""

import hashlib
from dataclasses import replace

from ..adapters.remote import Listing, put_bytes
from ..contracts.columns import TableSchema
from ..errors import EnvironmentFault
from ..versions.pins import Entry
from ..versions.rollback import knowing
from .orders import Order
from .outcome import Outcome, pin_differences
from .workshop import Workshop

SCHEMA = "schema.json"


def rolled_back(wanted: Order, base: Entry | None, done: Outcome, shop: Workshop) -> Outcome:
    """The outcome of a rollback on top of `base`; `done` is that of the version which it brought back.

    Raises EnvironmentFault where that one can't be made again.
    """
    back = f"the version that it brought back, {done.entry.md5}"
    if done.built is None or done.status in ("impossible", "withdrawn"):
        raise EnvironmentFault(f"{back}, can't be made again", *done.causes, *done.notes)
    if done.status == "differs":
        told = tuple(f"{back}: {said}" for said in done.differences)
        return replace(done, entry=wanted.entry, commit=wanted.commit, differences=told)
    built = _knowing(wanted.entry, done.built, base, shop)
    found = tuple(pin_differences(wanted.entry, built))
    edited = ("a rollback has the files of the version that it brings back: this pin was edited by hand",)
    return replace(
        done,
        entry=wanted.entry,
        commit=wanted.commit,
        status="differs" if found else "identical",
        built=built,
        differences=found,
        causes=edited if found else (),
    )


def _last(base: Entry, shop: Workshop) -> TableSchema | None:
    """The schema of the version that was rolled back; None where that was withdrawn."""
    if base.meta.withdrawn:
        return None
    return TableSchema.from_json(shop.local(shop.files(base).files[SCHEMA], base.remote).read_text(encoding="utf-8"))


def _knowing(entry: Entry, first: Entry, base: Entry | None, shop: Workshop) -> Entry:
    """What the rollback makes of `first`; its new objects are on the workshop's remote of the rollback's class."""
    listed = shop.files(first)
    files, size = dict(listed.files), first.size
    shop.move(first, entry.remote)
    schema = first.meta.schema_
    if base:
        old = TableSchema.from_json(shop.local(files[SCHEMA], first.remote).read_text(encoding="utf-8"))
        content = knowing(old, _last(base, shop), base).to_json().encode()
        files[SCHEMA] = hashlib.md5(content, usedforsecurity=False).hexdigest()
        size += len(content) - len(old.to_json().encode())
        schema = hashlib.sha256(content).hexdigest()
        if base.meta.withdrawn and schema != entry.meta.schema_:
            raise EnvironmentFault(
                f"{entry.name}: the version that was rolled back, {base.md5}, was withdrawn since, so which field ids "
                "it gave can't be told any more"
            )
        put_bytes(content, files[SCHEMA], shop.remote(entry.remote))
    new = Listing(files, {})
    put_bytes(new.to_bytes(), new.md5, shop.remote(entry.remote))
    meta = first.meta.model_copy(update={"schema_": schema})
    return first.model_copy(update={"md5": new.md5, "size": size, "remote": entry.remote, "meta": meta})
