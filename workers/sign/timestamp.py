"""The time-stamp authority (RFC 3161) as a service that may be slow, wrong or away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx
from asn1crypto import cms, parser, tsp
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from intake.errors import EnvironmentTrouble

MISSES_MAX = 3
ANSWER_MAX = 1_000_000
"""bytes; a token with a long chain has 10 000"""


class TimeStampAuthority(TimeStamper):
    """One authority at one address; every answer is checked (status, nonce, hash, form) before it is used.

    ``seconds`` bounds one call as a whole, not each read: an authority that drips bytes is slow, too. One that failed
    ``MISSES_MAX`` calls in a row is not asked again by this object: a person is waiting for her set.
    """

    def __init__(self, url: str, seconds: float, tries: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.url, self.seconds, self.tries, self.clock = url, seconds, max(1, tries), clock
        self.misses = 0

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        if self.misses >= MISSES_MAX:
            raise TimestampRequestError("away; not asked again in this set")
        trouble: TimestampRequestError | None = None
        for _ in range(self.tries):
            try:
                nonce, request = self.request_cms(message_digest, md_algorithm)
                answer = await self.async_request_tsa_response(request)
                token = _token(answer, nonce, message_digest)
                self.misses = 0
                return token
            except TimestampRequestError as error:
                trouble = error
        self.misses += 1
        raise trouble or TimestampRequestError("no try")

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        body = await asyncio.to_thread(self._post, req.dump())
        try:
            # read by hand, because the library's structure knows no answer without a token
            status = tsp.PKIStatusInfo.load(parser.parse(body, strict=True)[4])["status"].native
            if status not in ("granted", "granted_with_mods"):
                raise TimestampRequestError(f"status {status}")
            return tsp.TimeStampResp.load(body, strict=True)
        except (ValueError, TypeError) as error:
            raise TimestampRequestError("answer is not a TimeStampResp") from error

    def _post(self, body: bytes) -> bytes:
        end = self.clock() + self.seconds
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            with httpx.stream("POST", self.url, content=body, headers=headers, timeout=self.seconds) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise TimestampRequestError(f"HTTP {answer.status_code}")
                received = bytearray()
                for part in answer.iter_raw():
                    received += part
                    if self.clock() > end:
                        raise TimestampRequestError(f"no complete answer in {self.seconds:g} s")
                    if len(received) > ANSWER_MAX:
                        raise TimestampRequestError("answer too long")
                return bytes(received)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TimestampRequestError(type(error).__name__) from error


def _token(answer: tsp.TimeStampResp, nonce: int | None, digest: bytes) -> cms.ContentInfo:
    """The token of an answer about *our* digest and *our* nonce; TimestampRequestError otherwise."""
    try:
        token = answer["time_stamp_token"]
        info = token["content"]["encap_content_info"]["content"].parsed
        if nonce is not None and info["nonce"].native != nonce:
            raise TimestampRequestError("wrong nonce")
        if info["message_imprint"]["hashed_message"].native != digest:
            raise TimestampRequestError("time-stamp of something else")
        return token
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TimestampRequestError("answer is not a time-stamp") from error


def trouble(url: str | None, error: Exception) -> EnvironmentTrouble:
    """The words for a time-stamp that could not be had; nothing is wrong with the document or its signature."""
    why = str(error) or type(error).__name__
    return EnvironmentTrouble(
        f"Không lấy được dấu thời gian từ {url or '(chưa đặt sign.tsa_url)'}: {why}.",
        f"No time-stamp from {url or '(sign.tsa_url is not set)'}: {why}.",
    )
