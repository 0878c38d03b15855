"""What came of a rebuild, for people and machines."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..versions.pins import Entry

Status = Literal["identical", "differs", "impossible", "withdrawn"]
COMPARED = ("rows", "records", "added", "quarantined", "rejected", "merged", "content", "schema_", "inputs")


@dataclass(frozen=True)
class Source:
    """A source that was asked again: whether it answers the bytes of the version; None where nobody can tell."""

    address: str
    same: bool | None


@dataclass(frozen=True)
class Outcome:
    """What came of one version; `differences` and `causes` say why it is not identical, `notes` what is to be known."""

    entry: Entry
    commit: str | None
    status: Status
    built: Entry | None = None
    differences: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    present: bool = True
    """Whether the version's bytes are on its remote."""
    kept: str | None = None
    restored: bool = False
    asked: bool = True
    """Whether somebody asked for it; else it was needed for one that was."""

    @property
    def exit_code(self) -> int:
        """1 where the pin is not what its sources and code make, 2 where that can't be told."""
        return {"identical": 0, "withdrawn": 0, "differs": 1, "impossible": 2}[self.status]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        said = {
            "dataset": self.entry.name,
            "status": self.status,
            "asked": self.asked,
            "commit": self.commit,
            "rows": self.entry.meta.rows,
            "pinned": {"md5": self.entry.md5, "content": self.entry.meta.content},
            "built": {"md5": self.built.md5, "content": self.built.meta.content} if self.built else None,
        }
        return said | {
            "differences": list(self.differences),
            "causes": list(self.causes),
            "notes": list(self.notes),
            "sources": [asdict(source) for source in self.sources],
            "on_remote": self.present,
            "kept": self.kept,
            "restored": self.restored,
        }


def pin_differences(pinned: Entry, built: Entry) -> list[str]:
    """What data.dvc says of the version and its rebuild does not."""
    found = [_said(name, getattr(pinned, name), getattr(built, name)) for name in ("md5", "size", "nfiles", "remote")]
    found += [_said(name.strip("_"), getattr(pinned.meta, name), getattr(built.meta, name)) for name in COMPARED]
    return [said for said in found if said]


def _said(name: str, was: object, now: object) -> str:
    return f"data.dvc says {name} {was}, the rebuild has {now}" if was != now else ""
