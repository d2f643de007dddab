"""What else players say for the verbs in the names of other mods' actions, and how they ask for what one makes.

Data, with what reads it. English, as the models that are told topics. Pure.
"""

from __future__ import annotations

import re

# The verb in an action's name: what else is said for it; ~ stands for the thing between two words.
_LIKE = """
bless: give ~ your blessing
blow: sound, toot
brew: make, mix, prepare
brush: comb, groom
build: make, construct, put up
burn: set fire to, torch
call: summon, send for
carry: haul, lug, bring
catch: grab, snatch
chop: cut, split
clean: wash, sweep, scrub, wipe, tidy
close: shut, lock, bolt
collect: gather, pick
cook: make, prepare, fry, boil
dig: mine, excavate
extinguish: put out, put ~ out, turn ~ off, switch ~ off, turn off, blow out, blow ~ out, douse, snuff
feed: (?:give|throw|toss|bring) ~ (?:food|grain|seeds|hay|treats?|bones?|something to eat|dinner|breakfast)
fetch: get, bring
fix: mend, repair, patch
gather: collect, pick
harvest: reap, pick, cut, gather, bring in
heal: cure, patch up, patch ~ up, treat, tend
hoist: raise, lift, up with, get ~ up, pull ~ up, put ~ up, bring ~ up
light: kindle, ignite, turn on, turn ~ on, switch on, switch ~ on, put on, put ~ on
lock: close, shut, bolt
lower: drop, down with, let ~ down, get ~ down, bring ~ down, pull ~ down, put ~ down
mend: fix, repair, patch
pet: stroke, cuddle, scratch, pat
pick: gather, collect, harvest
plant: sow, put in
play: perform, strike up, sing
polish: shine, buff
pour: serve, fill
pull: yank, tug, draw, drag
pump: work
push: press, shove
put: turn, switch, blow, place, set
raise: hoist, lift, up with, get ~ up, pull ~ up, put ~ up, bring ~ up
read: recite
rent: book, let
repair: fix, mend, patch
ring: sound, toll, chime, strike
saddle: get ~ ready
set: lay, put
sharpen: hone, grind, whet, put an edge on, put a new edge on
shear: clip, trim
shut: close, lock, bolt
sing: perform
sound: ring, blow
start: begin, turn on, turn ~ on, switch ~ on
stop: halt, end, turn off, turn ~ off, switch ~ off
sweep: clean, brush
tell: recite, share
throw: chuck, toss, hurl, lob, pelt
turn: switch, put
unlock: open
wash: clean, rinse, scrub
water: give ~ water
"""
# Verbs of actions that make or hand over what they name: it is ordered by asking for it alone.
_MAKES = """
bake bind brew bring carve cast cook craft dish draw enchant fetch forge fry give grill hand hire knit lend make mint
mix order paint perform play pour prepare print read recite rent roast scoop sell serve sew share sing sketch smelt
smith spin tailor teach tell weave write
"""
MAKES = frozenset(_MAKES.split())
_MADE = "make|give|get|bring|fetch|do|prepare|have"
_TOLD_OF = frozenset(["tell", "sing", "play", "recite", "perform", "read"])  # `do you know a story?` wants to hear it
# What may be said of any deed, before the thing that it is done to.
GENERAL = re.compile(
    r"\b(?:see to|take care of|tend to|get on with|have a go at|do (?:the|your|some)|work the|use the"
    r"|get (?:\w+ ){0,3}?)(?:\w+ ){0,2}?$"
)
GETS_GOING = re.compile(r" (?:\w+ing|started|done|sorted|ready)\b")
_ADVERBS = r"(?:(?:please|really|also|just|maybe|only|kindly) )*"
_FEW_WORDS = r"(?:[\w']+ ){0,4}?"
_GIVES = rf"(?:give|get|bring|hand|pass|pour|make|fix|serve|fetch|buy) {_ADVERBS}(?:me|us|him|her|them|somebody)"
_WISHES = (
    rf"(?:i|we) {_ADVERBS}(?:would {_ADVERBS}(?:like|love|fancy)|want|need|will (?:have|take)"
    r"|could (?:use|do with|go for|kill for|murder)|(?:am|are) (?:after|dying for|in (?:need of|the mood for)))"
    rf"|(?:can|could|may|might) (?:i|we) {_ADVERBS}(?:have|get|order|try|buy|rent|trouble you for)"
    r"|fancy|care for|how about|what about|time for|mind|do (?:me|us)|let (?:me|us) (?:have|get|try)"
)
_HEARS = (
    rf"(?:give (?:me|us)|let (?:me|us) (?:hear|have|see)|(?:i|we) {_ADVERBS}(?:(?:would {_ADVERBS})?(?:like|love)|want)"
    rf" to (?:hear|see)|(?:can|could|may) (?:i|we) {_ADVERBS}(?:hear|see)"
    r"|(?<!not )(?:want to (?:hear|see)|do (?:me|us)|time for|mind))"
)
_ASKED = re.compile(rf"\b(?:{_GIVES}|{_WISHES})(?: to (?:have|get|rent|try|drink|eat|order|hear))? {_FEW_WORDS}$")
_HEARD = re.compile(rf"\b{_HEARS} (?:an?|some|one|another|the|that|your) (?:\w+ ){{0,2}}$")
_KNOWN = re.compile(r"(?:\b(?:you|do you|have you) |^|[,.!?] ?)(?:got|have|know) (?:an?|any|some|no) (?:\w+ ){0,2}$")
HEARS_ONE = re.compile(r"\b(?:let (?:me|us) hear|tell (?:me|us)|sing|play|give (?:me|us)) (?:one|it|another)\b")
# What may stand before and behind a thing that is asked for by its name alone.
_BEFORE = """
please hey hi hello ok okay so well and then just only a an one two three four five six seven eight nine ten dozen some
another more the of for us round couple few big small large cold hot warm fresh good nice old sad happy slow fast
"""
BEFORE = frozenset(_BEFORE.split())
ALONE = re.compile(
    r"(?: time| now)? *(?:$|[!.,]|(?:if you )?please\b|if you (?:would|do not mind)\b|and\b|now\b|then\b|too\b"
    r"|for (?:me|us|my|the|everyone|everybody|all|\d+|a|one|two|three|tonight)\b"
    r"|(?:would|will|might) (?:be|do|hit)\b|sounds? (?:good|nice|great|lovely)\b)"
)


def _read(table: str) -> dict[str, tuple[str, ...]]:
    pairs = (line.split(": ", 1) for line in table.strip().splitlines())
    return {verb: tuple(words.replace(" ~ ", _GAP) for words in said.split(", ")) for verb, said in pairs}


_GAP = r" .{0,30}\b"
_ALIKE = _read(_LIKE)


def like(verb: str) -> str:
    """The verb and all that is said for it, as a pattern."""
    made = [_MADE] if verb in MAKES else []
    return "|".join([re.escape(verb), *_ALIKE.get(verb, ()), *made])


def behind(verb: str) -> str:
    """Words that behind a thing say the same, as a pattern: `lamp on`, `sail up`."""
    return "|".join(sorted({words.partition(_GAP)[2] for words in _ALIKE.get(verb, ()) if _GAP in words}))


def asks_for(verb: str, before: str) -> re.Match[str] | None:
    """The words before a thing that ask for it, where the verb's deed is what answers them."""
    known = _KNOWN.search(before) if verb in _TOLD_OF else None
    return known or (_ASKED.search(before) if verb in MAKES else None) or _HEARD.search(before)
