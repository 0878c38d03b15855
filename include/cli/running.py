"""Running a dataset from the command line: as local processes, or as its DAG in Airflow."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from rich.markdown import Markdown
from rich.table import Table

from ..adapters.store import Store, own_store
from ..contracts import layout, loader
from ..contracts.columns import TableSchema
from ..contracts.foreign import printable
from ..contracts.model import Contract
from ..errors import DataError
from ..matching.parts import headline, remarks
from ..settings import REPOSITORY, settings
from ..tasks.perform import scratch
from ..tasks.publish import judge
from ..tasks.receipts import Receipt, files, found
from ..tasks.sync import correct_heads, index
from ..versions import heads
from . import live
from .checking import problems_of, unfinished
from .console import out, plain
from .local import dataset_folder, new_run, run_verbs, verbs

_FOLDED = re.compile("<details><summary>(.*)</summary>")


def attempt(name: str) -> None:
    """Extracts, validates and matches `name` and shows the reports; publishes nothing.

    Raises DataError where the contract is wrong or the data break a rule.
    """
    contract = _checked(name)
    place = REPOSITORY / ".commons" / "try" / name
    shutil.rmtree(place, ignore_errors=True)
    store = own_store(f"file://{place}")
    correct_heads(store)
    run = new_run()
    try:
        run_verbs(name, run, verbs(contract)[:-1], {"COMMONS_STORE": f"file://{place}"})
    finally:
        if receipt := found(store, name, run, "validate"):
            _show_report(store, receipt)
            _show_judgement(name, store, receipt)
        if receipt := found(store, name, run, "match"):
            _show_report(store, receipt)


def run_local(names: list[str]) -> None:
    """Makes a version of each dataset by local processes and pins it in the working tree's data.dvc.

    What others read runs before them, in whichever order the names are given.
    """
    contracts = {name: _checked(name) for name in names}
    _have_versions(contracts, own_store())
    for name in chain.from_iterable(loader.waves(Path(settings().datasets), names)):
        _run_local(name, contracts[name])


def _run_local(name: str, contract: Contract) -> None:
    store = own_store()
    correct_heads(store)
    if contract.match:  # so that every run finds it; before all, since there may be no version of the register
        with scratch() as place:
            index(contract.match.register, Path(settings().datasets), store, place)
    run = new_run()
    try:
        run_verbs(name, run, verbs(contract))
    finally:
        _show_difference(store, name, run)
    _conclude(store, name, run)


def run_airflow(names: list[str]) -> None:
    """Makes a version of each dataset by its DAG, in Airflow and the pod runner; tells how its tasks go.

    Raises DataError where a run fails; the report and log say why.
    """
    contracts, room, store = {name: _checked(name) for name in names}, Path(settings().datasets), own_store()
    _have_versions(contracts, store)
    reads = {name: loader.inputs(room, contract) for name, contract in contracts.items()}
    laptop = live.airflow(names)
    runs = live.follow(laptop, reads, loader.waves(room, names))
    for run in runs:
        if run.run:
            _conclude(store, run.dataset, run.run)
        if run.run and run.state != "success":
            _show_log(store, run.dataset, run.run)
    out.print(f"Airflow keeps running at {laptop.address}; `commons down` stops it.", highlight=False)
    if failed := [run for run in runs if run.state != "success"]:
        raise DataError(*(_failure(run, laptop.address) for run in failed))


def _failure(run: live.DagRun, address: str) -> str:
    if not run.run:
        return f"{run.dataset}: not run, since a dataset that it reads failed. Mend that one first."
    return (
        f"{run.dataset}: its run failed. Look at {address}/dags/{run.dataset} (`commons up` says the login), "
        f"or see the same as local processes: commons try {run.dataset}."
    )


def _have_versions(contracts: Mapping[str, Contract], store: Store) -> None:
    """Raises DataError where names are matched by a dataset that has no version and isn't run before them."""
    room = Path(settings().datasets)
    wanted = {other for one in contracts.values() for other in loader.matching_inputs(room, one)} - contracts.keys()
    if wanted:
        correct_heads(store, wanted)
    if lacking := [name for name in sorted(wanted) if heads.read(store, settings().ref, name) is None]:
        raise DataError(
            f"{', '.join(lacking)}: no version is published yet, and names are matched by one. Nothing ran. "
            f"`commons run {' '.join((*lacking, *contracts))}` makes them in the right order."
        )


def _checked(name: str) -> Contract:
    if problems := problems_of([name])[name]:
        raise DataError(*problems)
    return loader.load(dataset_folder(name))


def _show_report(store: Store, receipt: Receipt) -> None:
    with tempfile.TemporaryDirectory() as place:
        reports = files(store, receipt, Path(place), lambda name: name.startswith("report."))
        text = reports["report.md"].read_text(encoding="utf-8")
        out.print(Markdown(text.replace("<br>", " · ")))  # a line break is for pages; terminals drop it
        _show_page(reports["report.html"])


def _show_judgement(name: str, store: Store, receipt: Receipt) -> None:
    """Why publish would stop the version that was validated, as publish itself says it."""
    folder, head = dataset_folder(name), heads.read(store, settings().ref, name)
    with tempfile.TemporaryDirectory() as place:
        made = files(store, receipt, Path(place), lambda file: file == "schema.json")
        schema = TableSchema.from_json(made["schema.json"].read_bytes())
        judgement = judge(folder, schema, loader.load(folder), head, Path(place))
    if judgement.problems:
        out.print("\n[yellow]publish will stop this version[/yellow]:")
    for problem in judgement.problems:
        out.print(plain(problem), highlight=False, soft_wrap=True)


def _show_difference(store: Store, name: str, run: str) -> None:
    """How the version that publish stopped differs from the last one."""
    receipt = found(store, name, run, "publish")
    if receipt is None or "diff.md" not in receipt.outputs:
        return
    with tempfile.TemporaryDirectory() as place:
        shown = files(store, receipt, Path(place))
        out.print(unfolded(shown["diff.md"].read_text(encoding="utf-8")))
        _show_page(shown["report.html"])


def unfolded(report: str) -> Markdown:
    """A report in Markdown for a terminal, which folds nothing: what a page folds has its title as a heading."""
    return Markdown(_FOLDED.sub(r"#### \1", report))


def _show_page(report: Path) -> None:
    out.print(f"The report as a page: {report.as_uri()}", highlight=False, soft_wrap=True)


def _show_log(store: Store, name: str, run: str) -> None:
    """The end of what the run's last pod said."""
    logs = [path for path, _, _ in store.ages(layout.log_folder(name, run, "").rstrip("/"))]
    if logs:
        said = (store.get(logs[-1]) or b"").decode(errors="replace").splitlines()[-15:]
        out.print(f"[bold]{name}[/bold]: the end of {store.url}/{logs[-1]}:", highlight=False, soft_wrap=True)
        out.print("\n".join(f"  {line}" for line in said), markup=False, highlight=False, soft_wrap=True)


def _show_reasons(store: Store, name: str, run: str) -> None:
    """Why rows are not in the table, the most frequent first, and where the report is."""
    judged = found(store, name, run, "validate")
    if judged is None:
        return
    why = [(n, kind, rule) for kind in ("quarantined", "rejected") for rule, n in judged.reasons.get(kind, {}).items()]
    for count, kind, rule in sorted(why, reverse=True)[:5]:
        out.print(f"  {count:,} {kind}: {rule}", markup=False, highlight=False, soft_wrap=True)
    if why and store.url.startswith("file:"):
        _show_page(store.local(f"{judged.folder}/report.html", Path()))


def _show_links(store: Store, name: str, run: str) -> None:
    """How much the names are linked, and how to judge the doubtful ones."""
    matched = found(store, name, run, "match")
    report = matched and store.get(f"{matched.folder}/match.json")
    if report:
        told = json.loads(report)
        advice = f" `commons review {name}` asks." if told["decisions"].get("review", {}).get("mentions") else ""
        out.print(f"  {headline(told)}{advice}", highlight=False, soft_wrap=True)
        for remark in remarks(told):
            out.print(f"  {plain(printable(remark, 600))}", highlight=False, soft_wrap=True)


def _conclude(store: Store, name: str, run: str) -> None:
    """What came of a run, and what to do next."""
    receipt = found(store, name, run, "publish")
    if receipt is None:
        return
    table = Table(show_header=False, box=None)
    for what, count in receipt.counts.model_dump().items():
        if count:
            table.add_row(what, f"{count:,}")
    words = {
        "done": "a new version",
        "unchanged": "checked: the content is that of the last version, so there is no new one",
        "proposed": f"proposed: a person must merge its branch {receipt.facts.get('branch')}",
    }
    out.print(f"[bold]{name}[/bold]: {words.get(receipt.outcome, receipt.outcome)}", soft_wrap=True)
    out.print(table)
    _show_reasons(store, name, run)
    _show_links(store, name, run)
    for hint in unfinished(dataset_folder(name)):
        out.print(f"[yellow]unfinished[/yellow]: {hint}", highlight=False, soft_wrap=True)
    if receipt.outcome == "proposed":
        told = f"`git fetch; commons diff {settings().ref} {receipt.facts.get('branch')}` shows what it brings."
        out.print(told, highlight=False, soft_wrap=True)
    if receipt.outcome == "done" and not receipt.facts["commit"]:
        out.print(
            f"data.dvc changed. Next: git add include/datasets/{name} data.dvc; git commit; open a pull request.",
            highlight=False,
        )
