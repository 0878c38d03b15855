"""What is remembered of the last sync of a dataset, so that what people wrote since can be told from what we wrote."""

import json
from dataclasses import dataclass, field
from typing import Any

from .merging import Written, as_json, from_json


@dataclass
class Memory:
    """What was sent of one dataset."""

    endpoint: str = ""
    """To which server."""
    digest: str = ""
    """Of what hangs on its table."""
    sampled: bool = False
    """Whether its table has a sample."""
    ids: dict[str, str] = field(default_factory=dict)
    """Of its containers and tables, by FQN."""
    routes: dict[str, str] = field(default_factory=dict)
    """In which collections they are, by FQN."""
    written: dict[str, Written] = field(default_factory=dict)
    """By FQN."""
    links: dict[str, list[str]] = field(default_factory=dict)
    """Edges by the names of their ends: a digest, and type and id of each end."""

    def to_json(self) -> bytes:
        """As the store keeps it."""
        said = {**vars(self), "written": as_json(self.written), "format": 1}
        return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_json(cls, content: bytes | None, endpoint: str) -> "Memory":
        """What `to_json` made; nothing where it is of another server or format."""
        said: dict[str, Any] = json.loads(content) if content else {}
        if said.pop("format", None) != 1 or said["endpoint"] != endpoint:
            return cls(endpoint=endpoint)
        return cls(**{**said, "written": from_json(said["written"])})
