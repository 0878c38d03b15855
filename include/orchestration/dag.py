"""One DAG a contract: its verbs in pods, one after the other, then announce."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, AssetAny, CronDataIntervalTimetable, chain, task
from airflow.sdk.exceptions import AirflowFailException

from ..catalogue.xlets import Xlet, xlets
from ..contracts import loader
from ..contracts.layout import RESERVED, Verb, verbs
from ..contracts.model import Contract
from . import announce as announcing
from . import macros
from .pod import pod_task, pod_tasks
from .space import space

log = logging.getLogger(__name__)


def dataset_dag(folder: Path) -> DAG:
    """The DAG of the contract in `folder`; of a broken one, a DAG that only tells what is wrong with it."""
    try:
        return _dag(folder, loader.load(folder))
    except Exception as error:  # whatever an author wrote breaks their own DAG and no other
        told = str(error) or type(error).__name__
        return _broken(folder.name, told.replace(f"{folder.parent}/", ""))  # the same on every machine


def _dag(folder: Path, contract: Contract) -> DAG:
    name, asset = folder.name, dataset_asset(folder.name)
    with DAG(
        dag_id=dag_id(name),
        description=contract.title,
        doc_md=_text(name, contract),
        schedule=_schedule(contract, folder.parent),
        catchup=False,
        max_active_runs=1,
        tags=sorted({"dataset", contract.access}),
        default_args={"owner": contract.owner},
        user_defined_macros={"commons": macros},
    ) as dag:
        known = loader.registers(folder.parent, contract) | {name: contract}
        used = xlets(name, known, space())
        pods = [_pods(name, verb, contract, *used.get(verb, ((), ()))) for verb in verbs(contract)]
        chain(*pods, _announce(name, asset))
    return dag


def _pods(name: str, verb: Verb, contract: Contract, inlets: Sequence[Xlet], outlets: Sequence[Xlet]) -> Any:
    """The task of a verb. Sync has little to do, unless it makes a register searchable."""
    if verb == "compare" and contract.match:
        return pod_tasks(name, verb, contract.size, contract.match.shards)
    made = pod_task(name, verb, "small" if verb == "sync" and not contract.match else contract.size)
    made.inlets, made.outlets = list(inlets), list(outlets)
    return made


def dag_id(name: str) -> str:
    """The DAG's id: the dataset's name, in a developer's space with the developer's before it."""
    return space().dag_id(name)


def dataset_asset(name: str) -> Asset:
    """The Asset of a dataset: the same name and address wherever it is spoken of."""
    return Asset(name=dag_id(name), uri=space().asset(name))


def _announce(name: str, asset: Asset) -> Any:
    @task(task_id="announce", inlets=[asset], outlets=[asset], retries=2, multiple_outputs=False)
    def announce(run_id: Any = None, outlet_events: Any = None, inlet_events: Any = None) -> dict[str, Any]:
        return announcing.announce(name, run_id, asset, outlet_events, inlet_events)

    return announce()


def _schedule(contract: Contract, room: Path) -> Any:
    """A cron expression in UTC with a data interval; else whenever a dataset that it reads has a new version."""
    if contract.schedule:
        return CronDataIntervalTimetable(contract.schedule, timezone="UTC")
    read = [dataset_asset(name) for name in loader.inputs(room, contract)]
    return AssetAny(*read) if len(read) > 1 else read or None  # of a list, Airflow waits for all


def _text(name: str, contract: Contract) -> str:
    """The page of the dataset in Airflow, in Markdown."""
    addresses = [contract.source.url] if isinstance(contract.source.url, str) else contract.source.url
    key = ", ".join(f"`{column}`" for column in contract.key) or "none"
    rows = {
        "Owner": contract.owner,
        "Licence": contract.licence,
        "Access": contract.access,
        "Key": key,
        "Source": " ".join(f"`{address}`" for address in addresses if address) or "extract.py",
        **({"Names matched to": f"`{contract.match.register}`"} if contract.match else {}),
        "Publishes by": contract.publish,
    }
    table = "\n".join(f"| {what} | {value} |" for what, value in rows.items())
    return f"# {contract.title}\n\n{contract.description}\n\n| {name} | |\n| --- | --- |\n{table}\n"


def _broken(name: str, message: str) -> DAG:
    told = f"{name}_" if name in RESERVED else re.sub(r"[^\w.-]", "_", name)
    with DAG(
        dag_id=dag_id(told),
        doc_md=f"# {name}: the contract can't be used\n\n```\n{message}\n```\n",
        schedule=None,
        tags=["contract-error"],
    ) as dag:

        @task(task_id="contract", retries=0)
        def contract() -> None:
            for line in message.splitlines():
                log.error("%s", line)
            raise AirflowFailException(message)

        contract()
    return dag
