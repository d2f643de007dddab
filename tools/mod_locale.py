"""Checks the mod's translations: `python tools/mod_locale.py`; `--update` rewrites the files in locale/.

The texts come out of the sources: every S("…"), the lists that NPCs speak from, the titles of roles, and the
description in mod.conf, which the engine's menu translates. An update writes locale/template.txt anew and orders each
*.tr like it: translations are kept, new texts get an empty one, what no source has any more is dropped and printed.
Pure but for `read_files` and `main`: file names with their text in, problems or files out.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

Files = Mapping[str, str]  # by their path in the mod's folder

DOMAIN = "llm_agent"
LANGUAGES = ("de", "es", "fr", "ru")
TEMPLATE = "locale/template.txt"
MOD_FOLDER = Path(__file__).resolve().parents[1] / "mods" / DOMAIN
# Lists of lines that are handed to the translator when they are spoken, not where they stand.
SPOKEN_LISTS = frozenset(
    {"greeting", "fallback", "quick", "QUICK", "GENERIC_FALLBACK", "GENERIC_FAILED", "FORMS"}
    # combat/cries.lua
    | {"WARNING", "CRY", "CRY_AT_BEAST", "TOLD", "BROKEN_WORD", "STEPPED_BACK", "PARDON", "TOO_LATE", "YIELD", "HELP"}
    | {"STAND_DOWN", "STANDS_BY", "BUSY", "SPARES", "NO_FIGHTER"}
)
# Files that hold nothing but lines that NPCs speak, in lists of any shape.
SPOKEN_FILES = frozenset({"actions/lines.lua", "quests/lines.lua"})
SPOKEN_WORDS = frozenset({"SOMEBODY"})
ROLES_FILE = "roles/shipped.lua"  # a title that is not given is "the NAME", see llm_agent.register_role
TRANSLATES_ARGUMENT = ("core/translate.lua", "line")  # the one place that translates what it is given

_TOKEN = re.compile(
    r"""(?P<comment>--\[(?P<c>=*)\[.*?\](?P=c)\]|--[^\n]*)|(?P<long>\[(?P<l>=*)\[.*?\](?P=l)\])
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<name>[A-Za-z_]\w*)|(?P<mark>\.\.+|[^\s\w])|(?P<number>\d[\w.]*)""",
    re.S | re.X,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_ROLE = re.compile(r"^(?:\t|ROLES\.)([a-z_]+) = \{$", re.M)


class LocaleError(Exception):
    """A source that cannot be read; says where and what to do."""


class Token(NamedTuple):
    kind: str
    text: str  # of a string: what it means
    line: int


def tr_name(language: str) -> str:
    return f"locale/{DOMAIN}.{language}.tr"


def tokens(source: str) -> list[Token]:
    """Of Lua, without comments."""
    found = []
    for match in _TOKEN.finditer(source):
        kind, text = match.lastgroup or "", match.group()
        if match["comment"]:
            continue
        if match["string"]:
            kind, text = "string", re.sub(r"\\(\d{1,3}|.)", _unescaped, text[1:-1], flags=re.S)
        elif match["long"]:
            kind, text = "string", text.split("[", 2)[2].rsplit("]", 2)[0].removeprefix("\n")
        found.append(Token(kind, text, source.count("\n", 0, match.start()) + 1))
    return found


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1])) if escape[1].isdecimal() else _ESCAPES[escape[1]]


def texts_of(files: Files) -> dict[str, list[str]]:
    """Source → its texts in their order, each text where it comes first."""
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    for name in sorted(files):
        if name == "mod.conf":
            words = re.findall(r"^description = (.+)$", files[name], re.M)
        elif name.endswith(".lua"):
            words = list(_lua_texts(name, files[name]))
        else:
            continue
        new = [word for word in dict.fromkeys(words) if word not in seen]
        seen.update(new)
        if new:
            found[name] = new
    return found


@lru_cache(maxsize=256)  # the tests check the same sources with many a translation
def _lua_texts(name: str, source: str) -> tuple[str, ...]:
    return tuple(_find_texts(name, source))


def _find_texts(name: str, source: str) -> Iterator[str]:
    if name == ROLES_FILE:
        yield from (f"the {role.replace('_', ' ')}" for role in _ROLE.findall(source))
    found = tokens(source)
    if name in SPOKEN_FILES:
        yield from (token.text for token in found if token.kind == "string")
        return
    for at, token in enumerate(found):
        after = [next_token.text for next_token in found[at + 1 : at + 3]]
        if token.kind != "name":
            continue
        if token.text == "S" and after[:1] == ["("] and found[at - 1].text not in (".", "function"):
            word = _literal(found, at + 2)
            if word is not None:
                _check_source(name, token.line, word)
                yield word
            elif (name, after[1]) != TRANSLATES_ARGUMENT:
                raise LocaleError(f"{name}:{token.line}: S takes a text in quotes, with what changes as @1, @2 …")
        elif token.text in SPOKEN_LISTS and after == ["=", "{"]:
            yield from _list_items(found, at + 3)
        elif token.text in SPOKEN_WORDS and after[:1] == ["="]:
            yield found[at + 2].text


def _literal(found: list[Token], at: int) -> str | None:
    """A string, or several with `..` between; None where anything else is handed over."""
    if found[at].kind != "string":
        return None
    word = found[at].text
    while found[at + 1].text == ".." and found[at + 2].kind == "string":
        at += 2
        word += found[at].text
    return word if found[at + 1].text in (",", ")") else None


def _list_items(found: list[Token], at: int) -> Iterator[str]:
    while found[at].text != "}" or found[at].kind == "string":
        if found[at].kind == "string":
            yield found[at].text
        at += 1


def _check_source(name: str, line: int, word: str) -> None:
    numbers = [int(number) for number in re.findall(r"@(\d)", word)]
    if numbers != list(range(1, len(numbers) + 1)):
        raise LocaleError(f"{name}:{line}: want @1, @2 … in this order, each once: {word}")


def escaped(word: str) -> str:
    return word.replace("=", "@=").replace("\n", "@n")


def read_tr(text: str) -> list[tuple[str, str]]:
    """Word and translation, as they stand in the file."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    pairs = [re.fullmatch(r"((?:@.|[^@=])*)=(.*)", line) for line in lines]
    return [(pair[1], pair[2]) if pair else (line, "") for line, pair in zip(lines, pairs, strict=True)]


def format_tr(words: Mapping[str, list[str]], translations: Mapping[str, str]) -> str:
    """A file of translations, laid out by source."""
    parts = [f"# textdomain: {DOMAIN}\n"]
    for name, of_source in words.items():
        parts.append(f"\n##[ {name} ]##\n")
        parts += [f"{escaped(word)}={translations.get(escaped(word), '')}\n" for word in of_source]
    return "".join(parts)


def update(files: Files) -> tuple[dict[str, str], list[str]]:
    """The files of locale/ as they should be, and a line for each translation that is dropped."""
    words = texts_of(files)
    known = {escaped(word) for of_source in words.values() for word in of_source}
    result, dropped = {TEMPLATE: format_tr(words, {})}, []
    for language in LANGUAGES:
        name = tr_name(language)
        old = dict(read_tr(files.get(name, "")))
        result[name] = format_tr(words, old)
        dropped += [f"{name}: dropped: {key}={value}" for key, value in old.items() if key not in known and value]
    return result, dropped


def problems(files: Files) -> list[str]:
    """What is wrong with locale/, a line each."""
    try:
        words = texts_of(files)
    except LocaleError as error:
        return [str(error)]
    found = []
    if files.get(TEMPLATE) != format_tr(words, {}):
        found.append(f"{TEMPLATE}: is not what the sources say; run: python tools/mod_locale.py --update")
    for language in LANGUAGES:
        name = tr_name(language)
        if name not in files:
            found.append(f"{name}: missing; run: python tools/mod_locale.py --update")
        else:
            found += [f"{name}: {problem}" for problem in _check_language(language, files[name], words)]
    return found


def _check_language(language: str, text: str, words: Mapping[str, list[str]]) -> Iterator[str]:
    if not text.startswith(f"# textdomain: {DOMAIN}\n"):
        yield f"does not begin with # textdomain: {DOMAIN}"
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.strip() or not line.replace("\u00a0", " ").isprintable():
            yield f"line {number}: blanks at an end, or what cannot be printed"
    pairs = read_tr(text)
    counts, translations = Counter(key for key, _ in pairs), dict(pairs)
    keys = [escaped(word) for of_source in words.values() for word in of_source]
    for key in keys:
        if not translations.get(key):
            yield f"no translation of: {key}"
        else:
            yield from (
                f"{problem}: {key}={translations[key]}" for problem in _faults(language, key, translations[key])
            )
    yield from (f"{count} times: {key}" for key, count in counts.items() if count > 1)
    known = set(keys)
    yield from (f"no source has any more: {key}" for key in counts if key not in known)


def _faults(language: str, key: str, translation: str) -> Iterator[str]:
    placeholders = re.compile(r"@\w|\{\w*\}")
    if Counter(placeholders.findall(key)) != Counter(placeholders.findall(translation)):
        yield "other placeholders than the source"
    if "=" in translation.replace("@=", ""):
        yield "= is written @="
    if re.search(_TYPOS[language], translation):
        yield f"not how {language} is set"
    if language == "es" and any(translation.count(a) != translation.count(b) for a, b in ("¿?", "¡!")):
        yield "¿? and ¡! come in pairs"


# What each language's typesetting rules out: straight quotes, blanks before marks; in French they are no-break spaces.
_TYPOS = {
    "de": r"[\"'”]| [?!;:,.]",
    "es": r"[\"'„]| [?!;:,.]",
    "fr": r"[\"'“”„]| [?!;:»]|[^\W\d_][?!;]|[^\u00a0]»|«(?!\u00a0)",
    "ru": r"[\"'’”]| [?!;:,.]",
}


def read_files(folder: Path) -> dict[str, str]:
    """What is looked at here. Raises LocaleError where a file is no UTF-8."""
    files = {}
    for path in [folder / "mod.conf", *folder.rglob("*.lua"), *(folder / "locale").glob("*")]:
        name = path.relative_to(folder).as_posix()
        try:
            files[name] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise LocaleError(f"{name}: is not UTF-8 at byte {error.start}") from error
    return files


def main(args: list[str], folder: Path = MOD_FOLDER) -> int:
    if args not in ([], ["--update"]):
        print("usage: python tools/mod_locale.py [--update]", file=sys.stderr)
        return 2
    try:
        files = read_files(folder)
        if args:
            result, dropped = update(files)
            (folder / "locale").mkdir(exist_ok=True)
            for name, text in result.items():
                (folder / name).write_bytes(text.encode())
            print("".join(f"{line}\n" for line in dropped), end="")
            files |= result
    except LocaleError as error:
        print(error, file=sys.stderr)
        return 1
    found = problems(files)
    print("\n".join(found) if found else f"all words in {', '.join(LANGUAGES)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
