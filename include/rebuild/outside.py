"""What of the caller's machine a rebuild's processes see: no credential, no setting of the project, no network."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache

_KEPT = ("PATH", "HOME", "TMPDIR", "TZ", "PYTHONHASHSEED", "POLARS_MAX_THREADS")
_BEGIN = ("LANG", "LC_")
_NETWORK = ("PIP_", "UV_", "SSL_CERT_", "COMMONS_SECRET")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


def variables(network: bool, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that pass: none with a key; with `network`, those by which sources and packages are reached too."""
    begin = (*_BEGIN, *_NETWORK) if network else _BEGIN
    return {
        name: value
        for name, value in given.items()
        if name in _KEPT or name.startswith(begin) or (network and name.lower() in _PROXIES)
    } | ({} if network else {"PIP_NO_INDEX": "1"})


@cache
def offline() -> tuple[str, ...]:
    """What stands before a command so that it has no network; nothing where this machine can't take it away."""
    if (unshare := shutil.which("unshare")) is None:
        return ()
    for ways in (("--net",), ("--user", "--map-current-user", "--net")):
        tried = subprocess.run([unshare, *ways, "--", "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return (unshare, *ways, "--")
    return ()
