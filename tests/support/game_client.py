"""A real game client on a virtual screen: keys and clicks go in through xdotool, the picture is read from Xvfb's file.

Every wait is for a condition with a deadline, in the server's log or in the picture. The server runs the mod llm_stage,
which logs the chat, forms and fields that reach it. Knows nothing of NPCs and models.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from llm_agentd.demo.game import Game, engine_version
from llm_agentd.ops.game_binaries import CLIENT, find_binary
from llm_agentd.ops.harness import daemon
from tests.support.form_layout import UNIT_MIN_PIXELS, Box, Form, lay_out
from tests.support.game_log import GameLog
from tests.support.mods import MODS
from tests.support.screen import Pixels, Screen, changed, colours, white
from tests.support.sound_recorder import SoundRecorder

PLAYER = "Robin"
WAIT_S = 60.0  # software GL on two busy cores: what takes 3 s alone may take 20
JOIN_S = 240.0  # Mineclonia sends 10,000 files first
STOP_S = 20.0
POLL_S = 0.1
HOLD_S = 0.2  # a mouse button or Return, for longer than one frame takes
KEY_DELAY_MS = 15
KEY_TRIES, KEY_TRY_S = 5, 4.0
CHAT_CHANGED_SHARE_MIN = 0.5  # of the top of the picture, where the chat opens
FORM_FOLLOWS_S = 2.0  # after a form that a model's words are still to come into
FORM_CHANGED_SHARE_MIN = 0.0001  # of its pixels, when a form is shown anew: one letter is more
COLOURS_OF_A_WORLD = 500  # a menu or a loading screen has far fewer
LOOKS_AT_WORDS = 4  # over 0.8 s: an NPC takes less for its longest word
CURSOR_PIXELS = 12  # one that blinks

_CONF = """\
screen_w = {width}
screen_h = {height}
autosave_screensize = false
vsync = false
fps_max = 12
fps_max_unfocused = 12
viewing_range = 40
enable_shaders = false
enable_particles = false
enable_clouds = false
leaves_style = opaque
view_bobbing_amount = 0
pause_on_lost_focus = false
update_last_checked = disabled
contentdb_url =
serverlist_url =
name = {player}
{more}
"""
_SILENT = {"enable_sound": "false"}
# As loud as it comes, also where another window has the keys.
_RECORDED = {"enable_sound": "true", "mute_sound": "false", "sound_volume": 1, "sound_volume_unfocused": 1}
# The client takes nothing from the home of whoever runs it, and draws with the processor. Newer ones open their window
# by SDL, which may take the console or nothing at all for a screen where it is not told.
_ENVIRONMENT = {
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "ALSOFT_DRIVERS": "null",
    "SDL_VIDEODRIVER": "x11",
    "LANG": "C.UTF-8",
    "LANGUAGE": "",
}
_STAGE_SETTINGS: dict[str, object] = {
    "enable_damage": "false",
    "time_speed": 0,
    "mobs_spawn": "false",
    "static_spawnpoint": "0,9,0",
    "llm_agent.npc_talk": "off",
    "llm_agent.wander": "false",
}


def _locale(folder: Path) -> dict[str, str]:
    """The environment of a client that is to translate: newer glibc looks for no translation in C.UTF-8."""
    subprocess.run(["localedef", "-i", "en_US", "-f", "UTF-8", str(folder / "en_US.UTF-8")], check=True)
    return {"LOCPATH": str(folder), "LANG": "en_US.UTF-8"}


class GameClient:
    """Starts the client, types, clicks, reads the picture, and stops it. Made by `player`."""

    def __init__(
        self,
        folder: Path,
        game: Game,
        log: GameLog,
        *,
        size: tuple[int, int],
        settings: Mapping[str, object],
        name: str = PLAYER,
        recorder: SoundRecorder | None = None,
    ) -> None:
        binary = find_binary(CLIENT)
        self.name = name
        self._unit_min = 0.0 if engine_version(binary).startswith("5.6.") else UNIT_MIN_PIXELS
        self.folder, self.log = folder, log
        self.screen = Screen(folder, size)
        own = {"DISPLAY": self.screen.display, "HOME": str(folder)}
        locale = _locale(folder) if "language" in settings else {}
        sound = recorder.environment() if recorder else {}
        self._environment = {**os.environ, **_ENVIRONMENT, **own, **locale, **sound}
        all_settings = {**(_RECORDED if recorder else _SILENT), **settings}
        more = "\n".join(f"{key} = {value}" for key, value in all_settings.items())
        conf = _CONF.format(width=size[0], height=size[1], player=name, more=more)
        (folder / "client.conf").write_text(conf, encoding="utf-8")
        self._output = (folder / "client.out").open("wb")
        self._process = subprocess.Popen(
            [
                *(
                    binary,
                    "--config",
                    str(folder / "client.conf"),
                    "--logfile",
                    str(folder / "client.log"),
                ),
                *("--go", "--address", "127.0.0.1", "--port", str(game.port), "--name", name, "--password", "x"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=self._environment,
        )

    def enter(self) -> None:
        """Returns when the player is in the world and sees it."""
        # By title or class: xdotool cannot read the title that SDL sets.
        self._xdotool("search", "--sync", "--onlyvisible", "--class", "--name", "Minetest|Luanti", "windowfocus")
        self.log.expect(rf"{self.name} .*joins game", JOIN_S)
        self.wait_for("picture of the world", lambda: colours(self.screen.pixels()) > COLOURS_OF_A_WORLD)
        self.wait_still()

    # Keys and mouse ---------------------------------------------------------------------------------------------------

    def _xdotool(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self._environment, check=True, timeout=WAIT_S, capture_output=True)

    def key(self, name: str) -> None:
        """A key by its X name: `Return`, `Escape`, `i`."""
        self._xdotool("key", name)

    def type(self, text: str) -> None:
        """Types ASCII: the client does not see the keys that xdotool adds for other letters."""
        assert text.isascii()
        self._xdotool("type", "--delay", str(KEY_DELAY_MS), "--", text)

    def chat(self, text: str) -> None:
        """Types into the chat; returns when the server has it."""
        top = Box(0, 0, self.screen.size[0], self.screen.size[1] // 6)
        self.wait_still(top)  # the chat of the last line has closed
        before = self.screen.pixels(top)

        def is_open() -> bool:
            return changed(before, self.screen.pixels(top)) >= CHAT_CHANGED_SHARE_MIN

        heard = re.compile(rf"\[llm_stage\] heard {self.name}: {re.escape(text)}")
        begin = len(self.log.lines)

        def is_heard() -> bool:
            self.log.read()
            return any(map(heard.search, self.log.lines[begin:]))

        self._press_until("t", is_open, hold_s=0.0)  # a longer one is written into the chat, too
        self.type(text)
        self._press_until("Return", is_heard)
        self.log.expect(heard)

    def _press_until(self, key: str, condition: Callable[[], bool], hold_s: float = HOLD_S) -> None:
        """A busy client misses a key now and then."""
        for _ in range(KEY_TRIES):
            self._xdotool("keydown", key, "sleep", str(hold_s), "keyup", key)
            deadline_s = time.monotonic() + KEY_TRY_S
            while time.monotonic() < deadline_s:
                if condition():
                    return
                time.sleep(POLL_S)
        self.wait_for(f"effect of {key}", condition)

    def hold(self, key: str, held_s: float) -> None:
        """A key held down: `w` walks as long."""
        self._xdotool("keydown", key, "sleep", str(held_s), "keyup", key)

    def use(self) -> None:
        """A right-click at what the player looks at."""
        self._xdotool("mousedown", "3", "sleep", str(HOLD_S), "mouseup", "3")

    def click(self, x: int, y: int) -> None:
        """A click into a form."""
        self._xdotool("mousemove", str(x), str(y), "sleep", str(HOLD_S), "click", "1")

    # Forms -----------------------------------------------------------------------------------------------------------

    def form(self, name: str, act: Callable[[], None], *, having: str = "") -> Form:
        """Acts, and returns the form of that name that the server shows then, once it is in the picture.

        `having`: a pattern for its formspec; forms of that name before one that has it are passed over.
        """
        before = self.screen.pixels()
        act()
        while True:
            found = self.log.expect(rf'\[llm_stage\] form (?=.*"name":"{name}")(\{{.*\}})')
            spec = json.loads(found[1])["spec"]
            if re.search(having, spec):
                break
        form = lay_out(name, spec, self.screen.size, self._unit_min)
        part = before[form.box.top : form.box.bottom, form.box.left : form.box.right]
        self.wait_for(f"form {name}", lambda: changed(part, self.screen.pixels(form.box)) > FORM_CHANGED_SHARE_MIN)
        self.wait_still(form.box)
        return form

    def shown_form(self) -> tuple[Form, Pixels]:
        """The form that was shown last and its picture, once none follows, as one does when a model has answered."""

        def last() -> str:
            self.log.read()
            return next(line for line in reversed(self.log.lines) if "[llm_stage] form {" in line)

        line = ""
        while line != (line := last()):
            time.sleep(FORM_FOLLOWS_S)
            self.wait_still()
        found = json.loads(line[line.index("{") :])
        return lay_out(found["name"], found["spec"], self.screen.size, self._unit_min), self.screen.pixels()

    def press(self, form: Form, element: str) -> None:
        """Clicks the middle of an element."""
        self.click(*form.find(element).middle)

    def fill(self, form: Form, field: str, text: str) -> None:
        """Replaces the text of a field; returns when the picture has it."""
        self.press(form, field)
        self._xdotool("key", "ctrl+a", "key", "BackSpace")
        self.type(text)
        self.wait_words(form.find(field))

    # The picture ------------------------------------------------------------------------------------------------------

    def wait_for(self, what: str, condition: Callable[[], object], wait_s: float = WAIT_S) -> None:
        deadline_s = time.monotonic() + wait_s
        while not condition():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                self.shot(self.folder / "failed.png")
                raise AssertionError(
                    f"the client shows no {what} ({self.folder}/failed.png); it says:\n{self.last_words()}"
                )
            time.sleep(POLL_S)

    def wait_still(self, box: Box | None = None, share: float = 0.01) -> None:
        """Waits until no more than that share changes between two looks: all is loaded, clouds may drift."""
        last: list[Pixels] = [self.screen.pixels(box)]

        def still() -> bool:
            time.sleep(3 * POLL_S)
            last.append(self.screen.pixels(box))
            return changed(last.pop(0), last[0]) <= share

        self.wait_for("rest", still)

    def wait_words(self, box: Box) -> None:
        """Waits until there is text, and its count of letters stays the same."""
        counts = [0] * LOOKS_AT_WORDS

        def complete() -> bool:
            time.sleep(2 * POLL_S)
            counts.append(white(self.screen.pixels(box)))
            lately = counts[-LOOKS_AT_WORDS:]
            return min(lately) > 0 and max(lately) - min(lately) <= CURSOR_PIXELS

        self.wait_for(f"finished words in {box}", complete)

    def shot(self, path: Path) -> None:
        """The picture as a PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(self.screen.pixels())).save(path, optimize=True)

    def last_words(self) -> str:
        return (self.folder / "client.out").read_text(errors="replace")[-1500:]

    def stop(self) -> int:
        """Ends the client as Ctrl-C would; returns its exit code."""
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()
        self.screen.stop()
        return self._process.returncode


@contextmanager
def stage(
    folder: Path,
    settings: Mapping[str, object],
    mods: Sequence[Path] = (),
    game_id: str = "minetest_game",
    config: Mapping[str, object] | None = None,
) -> Iterator[tuple[Game, GameLog]]:
    """Daemon (of that `config`) and server with the stage's square, ready for players; the world has `mods` too."""
    with daemon(config or {}, http=True) as running:
        game = Game(
            folder,
            settings=_STAGE_SETTINGS | running.mod_settings | dict(settings),
            mods=[MODS / "llm_stage", *mods],
            game=game_id,
        )
        game.start()
        try:
            log = GameLog(game)
            log.expect(r"\[llm_stage\] ready")
            yield game, log
        finally:
            game.stop()


@contextmanager
def player(
    folder: Path,
    game: Game,
    log: GameLog,
    *,
    size: tuple[int, int] = (800, 600),
    settings: Mapping[str, object] | None = None,
    exit_code: int = 0,
    name: str = PLAYER,
    recorder: SoundRecorder | None = None,
) -> Iterator[GameClient]:
    """A client whose player is in the world; `recorder` gets what it plays. It must end with `exit_code`."""
    client = GameClient(folder, game, log, size=size, settings=settings or {}, name=name, recorder=recorder)
    try:
        client.enter()
        yield client
    finally:
        code = client.stop()
    assert code == exit_code, f"the client ended with exit code {code}:\n{client.last_words()}"
