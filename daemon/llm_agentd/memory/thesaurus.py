"""Other words for a word: the forms of its verb, and words that a question uses where the answer has another. Pure.

Only questions are widened by it, never the index of memory.db, so it may grow without a new version of the file.
A group holds words of one small field, not strict synonyms: a wrong match costs a place behind a right one, since a
related word weighs less than the word itself.
"""

from __future__ import annotations

from functools import lru_cache

from llm_agentd.util import english_verbs as verbs

FORM_WEIGHT = 0.9  # another form of the same verb: `hid` for `hide`
RELATED_WEIGHT = 0.5

_GROUPS = """
name call title nickname
live reside dwell home house cottage hut move settle stay room
from come hail born hometown origin homeland grow
work job trade profession craft living occupation employ business career
favourite favorite love like best prefer enjoy adore most
hate dislike loathe detest despise stand bother annoy
buy purchase acquire pay get
cost price coin money gold silver pay rich wealth purse fortune save afford
sell trade deal rid
give hand lend lent present gift get
owe debt lend borrow
find discover locate treasure dig
lose lost miss search seek look gone
hide bury stash conceal put keep leave store place lay
put place lay leave set
kill slay murder defeat beat
die dead death killed
beat win won defeat champion lose
fight battle war soldier duel combat attack
brother sister sibling twin family relative kin cousin
mother mum mom mommy mama parent parents family
father dad papa daddy parent parents family
child children kid son daughter boy girl baby family little
wife husband spouse married marry wedding wed partner bride
grandmother grandma granny grandfather grandpa family
uncle aunt cousin nephew niece family relative
friend mate buddy pal companion ally
love fancy sweetheart crush
enemy foe rival
afraid fear scared frightened terrified fright
sad unhappy cry grief
ill sick disease wrong matter cough fever pain unwell allergic
hurt injure injured wound wounded break broke arm leg bite burn pain fall
heal cure healer medicine
old age years turned young birthday born
old elder aged ancient
see notice watch spot met meet
say tell told speak talk mention promise confess
promise swear vow oath
eat food meal dish dinner supper breakfast hungry cook taste bite serve inn
drink ale beer wine mead cider brandy rum thirst brew tea
meat vegetables vegetarian fish
build construct make raise put erect mill house tower repair
bring raise rear foster
treasure buried hidden chest silver gold hoard
make build create craft forge carve
mend repair fix broken leak
break broken snap wrong
steal thief rob robbed crime stole
crime steal lie murder jail prison ban
jail prison cell dungeon arrest
bring carry deliver fetch take
carry deliver letter bring package
go travel journey leave walk sail trip voyage come visit
return back come home
flee hide escape run
run flee escape
sleep night bed room rest nightmare dream awake
dream wish want become hope goal plan future ambition like rather
want wish need desire
learn teach taught study practise practice teacher school
know speak language
read letter book write
book scroll tome volume library
lead rule run own govern command head
sing music song play instrument lute harp flute drum bard
play game cards dice hobby collect
hobby collect enjoy
animal pet cat dog horse donkey snake bird parrot raven frog mule goat
bird parrot raven crow hawk owl pigeon
dog hound puppy pet
cat kitten pet
horse mare pony stallion steed donkey
sheep flock lamb goat herd
cow cattle milk ox
hen chicken rooster egg
insect bee wasp spider fly
monster beast troll dragon spider creature
wolf wolves pack
bandit robber thief rob
ship boat vessel sail
cart wagon carriage
sword blade weapon axe dagger
bow arrow archer
armour armor shield helmet
tool hammer axe saw pick pickaxe shovel
lantern lamp torch light
key lock door
ring jewel necklace gem
clothes coat hat dress cloak boot shoe
wood plank timber log
field farm land garden plant grow crop
farm land field owner own
own have keep possess belong
swamp bog marsh moor
forest wood woods tree
river stream lake water pond
mountain hill cave mine
inn tavern pub bar sleep night bed
church chapel temple shrine priest
smith blacksmith forge
market shop merchant stall
village town city
people population folk villager inhabitant resident
king queen crown ruler
magic spell witch wizard curse cursed fairy crow magical
ghost spirit
secret password hidden confess
password secret word code
strange odd weird special unusual
time day week month year winter summer when
begin start
end stop quit give
rescue save saved help life
help aid assist
help heal cure remedy
eye eyes sight see blind
colour color green red blue purple
bread loaf sourdough dough bake flour oven
cake pie tart pastry bake
hand finger thumb fist glove
foot leg knee toe limp
hair beard comb braid wig bald
ear deaf hear
bird wren crow raven owl gull feather nest
bee hive honey swarm sting beekeeper
drink milk water juice cup
voice sing throat hoarse
wake rise early dawn
ill illness headache cough
cold freeze shiver shake frost snow
winter hibernate snow frost
rain storm thunder weather wet
boat airship ferry raft
treasure hoard gold chest coin
grave coffin bury dead churchyard
letter post mail message
leak hole bail
poor debt owe pawn rich
alone lonely
stairs climb ladder
fire burn flame smoke
music flute play tune noise
poor broke penniless beggar afford free charge nothing
vanish disappear missing gone lost
happen become fate end
witch hag crone sorceress
fiddle violin lute flute harp drum horn pipe instrument play music
army soldier troop march war regiment recruit veteran serve fight
boss chief master foreman leader captain lord employer charge
naughty trouble mischief prank broke stole caught punish
ghost haunt phantom spook spirit dead
honest cheat lie trust liar swindle fair
burn fire flame ash
fishing fish angler catch
gate door entrance open close shut lock bar
open close shut closed
safe danger dangerous poison poisoned risky beware careful attack
scar wound cut injury
grave tomb cemetery buried bury graveyard crypt
reward bounty pay earn wage salary coin money
law rule forbidden forbid allow ban permit legal illegal nobody
lunch dinner breakfast supper meal serve eat hungry feast
festival fair feast celebrate party holiday dance
god pray faith religion worship believe saint
strong strength wrestle champion lift
harm wound hurt weakness kill
alone lonely company friend
wealth treasure hoard gold rich
smell stink perfume
gamble dice card bet luck
school study scholar learn apprentice
tax toll fee pay customs cross
king queen lord baron mayor duke council rule ruler
pass road path bridge way route
circus fair show festival
flood water drown river
storm thunder lightning rain
cross bridge ferry toll
pirate sailor sea ship sail
doctor healer herbalist nurse midwife cure
potion medicine herb remedy cure heal salve
baby birth born deliver midwife child
mine miner dig ore shaft tunnel tin coal iron copper
teeth tooth bite
house home roof hut cabin
move come arrive
visit guest visitor stranger come
arrive come
lie sleep rest lay
escape break broke free flee
fall fell collapse cave
deaf hear loud shout
blind see eye sight
lame limp leg walk
weapon sword axe dagger silver blade bow spear
"""


def _by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for group in _GROUPS.strip().splitlines():
        words = group.split()
        for word in words:
            found.setdefault(word, {}).update(dict.fromkeys(words))
    return {word: tuple(group) for word, group in found.items()}


_RELATED = _by_word()


@lru_cache(maxsize=1024)
def related(word: str) -> dict[str, float]:
    """Words to search for besides `word`, in lower case, with their weights. Not to be changed by the caller."""
    bases = verbs.bases_of(word)
    weights = {form: FORM_WEIGHT for base in bases for form in verbs.forms_of(base)}
    for entry in (
        word,
        *bases,
        word.removesuffix("s"),
        word.removesuffix("es"),
        word.removesuffix("ing"),
        word.removesuffix("ed"),
    ):
        for other in _RELATED.get(entry, ()):
            for form in (other, *(verbs.forms_of(other) if verbs.is_base(other) else ())):
                weights.setdefault(form, RELATED_WEIGHT)
    weights.pop(word, None)
    return weights
