"""Placeholders on the way of a request: a reply is generated once, and each player gets it with names of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import open_cache
from llm_agentd.client import Client
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.prompt.placeholders import CHARS, NAMES, from_template
from llm_agentd.types import Action
from tests.support.daemon_in_process import InProcess

STALL: dict[str, Any] = {"stock": {"apple": 5}, "price": {"apple": 2}}
WORDS = from_template("{item} for {price} coins, {speaker}. {npc} never lies.")


class Scribe:
    """Writes WORDS, as JSON where actions are on offer; counts how often it was asked."""

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def __call__(self, prompt: str) -> list[bytes]:
        self.prompts.append(prompt)
        text = WORDS
        if "\ndo: " in prompt:
            do = {"action": "offer_trade", "item": CHARS["item"], "count": 1, "price": CHARS["price"]}
            text = json.dumps({"say": WORDS, "do": do}, ensure_ascii=False)
        data = text.encode()
        return [data[at : at + 5] for at in range(0, len(data), 5)]  # some end inside a placeholder


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


@pytest.fixture
def client(endpoint: str, tmp_path: Path, scribe: Scribe) -> Iterator[Client]:
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    engine = lambda: StubEngine(script=scribe, topics_of=str(EMBEDDED_MODEL))  # noqa: E731
    with InProcess(endpoint, engine=engine, cache=cache) as daemon, daemon.client() as client:
        yield client
    cache.close()


def npc(name: str) -> dict[str, str]:
    return {"id": name, "name": name, "role": "merchant"}


def ask(client: Client, name: str, player: str, item: str, price: int, **options: Any) -> Any:
    context = {"stock": {item: 5}, "price": {item: price}}
    return client.think(npc(name), f"How much is the {item}?", player=player, context=context, **options)


def test_reply_has_the_words_of_the_game_and_no_strange_character(client: Client) -> None:
    reply = ask(client, "Marta", "xX_ana_Xx", "apple", 2)
    assert reply.text == "Apple for 2 coins, xX_ana_Xx. Marta never lies."


def test_kept_reply_serves_another_player_npc_and_good(client: Client, scribe: Scribe) -> None:
    for _ in range(3):  # as many variants as are kept
        ask(client, "Marta", "Ana", "apple", 2)
    reply = ask(client, "Old Quill", "Torvik", "steel sword", 31)
    assert (reply.cache, reply.text) == ("hit", "Steel sword for 31 coins, Torvik. Old Quill never lies.")
    assert len(scribe.prompts) == 3
    assert not any(name in prompt for prompt in scribe.prompts for name in ("Ana", "apple", "Marta"))


def test_streamed_reply_is_filled_piece_by_piece(client: Client) -> None:
    context = {"stock": {"apple": 5}, "price": {"apple": 2}}
    said = "How much is the apple?"
    with client.stream(npc=npc("Marta"), utterance=said, player="Ana", context=context) as stream:
        pieces = list(stream)
    assert "".join(pieces) == stream.reply.text == "Apple for 2 coins, Ana. Marta never lies."
    assert len(pieces) > 1
    assert not set("".join(pieces)) & set(NAMES)


def test_kept_action_is_given_with_each_askers_own_values(client: Client) -> None:
    for item, price in (("apple", 2), ("apple", 2), ("apple", 2), ("bread", 7)):
        schema = {
            "properties": {
                "item": {"type": "string", "enum": [item]},
                "count": {"type": "integer", "minimum": 1, "maximum": 5},
                "price": {"type": "integer", "minimum": 1, "maximum": 9},
            }
        }
        reply = ask(client, "Marta", "Ana", item, price, actions=[Action("offer_trade", "", schema)])
        assert reply.action == {"name": "offer_trade", "params": {"item": item, "count": 1, "price": price}}
    assert reply.cache == "hit"
