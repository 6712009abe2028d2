"""OpenAI's SDK for many calls to few addresses: what is alike in all requests is made once.

For every request the SDK checks and copies its options, parses the address and merges the same headers anew, which is
half of what a call costs here. Addresses, keys, headers and errors are still the SDK's.
"""

from __future__ import annotations

import json
from typing import Any

import httpx2
from openai import AsyncOpenAI
from openai._models import FinalRequestOptions

from unicost.providers.transport import QuickClient


class QuickOpenAI(AsyncOpenAI):  # type: ignore[misc]
    """The SDK's client over ``QuickClient``, without its own attempts; ``seconds`` is how long a call may take."""

    def __init__(self, *, api_key: str, base_url: str, seconds: float) -> None:
        http = QuickClient(seconds)
        super().__init__(api_key=api_key, base_url=base_url, timeout=seconds, max_retries=0, http_client=http)
        self._http = http
        self._alike: dict[str, httpx2.Request] = {}

    async def post_json(self, path: str, body: dict[str, Any]) -> Any:
        """What is answered, as JSON.

        Raises ``openai.APIStatusError`` for a status that is no success, ``ValueError`` for what is no JSON, and what
        ``QuickClient`` raises.
        """
        if path not in self._alike:
            self._alike[path] = self._build_request(FinalRequestOptions(method="post", url=path, json_data=body))
        like = self._alike[path]
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        response = await self._http.send(
            httpx2.Request(like.method, like.url, content=content, extensions=like.extensions)
        )
        if not response.is_success:
            raise self._make_status_error_from_response(response)
        return response.json()
