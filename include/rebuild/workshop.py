"""The bytes that a rebuild starts from, versions that others are made of and raw archives, in a folder of its own."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..adapters.cache import cache_folder, fetch, listing
from ..adapters.remote import CLASSES, Listing, Remote, remote
from ..contracts.columns import TableSchema
from ..errors import DataError, EnvironmentFault
from ..settings import settings
from ..tables.content import content_hash
from ..versions import linked
from ..versions.pins import Entry

_UNKNOWN = "0" * 64


@dataclass(frozen=True)
class Workshop:
    """Everything below `root`; `repository` is the clone whose remotes and cache are read, never written."""

    root: Path
    repository: Path

    def remote(self, name: str) -> Remote:
        """The workshop's own remote of an access class."""
        return remote(name, None, f"file://{self.root}/remote")

    def theirs(self, name: str) -> Remote:
        """The real one."""
        return remote(name, self.repository, settings().remote)

    def files(self, entry: Entry) -> Listing:
        """The files of a version: the workshop's own, else those of its remote.

        Raises EnvironmentFault where they are not to be had, DataError where one would lie outside of the version.
        """
        own = self.remote(entry.remote)
        source = own if own.size(entry.md5) is not None else self.theirs(entry.remote)
        found = listing(entry.md5, source, cache_folder(self.repository))
        if outside := [path for path in found.files if path.startswith("/") or ".." in PurePosixPath(path).parts]:
            raise DataError(f"{entry.name}: version {entry.md5} lists {', '.join(outside)}: not a version's folder.")
        return found

    def local(self, oid: str, name: str) -> Path:
        """A local file with an object of the remote `name`, verified. Raises EnvironmentFault where there is none."""
        own = self.remote(name)
        source = own if own.size(oid) is not None else self.theirs(name)
        return fetch(oid, source, cache_folder(self.repository))

    def stock(self, entry: Entry) -> None:
        """Put a version that others are made of on the workshop's remote, all but its raw bytes.

        Raises EnvironmentFault where its bytes are not to be had.
        """
        files = self.files(entry).files
        needed = [oid for path, oid in files.items() if not path.startswith("raw/")]
        for oid in (entry.md5, *needed):
            self._link(oid, entry.remote)

    def register_of(self, entry: Entry) -> Entry | None:
        """The version of the register that the names of `entry` were matched against, as its report tells; else None.

        A version that follows it looks at what changed in the register since.
        """
        files = self.files(entry).files
        if "match.json" not in files:
            return None
        return linked.report_of(entry, self.local(files["match.json"], entry.remote).read_bytes())[1]

    def stand_in(self, entry: Entry) -> Entry:
        """The version that `entry` followed, which no commit pins, as its bytes tell. Raises EnvironmentFault."""
        md5 = str(entry.meta.base)
        for name in dict.fromkeys((entry.remote, *CLASSES)):
            known = {"content": _UNKNOWN, "base": None, "run": "not pinned", "withdrawn": None, "rolled_back": None}
            found = entry.model_copy(update={"md5": md5, "remote": name, "meta": entry.meta.model_copy(update=known)})
            try:
                self.stock(found)
            except EnvironmentFault:
                continue
            content = self._content(found)
            return found.model_copy(update={"meta": found.meta.model_copy(update={"content": content})})
        raise EnvironmentFault(
            f"{entry.name}: it followed version {md5}, which no commit pins and no remote has any more. "
            "Run the dataset again from a committed version."
        )

    def archive(self, entry: Entry, into: Path) -> str:
        """Brings the raw bytes that a version archived into the folder `into`, which is then a mirror.

        Raises EnvironmentFault where they are not to be had.
        """
        into.mkdir(parents=True)
        for path, oid in self.files(entry).files.items():
            if path.startswith("raw/"):
                shutil.copyfile(self.local(oid, entry.remote), into / path.removeprefix("raw/"))
        return str(into)

    def _link(self, oid: str, name: str) -> None:
        there = Path(self.remote(name).path(oid))
        if not there.exists():
            source = self.local(oid, name)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.symlink_to(source.resolve())

    def move(self, entry: Entry, name: str) -> None:
        """Put the files of a version on the workshop's remote of another access class too."""
        for oid in self.files(entry).files.values():
            there = Path(self.remote(name).path(oid))
            if not there.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                there.symlink_to(self.local(oid, entry.remote).resolve())

    def _content(self, entry: Entry) -> str:
        """The content hash of a version's files."""
        folder = self.root / "looked-at" / entry.md5
        files = self.files(entry).files
        self.lay_out({path: oid for path, oid in files.items() if not path.startswith("raw/")}, entry.remote, folder)
        return content_hash(folder, TableSchema.from_json((folder / "schema.json").read_text(encoding="utf-8")))

    def lay_out(self, files: Mapping[str, str], name: str, folder: Path) -> None:
        """Objects of a remote under their paths in `folder`, as links."""
        for path, oid in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(self.local(oid, name).resolve())
