"""Rebuild: a version is made again, those before it where it takes them, and compared with its pin."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..adapters.remote import absent, put
from ..adapters.store import own_store
from ..errors import DataCommonsError, EnvironmentFault
from ..settings import settings
from ..versions.pins import Entry
from ..versions.withdrawal import tombstone, withdrawn_by
from .code import fetch_code
from .environment import lock_of, python_of
from .judging import Case, judged
from .making import ROOM, Bench, make
from .orders import Order, order, pinned_as
from .outcome import Outcome
from .rolling import rolled_back
from .workshop import Workshop


@dataclass
class Rebuild:
    """A rebuild of several versions in `shop`; with `again`, sources are fetched instead of taken from the archive."""

    shop: Workshop
    again: bool = False
    tell: Callable[[str], None] = lambda _: None
    done: dict[str, Outcome] = field(default_factory=dict)
    """By pin: what others are made of is made once."""

    def outcome(self, wanted: Order) -> Outcome:
        """What comes of one version; that it can't be made again is an outcome too."""
        key = wanted.entry.model_dump_json()  # two pins may say different things of the same bytes
        if key not in self.done:
            round_ = (f"{wanted.name}: version {wanted.entry.md5} takes itself: data.dvc was edited by hand.",)
            self.done[key] = Outcome(wanted.entry, wanted.commit, "impossible", causes=round_)
            self.done[key] = self._outcome(wanted)
        return self.done[key]

    def _outcome(self, wanted: Order) -> Outcome:
        entry = wanted.entry
        if gone := tombstone(self.shop.repository, entry):
            return Outcome(entry, wanted.commit, "withdrawn", notes=(f"by {gone.by} on {gone.at}: {gone.why}",))
        try:
            if wanted.lacking:
                raise EnvironmentFault(*wanted.lacking)
            done = self._back(wanted) if entry.meta.rolled_back else self._made(self._stocked(wanted))
            return replace(done, present=self._present(entry))
        except DataCommonsError as error:
            return Outcome(entry, wanted.commit, "impossible", causes=error.problems)

    def _stocked(self, wanted: Order) -> Order:
        """The order, with all that it takes in the workshop; what its remote lacks is made again first."""
        base = wanted.base
        if base is None and wanted.entry.meta.base:
            base = self.shop.stand_in(wanted.entry)
        followed = base if base and not base.meta.withdrawn else None
        for needed in filter(None, (followed, *wanted.inputs.values())):
            self._stock(needed, wanted)
        if followed and (register := self.shop.register_of(followed)):
            register = pinned_as(self.shop.repository, register, wanted.commit)
            gone = withdrawn_by(self.shop.repository, register, wanted.entry.meta.published)
            wanted = replace(wanted, withdrawn=gone)
            if gone is None:
                self._stock(register, wanted)
        return replace(wanted, base=base)

    def _stock(self, needed: Entry, wanted: Order) -> None:
        try:
            self.shop.stock(needed)
        except EnvironmentFault as lacking:
            self._made_first(needed, wanted, lacking)

    def _made_first(self, needed: Entry, wanted: Order, lacking: EnvironmentFault) -> None:
        done = self.outcome(order(self.shop.repository, needed, wanted.commit))
        if done.status == "withdrawn":
            raise EnvironmentFault(
                f"it takes version {needed.md5} of {needed.name}, which was withdrawn since, {'; '.join(done.notes)}. "
                f"The next run of {wanted.name} does without it."
            )
        if done.status != "identical":
            said = (*done.causes, *done.differences, *done.notes)
            raise EnvironmentFault(
                f"it takes version {needed.md5} of {needed.name} ({needed.meta.published}): {lacking}",
                *(f"That version can't be made again either: {one}" for one in said),
            )

    def _made(self, wanted: Order) -> Outcome:
        place = self.shop.root / f"{wanted.name}-{wanted.entry.md5[:8]}-{len(self.done)}"
        ran, other_code = self._code(wanted, place / "code")
        pinned = wanted.entry.meta.environment
        python, other_environment = python_of(pinned, place / "code", self.shop.repository, self.tell)
        mirror = settings().mirror if self.again else self.shop.archive(wanted.entry, place / "raw")
        bench = Bench(place, self.shop.root / "remote", python, ran, mirror, network=self.again)
        case = Case(
            wanted,
            make(wanted, bench, self.tell),
            self.shop,
            self.again,
            notes=tuple(filter(None, (other_code, other_environment))),
            lock=None if other_code else lock_of(place / "code"),
            once_more=lambda: make(wanted, replace(bench, place=self._second(place)), self.tell),
        )
        return judged(case)

    def _code(self, wanted: Order, into: Path) -> tuple[str, str | None]:
        """As `fetch_code`; EnvironmentFault where the dataset is no part of it."""
        ran, other = fetch_code(wanted, self.shop.repository, own_store(), into)
        if not (into / ROOM / wanted.name).is_dir():
            said = f"its code {ran.partition(':')[0]} has no {ROOM}/{wanted.name}. Commit the folder with data.dvc."
            raise EnvironmentFault(said, *filter(None, (other,)))
        return ran, other

    def _second(self, place: Path) -> Path:
        """Room to run the same once more."""
        second = place.with_name(f"{place.name}-again")
        shutil.copytree(place / "code", second / "code", symlinks=True)
        return second

    def _back(self, wanted: Order) -> Outcome:
        """A rollback: the version that came back is made again; only its retired field ids may be others."""
        if wanted.first is None:
            raise EnvironmentFault(f"the version that it brought back, {wanted.entry.meta.rolled_back}, is not in Git")
        base = self._stocked(replace(wanted, inputs={})).base
        done = self.outcome(order(self.shop.repository, wanted.first, wanted.commit))
        return rolled_back(wanted, base, done, self.shop)

    def _present(self, entry: Entry) -> bool:
        """Whether the version's own remote has all of its bytes."""
        theirs = self.shop.theirs(entry.remote)
        try:
            files = self.shop.files(entry).files
            return not absent([entry.md5, *files.values()], theirs)
        except EnvironmentFault:
            return False


def keep(done: Outcome, shop: Workshop, folder: Path) -> Outcome:
    """Copies what was made to `folder`/NAME."""
    if done.built is None:
        return done
    into = folder / done.entry.name
    for path, oid in shop.files(done.built).files.items():
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shop.local(oid, done.built.remote), into / path)
    return replace(done, kept=str(into))


def restore(done: Outcome, shop: Workshop) -> Outcome:
    """Puts the bytes of an identical rebuild on the version's remote, where it lacks them. Raises EnvironmentFault."""
    if done.status != "identical" or done.present or done.built is None:
        return done
    theirs = shop.theirs(done.entry.remote)
    for oid in (*shop.files(done.built).files.values(), done.entry.md5):  # the listing last: it vouches for the rest
        put(shop.local(oid, done.built.remote), oid, theirs)
    return replace(done, present=True, restored=True)
