"""Models on other servers (`remote.upstreams`): is each one there, does it take the key, has it the model, how long is
its certificate valid, and what is left of the budget?

Each is asked for its list of models, which costs nothing. With policy `never` none is asked. `judge` and `judge_budget`
are pure.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from llm_agentd.config import Config
from llm_agentd.config.remote import asks_servers
from llm_agentd.engines.openai.target import Target, UpstreamError
from llm_agentd.engines.openai.upstream import Upstream, upstreams_of
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.util.did_you_mean import did_you_mean
from llm_agentd.util.key_source import KeyProblem

SUBJECT = "remote"
TIMEOUT_S = 5.0
RENEW_DAYS = 14.0  # certificates of Let's Encrypt are renewed 30 days before their end; this one was not
MODELS_SHOWN = 8
HTTPS = 443
PERIOD_WORDS = {"day": "today", "month": "this month"}


class _Transport(Protocol):
    async def models(self, target: Target) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """Of one server. `problem`: why it cannot be asked, and the cure. `models` None: it has no list of them.

    `valid_until`: of its certificate; None: there is no TLS, or it was not seen.
    """

    name: str
    place: str
    model: str
    problem: str = ""
    cure: str = ""
    models: tuple[str, ...] | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """`unasked`: how many are configured while the policy is `never`."""

    found: tuple[Found, ...] = ()
    unasked: int = 0


def look(config: Config, environ: Mapping[str, str]) -> Facts:
    remote = config.remote
    if not asks_servers(remote, config.model.engine):
        return Facts(unasked=len(remote.upstreams))
    return Facts(tuple(asyncio.run(_look_at_all(upstreams_of(remote.upstreams, environ)))))


async def _look_at_all(upstreams: Sequence[Upstream]) -> Sequence[Found]:
    from llm_agentd.engines.openai.transport import Transport  # not loaded where no server is ever asked

    transport = Transport()
    try:
        return await asyncio.gather(*(_look_at(one, transport) for one in upstreams))
    finally:
        await transport.close()


async def _look_at(one: Upstream, transport: _Transport) -> Found:
    place = urlsplit(one.base_url).netloc
    try:
        target = one.target()
    except KeyProblem as error:
        return Found(
            one.name, place, one.model, str(error), "A file is read again at once, a variable at the next start."
        )
    valid_until = await _valid_until(target)
    try:
        rows = await transport.models(target)
        models = tuple(str(row["id"]) for row in rows if "id" in row)
        return Found(one.name, place, one.model, models=models, valid_until=valid_until)
    except UpstreamError as error:
        if error.status in (404, 405, 501):  # some have none, and answer all the same
            return Found(one.name, place, one.model, valid_until=valid_until)
        return Found(one.name, place, one.model, one.reason_of(error), _cure(error, one), valid_until=valid_until)


def _cure(error: UpstreamError, one: Upstream) -> str:
    if error.status in (401, 402, 403):
        return "Mend what it names; a new key in a file is used at once, one in a variable after a restart."
    if error.kind == "tls":
        return "Have the certificate renewed or issued for this name; for an authority of your own set ca_file."
    if error.kind == "connect":
        return (
            f"Start the server, or correct base_url of {one.name}; under systemd a server beyond this machine needs"
            " IPAddressDeny cleared in a drop-in (systemd/README.md)."
        )
    return "Look at the server's own log."


async def _valid_until(target: Target) -> datetime | None:
    """None also where the certificate is not believed: what is wrong with it is said by the call."""
    address = urlsplit(target.base_url)
    if address.scheme != "https":
        return None
    with suppress(OSError, ssl.SSLError, TimeoutError, ValueError):
        trusted = ssl.create_default_context(cafile=target.ca_file or None)
        async with asyncio.timeout(TIMEOUT_S):
            opening = asyncio.open_connection(address.hostname, address.port or HTTPS, ssl=trusted)
            _, writer = await opening
        certificate: dict[str, Any] = writer.get_extra_info("peercert") or {}
        writer.close()
        if ends := certificate.get("notAfter"):
            return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
    return None


def judge(facts: Facts, now: datetime | None = None) -> Iterator[Check]:
    """One that fails is a warning while another one works."""
    now = now or datetime.now(UTC)
    if facts.unasked:
        yield ok(SUBJECT, "upstreams", f"remote.policy is never: none of {facts.unasked} servers is ever asked")
    works = any(not one.problem for one in facts.found)
    for one in facts.found:
        name = f"upstream {one.name}"
        if one.problem:
            yield (warn if works else fail)(SUBJECT, name, one.problem, one.cure)
        elif one.models and one.model not in one.models:
            shown = ", ".join(one.models[:MODELS_SHOWN])
            found = (
                f"{one.place} does not list the model {one.model}{did_you_mean(one.model, one.models)} It lists {shown}"
            )
            yield warn(SUBJECT, name, found, "Correct its model in remote.upstreams, or load it there.")
        else:
            yield _certificate(one, name, now)


def _certificate(one: Found, name: str, now: datetime) -> Check:
    has = (
        f"has the model {one.model}"
        if one.models
        else f"answers; whether it has the model {one.model} it does not tell"
    )
    if one.valid_until is None:
        return ok(SUBJECT, name, f"{one.place} {has}")
    days = (one.valid_until - now).total_seconds() / 86400
    until = f"{one.place} {has}; its certificate is valid until {one.valid_until:%Y-%m-%d}"
    if days < RENEW_DAYS:
        return warn(
            SUBJECT, name, f"{until}, {max(0, int(days))} days from now", "Have it renewed; then it is refused."
        )
    return ok(SUBJECT, name, until)


def judge_budget(remote: Mapping[str, Any]) -> Iterator[Check]:
    """`remote`: of the daemon's `stats`, where it asks servers."""
    budget = remote.get("budget")
    for period, told in (budget or {}).items():
        limit, used = told.get("limit"), told.get("used", 0)
        if not limit:
            continue
        key = "remote.daily_tokens" if period == "day" else "remote.monthly_tokens"
        found = f"{used:,} of {limit:,} tokens are used {PERIOD_WORDS[period]}"
        if used >= limit:
            cure = f"Nothing is to be done: it begins anew at {told['ends']}. For more raise {key}."
            yield warn(SUBJECT, "budget", f"{found}: no server is asked any more", cure)
        elif told.get("warning"):
            yield warn(SUBJECT, "budget", found, f"Raise {key}, or have less sent to servers (remote.policy).")
        else:
            yield ok(SUBJECT, "budget", found)
    if budget and (why := remote.get("ready")) and "budget" in why:
        yield warn(SUBJECT, "budget", f"No server is asked: {why}", "It begins anew then; for more raise the limit.")
