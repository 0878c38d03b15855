"""What a namespace that enforces the Pod Security Standard "restricted" refuses, in the cluster's own words."""

from collections.abc import Iterator, Mapping
from typing import Any

_VOLUMES = {"name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected"}


def violations(spec: Mapping[str, Any]) -> list[str]:
    """Every field of a pod's spec that the restricted profile forbids; https://kubernetes.io/docs/concepts/security."""
    whole = spec.get("securityContext") or {}
    found = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        own = container.get("securityContext") or {}
        where = f'container "{container["name"]}" must set securityContext'
        found += (f"{problem} ({where}.{wanted})" for problem, wanted in _container(own, whole))
        if any(port.get("hostPort") for port in container.get("ports") or []):
            found.append(f'hostPort (container "{container["name"]}" uses a port of the host)')
    for volume in spec.get("volumes") or []:
        if kinds := set(volume) - _VOLUMES - {"secret"}:
            found.append(f'restricted volume types (volume "{volume["name"]}" uses {", ".join(sorted(kinds))})')
    return found


def _container(own: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    capabilities = own.get("capabilities") or {}
    if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
        yield "allowPrivilegeEscalation != false", "allowPrivilegeEscalation=false"
    if "ALL" not in (capabilities.get("drop") or []) or set(capabilities.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield "unrestricted capabilities", 'capabilities.drop=["ALL"]'
    if own.get("runAsNonRoot", whole.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot != true", "runAsNonRoot=true"
    if own.get("runAsUser", whole.get("runAsUser")) == 0:
        yield "runAsUser=0", "runAsUser to non-zero"
    profile = own.get("seccompProfile") or whole.get("seccompProfile") or {}
    if profile.get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile", 'seccompProfile.type to "RuntimeDefault" or "Localhost"'
