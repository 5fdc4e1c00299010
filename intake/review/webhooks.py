"""Tell other systems that a document changed: signed, in order, again until they acknowledge."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx

from intake.store import Store, connections
from intake.store.connections import Event, Hook

SECONDS = 10.0
"""an address that takes longer is asked again later"""
SIGNATURE = "X-Sohoa-Signature"


def signature(secret: str, body: bytes, moment: str) -> str:
    """``sha256=`` HMAC over «moment.body»: the moment is signed so that an old message cannot be sent again."""
    return "sha256=" + hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()


def ring(store: Store, client: httpx.Client) -> int:
    """Tell every address what it does not know yet; returns how many events were acknowledged.

    Called again and again by the station. At least once, in order: an event whose acknowledgement was lost comes
    again under the same number. A slow or broken address waits by itself and delays nobody else.
    """
    acknowledged = 0
    for hook in connections.hooks(store):
        if hook.closed_at is None and hook.next_at <= store.clock.now():
            acknowledged += _tell(store, client, hook)
    return acknowledged


def _tell(store: Store, client: httpx.Client, hook: Hook) -> int:
    acknowledged = 0
    for event in connections.untold(store, hook):
        answer = _post(store, client, hook, event)
        if answer is not None:
            connections.not_told(store, hook, answer)
            break
        connections.told(store, hook, event.seq)
        acknowledged += 1
    return acknowledged


def _post(store: Store, client: httpx.Client, hook: Hook, event: Event) -> str | None:
    """None when acknowledged (2xx), else what happened. Redirects are not followed: the address is the one agreed on."""
    body = json.dumps(event.as_json(), sort_keys=True).encode()
    moment = str(int(store.clock.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "X-Sohoa-Event": str(event.seq),
        "X-Sohoa-Time": moment,
        SIGNATURE: signature(hook.secret, body, moment),
    }
    try:
        answer = client.post(hook.url, content=body, headers=headers, timeout=SECONDS, follow_redirects=False)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.is_success else f"HTTP {answer.status_code}"
