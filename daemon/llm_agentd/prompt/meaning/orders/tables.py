"""How the tables of words in this room are read: a name, and below it what is looked for under that name, one a line.

Each line is a pattern of whole words; a name in <> stands for what `PHRASES` has for it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from llm_agentd.prompt.meaning.forms.forms import sections

PHRASES = {
    "start": r"(?:^|[,.!;] ?)(?:(?:please|now|and|so|ok|then|just) )*",
    "end": r"(?= *(?:$|[!.,]))",
    "me": "(?:me|us)",
    "my": "(?:my|our|his|her)",
    "the": "(?:the|my|our|your|this|that|these|those|some)",
    "it": "(?:it|him|her|them|em|that|this|those|these)",
    "adverbs": "(?:(?:please|really|also|just|maybe|totally|kind of|only|badly|still) )*",
    "at": "(?:at|in|by|near|on)",
    "them": "(?:somebody|him|her|them)",
    "with": "(?:to|with|by|behind)",
    "right": "(?:right |very |so )*",
    "close": "(?:close |near |along |right )",
    "few": r"(?: \w+){0,2}?",
    "until_and": r"(?: (?!and\b)\w+){0,5}?",
    "beside": "(?:close|near|nearby|behind|beside|next|by|with|up|at)",
    "my_back": "(?:me|us|side|heels|back)",
    "trade": "(?:buy|trade|take|sell|have|pay|spend)",
    "wish": "(?:could (?:use|do with)|want|need|would like|would love|looking for)",
    "call": "(?:call|shout|yell|send|get|fetch|need|cry|scream|ask|bring|signal|whistle)",
    "rest": "(?:stay|wait|remain|stop|stand|hang|sit|hold|keep|freeze|rest|camp|chill)",
    "thing": "(?:king|thing|ring|being|spring|string|wing|evening|morning|feeling|offering)",
    "not_told_of": r"(?<!why )(?<!\bi )(?<!we )(?<!they )(?<!people )(?<!if you )(?<!when you )",
    "alone_end": "(?= *(?:please|now|wait|stay)? *(?:$|[.!,]))",
    "where": "(?:(?:right|just|over|out|around|tight|on|it|down|back) )*",
    "alone": r"(?:^|[^\w ] ?)(?:(?:please|just|you|no|ok|now|then) )*",
    "briefly": r"(?:a|an|one|two|just a|for a|for one|for just a|half a)"
    r" (?:sec\w*|moment|minutes?|bit|while|hour|tick|jiffy)"
    r"(?= *(?:$|[!.]|here|please|for|while|until|, i\b|, do not))",
}
_NAME = re.compile(r"<(\w+)>")


def read(table: str, phrases: Mapping[str, str] | None = None) -> dict[str, str]:
    """The pattern of each name. `phrases`: those of this table alone."""
    own = {**PHRASES, **(phrases or {})}
    return {
        name: rf"(?<!\w)(?:{'|'.join(_spelt(line, own) for line in lines)})(?!\w)" for name, lines in sections(table)
    }


def _spelt(line: str, phrases: Mapping[str, str]) -> str:
    """A phrase may name others."""
    while "<" in (named := _NAME.sub(lambda found: phrases[found.group(1)], line)) and named != line:
        line = named
    return named
