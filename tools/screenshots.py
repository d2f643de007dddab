"""`make screenshots`: what a player sees, as pictures made with a real client on the stage's square.

    python tools/screenshots.py FOLDER [SCENE…] [--language de] [--game voxelibre] [--size 800x600]

All scenes where none is named.

A scene sets the stage, acts as a player does, and takes a picture FOLDER/SCENE.png when it sees what it waits for.
A new one is a function with `@scene`; tests/support/game_client.py finds forms by name and clicks their elements.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.form_layout import Box, Form
from tests.support.game_client import PLAYER, GameClient, player, stage
from tests.support.screen import changed, white

from llm_agentd.demo.game import SAY

SIZE = (1024, 768)
SETTINGS = {
    "llm_agent.greet": "false",
    "llm_agent.npc_talk": "near_players",
    "llm_agent.npc_talk_interval_s": 2,
    "llm_agent.read_base_ms": 8_000,  # bubbles that stay until they are pictured
}
CLIENT_SETTINGS = {"fov": 60, "enable_particles": "true"}  # a little nearer to the faces
CHAT = Box(0, 0, SIZE[0], 100)
BODY = Box(300, 250, 724, 600)
ARMS_SHARE_MIN = 0.05  # of that box, when both arms are out
GESTURE_S = 15.0  # long enough for a picture on a busy machine
SIGNS_WHITE = 12_000  # pixels: the plates of two names
BUBBLES = Box(0, 100, SIZE[0], SIZE[1] // 2)  # below the chat

Scene = Callable[[GameClient], None]
SCENES: dict[str, Scene] = {}


def scene(function: Scene) -> Scene:
    SCENES[function.__name__] = function
    return function


def enter(client: GameClient, name: str) -> None:
    """Sets the stage, and waits until it is seen and the chat's window has slid away."""
    client.chat(f"/stage {name}")
    client.log.expect(rf"\[llm_stage\] scene {name}")
    client.wait_still()


def named(form: Form, begin: str) -> str:
    """The element whose name begins so: some have a number that changes."""
    return next(name for name in form.elements if name.startswith(begin))


def chosen(form: Form, side: str, item: str) -> str:
    """The button of an item in the trade window."""
    found = re.search(rf"(?:{item})[^;]*;({side}_item_\d+);", form.spec)
    assert found, f"no {item} in {form.spec}"
    return found[1]


@scene
def welcome(client: GameClient) -> None:
    """What an admin reads at the first joining, once for ever: the first scene, so that no other shows it."""
    enter(client, "empty")
    client.wait_words(CHAT)


@scene
def signs(client: GameClient) -> None:
    """Names of a line fingerspelled over the head of who says it."""
    enter(client, "square")
    client.chat("/llm signs on")
    client.wait_words(CHAT)
    client.chat("/line Piet Robin, ask Otto.")
    client.log.expect("text=Robin, ask Otto")  # others may speak first
    client.wait_for("pictures of signs", lambda: white(client.screen.pixels(BUBBLES)) > SIGNS_WHITE)
    client.wait_still(CHAT)


@scene
def greet(client: GameClient) -> None:
    """A greeting in chat; the answer above the NPC's head."""
    enter(client, "market")
    client.chat("Hello! Any news?")
    client.log.expect(SAY)
    client.wait_words(BUBBLES)


@scene
def spawn(client: GameClient) -> None:
    """Who is spawned stands two nodes before the admin, turned to them, and waves."""
    enter(client, "empty")
    client.chat("/llm spawn guard Ann")
    time.sleep(0.8)  # the arm is up


@scene
def doctor(client: GameClient) -> None:
    """What an admin reads when all is well."""
    enter(client, "empty")
    client.chat("/llm doctor")
    client.wait_words(Box(0, 100, SIZE[0], 130))  # the last line, "All is well."


@scene
def dialog(client: GameClient) -> None:
    """A right-click, a question, the answer."""
    enter(client, "smith")
    form = client.form("llm_agent:dialog", client.use)
    client.form("llm_agent:dialog", lambda: client.press(form, "quick_1"), having="Robin: .*Mira: ")
    client.fill(form, "words", "Can you mend my sword?")
    client.form("llm_agent:dialog", lambda: client.press(form, "say"), having="sword.*Mira: ")


@scene
def trade(client: GameClient) -> None:
    """A merchant's window: a pick is chosen, and the price talked about."""
    enter(client, "trade")
    name = "llm_agent:trade"
    form = client.form(name, lambda: client.chat("/llm trade Bram"))
    form = client.form(name, lambda: client.press(form, chosen(form, "get", "pick_steel|pick_iron")), having="buy_")
    form = client.form(name, lambda: client.press(form, chosen(form, "give", "steel_ingot|iron_ingot")), having="swap_")
    client.fill(form, "get_offer", "37")
    client.form(name, lambda: client.press(form, named(form, "get_haggle_")), having="get_offer;;37")


@scene
def quests(client: GameClient) -> None:
    """The quest log: some are open, one is done, one on offer, one given up. The stage made them: no model is asked."""
    enter(client, "quests")
    client.form("llm_agent:quests", lambda: client.chat("/llm quests"))


@scene
def menu(client: GameClient) -> None:
    """The window for those who do not type commands."""
    enter(client, "smith")
    client.form("llm_agent:menu", lambda: client.chat("/llm"))


@scene
def group(client: GameClient) -> None:
    """Villagers among themselves."""
    enter(client, "square")
    for _ in range(2):
        client.log.expect(SAY)
    client.wait_words(BUBBLES)


@scene
def people(client: GameClient) -> None:
    """Bodies as the game has them, tools in hand, a sign above who has a quest."""
    enter(client, "people")


@scene
def row(client: GameClient) -> None:
    """Several who answer one player: their bubbles do not cover each other."""
    enter(client, "people")
    client.chat("everybody, any news?")
    for _ in range(3):
        client.log.expect(SAY)
    time.sleep(1.5)  # the last bubble types out


@scene
def fight(client: GameClient) -> None:
    """Two who fight a third. Nobody stands still, so finished words are not waited for."""
    client.chat("/stage fight")
    client.log.expect(r"\[llm_stage\] scene fight")
    client.log.expect(r"punched LuaEntitySAO")
    client.log.expect(SAY)
    time.sleep(1.5)  # the bubble types out


@scene
def gesture(client: GameClient) -> None:
    """A gesture that has no name, as JSON: both arms to the sides, one leg ahead."""
    enter(client, "smith")
    client.wait_for("empty chat", lambda: white(client.screen.pixels(CHAT)) == 0)
    pose = {"Arm_Left": [0, 0, 110], "Arm_Right": [0, 0, -110], "Leg_Left": [35, 0, 0], "Head": [0, 0, 10]}
    frames = [{"at": 0.5, "joints": pose}, {"at": GESTURE_S, "joints": pose, "ease": "hold"}]
    before = client.screen.pixels(BODY)
    client.chat("/gesture Mira " + json.dumps({"name": "stork", "frames": frames}))
    client.wait_for("gesture", lambda: changed(before, client.screen.pixels(BODY)) > ARMS_SHARE_MIN)
    client.wait_still()


@scene
def egg(client: GameClient) -> None:
    """The spawn egg asks who shall live here."""
    enter(client, "egg")
    form = client.form("llm_agent:egg", client.use)
    client.fill(form, "name", "Odile")


@scene
def role(client: GameClient) -> None:
    """The role editor: an admin tries what a smith says."""
    enter(client, "smith")
    client.wait_for("empty chat", lambda: white(client.screen.pixels(CHAT)) == 0)  # the welcome to an admin fades
    form = client.form("llm_agent:role", lambda: client.chat("/llm role smith"))
    client.fill(form, "said", "Can you mend my sword?")
    client.form("llm_agent:role", lambda: client.press(form, "try"), having="; *<")


def main() -> int:
    parser = argparse.ArgumentParser(description="Pictures of the mod in a real client.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(SCENES))
    parser.add_argument("--game", default="minetest_game", help="id of the game: voxelibre, …")
    parser.add_argument("--size", default="1024x768", help="of the window: 800x600, …")
    parser.add_argument("--language", default="en", help="of the client: de, fr, …")
    given = parser.parse_args()
    if unknown := set(given.scenes) - set(SCENES):
        parser.error(f"no scene {', '.join(sorted(unknown))}; there are: {', '.join(SCENES)}")
    settings = {**CLIENT_SETTINGS, "language": given.language}
    width, _, height = given.size.partition("x")
    size = int(width), int(height)
    with (
        tempfile.TemporaryDirectory(prefix="llm-agentd-shots-") as world,
        stage(Path(world), SETTINGS, game_id=given.game) as (game, log),
    ):
        for name in given.scenes or SCENES:
            path, begun_s = given.folder / f"{name}.png", time.monotonic()
            # for each scene a client of its own: the chat forgets what was said only after a minute
            with player(Path(world), game, log, size=size, settings=settings) as client:
                SCENES[name](client)
                client.shot(path)
            log.expect(rf"{PLAYER} (leaves game|times out)")  # the client's goodbye gets lost now and then
            print(f"{path}  {path.stat().st_size // 1024} KiB, {time.monotonic() - begun_s:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
