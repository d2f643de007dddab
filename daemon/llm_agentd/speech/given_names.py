"""Whether a given name is a woman's or a man's, as far as its form tells: for NPCs of which nothing else says it.

A guess, for names as games have them in the mod's five languages; `man` or `woman` among the words of a voice has the
last word. Pure.
"""

from __future__ import annotations

GENDERS = ("woman", "man")

# Their ends do not tell, or tell wrong.
WOMEN = """
abigail agnes alice amber amy anne ann annie astrid beatrice bess beth betty blanche bridget brigid brunhild
carmen caroline cate catherine cecily charlotte chloe claire constance daisy diane dolores dorothy edith eleanor
elfriede elise elisabeth elizabeth ellen elsbeth elsie emily emmy esther eve evelyn fleur florence frances gertrud
gertrude ginger gisele grace gretchen guinevere gwen gwendolyn hannah harriet hazel hedwig heidi helen helene
hildegard hope iris irene ingrid isabel isabelle isolde ivy jane janet jasmine jean jennifer jill joan josephine
joy joyce judith juliet julie june karen kate katherine kathleen laurel lily lilly lise lisbeth liz louise lucy
lotte mabel madeleine maeve margaret margarete margery marian marie marigold marion marjorie martine mary maud may
megan meg mercedes merry mildred millie molly myrtle nan nancy nell nelly olive opal pearl penelope penny phoebe
pilar poppy primrose rachel rebekah rose rosemary rosalind rosie rowan ruby ruth sally sarah sharon sibyl siegrid
sigrid silke solveig sophie sue susan susanne sylvie tess tilly trudy ursel violet willow winifred ylva yvette
yvonne zoe zoë любовь
"""
MEN = """
andrea attila barnaba elia elisha ezra ilya ilja jonah joshua kostya luca luka misha mischa
mikita mustafa nicola nikita noah pasha sascha sasha vanya wanja zacharia
aubrey barry bertie billy bobby bruce charlie clarence clive corey dave eddie eugene gary george geoffrey gregory
guy harry harvey henri henry jake jamie jeffrey jerry jesse jimmy joe johnny kai kyle larry lee levi luke maurice
mike monty morty ollie percy pete pierre rémi rené ricky ronnie rory stanley steve timothy toby tommy tony ulli uli
willie yuri zachary илья никита миша саша ваня костя паша
петя вася федя лука фома кузьма фока данила гаврила
"""
_WOMEN, _MEN = frozenset(WOMEN.split()), frozenset(MEN.split())
# Not e, i and y: they are at the end of as many men's names (Jake, Kai, Harry) as women's.
_WOMENS_ENDS = ("a", "á", "à", "ä", "а", "я")
_MENS_ENDS = tuple("bcdfghjklmnopqrstuvwxzбвгджзйклмнопрстуфхцчшщ")


def gender_of(name: str) -> str:
    """One of GENDERS, or "" where the name does not tell. The first that does of `Old Tom Miller`."""
    for part in name.casefold().replace("-", " ").split():
        if part in _TITLES:
            return _TITLES[part]
        if part in _PREFIXES:
            continue
        return _of_given_name(part)
    return ""


_TITLES = {
    **dict.fromkeys(["mother", "sister", "lady", "dame", "queen", "miss", "mrs", "mrs.", "granny", "grandmother",
                     "aunt", "frau", "madame", "señora", "doña"], "woman"),
    **dict.fromkeys(["father", "brother", "lord", "sir", "king", "mr", "mr.", "master", "grandfather", "grandpa",
                     "uncle", "herr", "monsieur", "señor", "don"], "man"),
}  # fmt: skip
_PREFIXES = frozenset(["old", "young", "little", "big", "captain", "doctor", "dr", "dr.", "the", "good"])


def _of_given_name(name: str) -> str:
    if name in _WOMEN:
        return "woman"
    if name in _MEN or name.endswith(_MENS_ENDS):
        return "man"
    return "woman" if name.endswith(_WOMENS_ENDS) else ""
