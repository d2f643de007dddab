"""Whether a player's words are English: only those can be made a clause by the rules here. Pure; any thread.

`Attends ici` has the shape of an English sentence, and is none. Told by small words: one of another language's speaks
against it, and where there is none of English at all nobody can tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.prompt.clauses import vocabulary
from llm_agentd.prompt.clauses.tokens import word
from llm_agentd.util import english_verbs as verbs

# Of German, French and Spanish, and no words of English; without accents as well, as players type.
_FOREIGN = vocabulary.word_set("""
    ich du sie wir ihr mir mich dir dich uns euch der das dem ein eine einen einem ist bist sind seid hab habe
    habt nicht kein keine und oder aber mit von zu zum zur bei auf aus nach wo wie wer wann warum bitte danke
    hallo guten gute komm geh warte bleib hier jetzt mal erzahl erzähl gib zeig mein meine dein deine dieser
    diese dieses je tu il elle nous vous ils elles moi toi le la les un une des du de et ou mais avec sans dans
    sur chez est suis es sont ne pas oui bonjour bonsoir salut merci ici viens va vas attends reste donne mon
    mes ta tes ce cette quel quelle qui que quoi pourquoi yo tú él ella nosotros ustedes el los las una unos o
    pero con para por en está esta estoy soy eres ven vamos espera aqui aquí hola buenos buenas gracias quiero
    tengo mi mis tu tus su sus que qué donde dónde como cómo quien quién conmigo muy
    """)
_ENGLISH_SMALL = (
    vocabulary.DETERMINERS
    | vocabulary.POSSESSIVES
    | vocabulary.NOMINATIVE
    | vocabulary.PREPOSITIONS
    | verbs.AUXILIARIES
    | {"me", "him", "them", "us", "not", "there", "away", "help", "never", "always", "mine", "yours"}
)


def is_english(tokens: Sequence[str]) -> bool:
    """Whether the words are English for sure; names, which begin with a capital, are of any language."""
    has_small_word = False
    for at, token in enumerate(tokens):
        shown = token.strip()
        if not shown[:1].isalpha() or (at > 0 and shown[0].isupper() and shown.isascii()):
            continue
        plain = word(tokens, at)
        if plain in _FOREIGN or not plain.isascii():
            return False
        has_small_word = has_small_word or plain in _ENGLISH_SMALL
    return has_small_word
