"""HTTP under the SDKs of OpenAI and Anthropic: aiohttp, without the layers of httpx that nobody needs here.

An SDK's own client spends several times as long on a call as aiohttp does, on merging URLs, headers and cookies and on
redirects; at hundreds of calls a second that is what limits them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from multidict import CIMultiDict

_HEADERS: Final = "unicost.headers"


class QuickClient(httpx2.AsyncClient):
    """What an SDK takes for ``http_client``. Made within the event loop; proxies come from the environment, as usual.

    Raises errors of aiohttp, and ``TimeoutError`` after ``seconds``.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(timeout=seconds)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=seconds),
        )
        self._urls: dict[str, httpx2.URL] = {}
        self._proxies: dict[str, str | None] = {}

    def build_request(self, method: str, url: Any, **given: Any) -> httpx2.Request:
        """The request as the SDK wants it, its address parsed once; files are left to httpx, which encodes them."""
        if given.get("files") or given.get("params"):
            return super().build_request(method, url, **given)
        address = self._urls.get(url) or self._urls.setdefault(url, httpx2.URL(url))
        # Texts stay texts: httpx would encode each header, only for `send` to decode it again.
        extensions = {_HEADERS: _kept(_pairs(given.get("headers")))}
        return httpx2.Request(method, address, content=given.get("content"), extensions=extensions)

    async def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """The whole response; redirects are not followed."""
        body = await request.aread()
        headers = request.extensions.get(_HEADERS) or _kept(request.headers.multi_items())
        proxy = self._proxy(request.url)
        async with self._session.request(
            request.method, str(request.url), data=body, headers=headers, allow_redirects=False, proxy=proxy
        ) as answer:
            content = await answer.read()
        # The content is unpacked already.
        told = [(key, value) for key, value in answer.raw_headers if key.lower() != b"content-encoding"]
        return httpx2.Response(answer.status, headers=told, content=content, request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()
        await super().aclose()

    def _proxy(self, url: httpx2.URL) -> str | None:
        """The proxy that the environment names for a host, looked up once; aiohttp does so at each call, in threads."""
        if url.host not in self._proxies:
            self._proxies[url.host] = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
        return self._proxies[url.host]


def _kept(headers: list[tuple[str, str]]) -> CIMultiDict[str]:
    """What aiohttp does not set itself."""
    return CIMultiDict((key, value) for key, value in headers if key.lower() != "content-length")


def _pairs(headers: Any) -> list[tuple[str, str]]:
    """Headers as an SDK gives them, a mapping or pairs already."""
    if isinstance(headers, httpx2.Headers):
        return headers.multi_items()
    return list(headers.items() if isinstance(headers, Mapping) else headers or ())
