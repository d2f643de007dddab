"""What is said before a sentence that the NPC knows, by the form of the line: `i can teach u to swim` is answered by
`That's kind of you. I never learned to swim.`, and a plain question by the sentence alone.

Pure; the words are scenes of the embedded model (`hearthling/data/scenes/said_with_what_is_known.yaml`).
"""

from __future__ import annotations

import re

from llm_agentd.prompt.meaning.forms.forms import PREFIX

_FORMS = {
    "know_noticed": "of_you your_thing exclaims disgusted you_did sight",
    "know_asked": "is_it is_true is_your was_it do_you did_you are_you are_you_a you_ask like ever habit mind think",
    "know_told": "around of_others remark believes taste doubts shrugs compares hearsay supposes is_so happens",
    "know_owned": "reproaches blames taunts",
    "know_offered": "offers promises gives invites",
    "know_praised": "praises_you praises_it",
    "know_startled": "emotes",
}
_TOLD = "know_told"
_ASKS = re.compile(r"\?|\bp(?:lea|l)?[sz]e?\b", re.I)  # `any good book?`, `one beer plz`: nothing is told
_TOPICS = {PREFIX + form: topic for topic, forms in _FORMS.items() for form in forms.split()}


def topic_with(form: str, text: str) -> str:
    """The topic whose replies open what is known; "" where it is said alone."""
    topic = _TOPICS.get(form, "")
    return "" if topic == _TOLD and _ASKS.search(text) else topic
