"""HTTPS connections that end where the policy allowed and when time is up."""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import httpx

from ..errors import EnvironmentFault, SourceError
from .network import Policy


class Transport(httpx.BaseTransport):
    """Asks a name's own addresses, resolved once and checked, or the proxy; no byte passes after the deadline."""

    def __init__(self, policy: Policy, deadline: float) -> None:
        self._policy = policy
        self._deadline = deadline
        self._pools: dict[str | None, httpcore.ConnectionPool] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises SourceError for a host that is refused, httpcore's exceptions for faults of the network."""
        self._policy.check_name(request.url.host, request.url.port or 443)
        answer = self._pool(self._policy.proxy(request.url.host)).handle_request(
            httpcore.Request(
                request.method, _url(request.url), headers=request.headers.raw, extensions=request.extensions
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _pool(self, proxy: str | None) -> httpcore.ConnectionPool:
        if proxy not in self._pools:
            self._pools[proxy] = self._proxied(proxy) if proxy else self._direct()
        return self._pools[proxy]

    def _direct(self) -> httpcore.ConnectionPool:
        backend = _Backend(self._deadline, self._policy)
        return httpcore.ConnectionPool(ssl_context=trust(), network_backend=backend)

    def _proxied(self, address: str) -> httpcore.ConnectionPool:
        try:
            proxy = httpx.Proxy(address)
        except (ValueError, httpx.InvalidURL) as error:
            raise EnvironmentFault("HTTPS_PROXY: not a proxy's address. Write http://HOST:PORT.") from error
        backend = _Backend(self._deadline)
        return httpcore.HTTPProxy(
            _url(proxy.url), proxy_auth=proxy.raw_auth, ssl_context=trust(), network_backend=backend
        )


def trust() -> ssl.SSLContext:
    """The system's authorities (SSL_CERT_FILE, SSL_CERT_DIR), or those of certifi where the system has none."""
    paths = ssl.get_default_verify_paths()
    own = any(place and Path(place).exists() for place in (paths.cafile, paths.capath))
    return ssl.create_default_context() if own else httpx.create_ssl_context()


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    """Connects to the addresses that the policy allows, one after the other; to any where there is no policy."""

    def __init__(self, deadline: float, policy: Policy | None = None) -> None:
        self._deadline = deadline
        self._policy = policy
        self._tcp = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        fault: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._tcp.connect_tcp(
                    address, port, _left(self._deadline, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                return _Timed(stream, self._deadline)
        raise fault

    def _addresses(self, host: str, port: int) -> list[str]:
        if self._policy is None:
            return [host]
        try:
            return self._policy.addresses(host, port)
        except socket.gaierror as error:
            if error.errno == socket.EAI_NONAME:
                raise SourceError(f"{host}: no host of that name. Correct the address.") from error
            raise httpcore.ConnectError(f"{host} could not be resolved") from error


class _Timed(httpcore.NetworkStream):
    """A stream whose every wait is cut at the deadline, so that a slow sender can't outlast it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("time is up")
    return left if timeout is None else min(left, timeout)
