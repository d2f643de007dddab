"""English verbs by their forms: which word can be a verb, in which tense, and what its base form is. Pure.

A list of the common verbs, a table of the irregular ones, and rules of spelling for the rest. It knows nothing of
sentences: `fears` is a verb here even where a sentence means the noun. Used for clauses in another person
(`prompt/clauses/`) and for facts that memory sums up (`memory/summarize.py`).
"""

from __future__ import annotations

from functools import lru_cache

# Base, past, participle (where it differs from the past).
_IRREGULAR = """
arise arose arisen, awake awoke awoken, bear bore borne, beat beat beaten, become became become, begin began begun,
bend bent, bet bet, bind bound, bite bit bitten, bleed bled, blow blew blown, break broke broken, breed bred, bring
brought, build built, burn burnt, burst burst, buy bought, cast cast, catch caught, choose chose chosen, cling clung,
come came come, cost cost, creep crept, cut cut, deal dealt, dig dug, do did done, draw drew drawn, dream dreamt,
drink drank drunk, drive drove driven, dwell dwelt, eat ate eaten, fall fell fallen, feed fed, feel felt, fight
fought, find found, flee fled, fling flung, fly flew flown, forbid forbade forbidden, foresee foresaw foreseen, forget
forgot forgotten, forgive forgave forgiven, forsake forsook forsaken, freeze froze frozen, get got got, give gave
given, go went gone, grind ground, grow grew grown, hang hung, have had, hear heard, hide hid hidden, hit hit, hold
held, hurt hurt, keep kept, kneel knelt, know knew known, lay laid, lead led, lean leant, leap leapt, learn learnt,
leave left, lend lent, let let, lie lay lain, light lit, lose lost, make made, mean meant, meet met, outlive outlived,
overcome overcame overcome, overhear overheard, oversleep overslept, pay paid, put put, quit quit, read read, ride
rode ridden, ring rang rung, rise rose risen, run ran run, say said, see saw seen, seek sought, sell sold, send sent,
set set, sew sewed sewn, shake shook shaken, shed shed, shine shone, shoot shot, show showed shown, shut shut, sing
sang sung, sink sank sunk, sit sat, slay slew slain, sleep slept, slide slid, smell smelt, sow sowed sown, speak spoke
spoken, spend spent, spill spilt, spin spun, spit spat, split split, spread spread, spring sprang sprung, stand stood,
steal stole stolen, stick stuck, sting stung, stink stank stunk, stride strode stridden, strike struck, strive strove
striven, swear swore sworn, sweep swept, swell swelled swollen, swim swam swum, swing swung, take took taken, teach
taught, tear tore torn, tell told, think thought, throw threw thrown, understand understood, undertake undertook
undertaken, wake woke woken, wear wore worn, weave wove woven, weep wept, win won, wind wound, withdraw withdrew
withdrawn, withstand withstood, write wrote written
"""
_REGULAR = """
abandon abuse accept accompany accuse ache acquire act add admire admit adopt adore adventure advise afford age agree
aid aim allow amass amuse anger annoy answer apologise apologize appear apply appoint appreciate approach argue arm
arrange arrest arrive ask assassinate assist attack attempt attend attract auction avenge avoid await award babble
bait bake balance ban bandage banish banter bargain bark barter bathe battle beautify beg behave believe belong bemoan
berate bet betray bicker blame bless blink block blush boast boil border borrow boss bother bounce bow brag braid
brawl breathe brew brood brush bubble bully burn burp bury butcher buzz cackle calculate call calm camp capture care
carry carve cast cater cause celebrate challenge change chant charge charm chase chat chatter cheat check cheer
cherish chew chide chop chuckle claim clap clean clear clench climb close clothe cluster clutch coach coax coil
collapse collect collide comb comfort command commit compare compete complain compose conceal concern conduct confess
confide confront confuse connect conquer consider console consult consume contain continue control converse convert
convince cook copy cough counsel count cover crack craft crash crave craw crawl creak create cripple cross crouch
crown crumble crumple crush cry cuddle cultivate cure curse curtsy dabble dance dare date daydream deal debate decay
deceive decide decipher declare decline decorate deem deface defeat defend deflect defy delay delight deliver demand
deny depart depend depict descend desert deserve design desire despise destroy detain detect detest devote devour die
dig dim dine disagree disappear disapprove discover disguise dislike disobey dispatch dispute distil distribute
distrust disturb divide doctor dodge donate dote doubt doze drag drain drape dread dream dress drift drill drip drool
drop drown dry duck duel dye earn eavesdrop edge elope embarrass embroider employ enchant encircle encourage end
endure enforce engrave enjoy enlist enrage enslave enter entertain entrust envy erupt escape evade evolve exaggerate
examine excel exchange excuse exhaust exile exist expand expect experiment expire explain explode explore express face
fade fail faint falter fancy farm fart fascinate fashion favour fear feign fence fester fetch fiddle fidget fight file
fill finish fish fit fix flail flap flatter flee flicker flinch flirt float flock flog flood flow flower follow fool
forage force forge form foul found free freeze frequent frighten frown fry fume fuss gain gallop gamble garden gather
gaze giggle glance glare gleam glimmer glisten glitter gloat glow gossip govern grab grant graze greet grieve grin
gripe groan group grouse grovel growl grudge grumble grunt guarantee guard guess guide gush guzzle haggle hail hammer
hand handle happen harbour harden harm harvest hasten hatch hate haul haunt head heal heap heat heed help herd
hesitate hiccup hinder hint hire hoard hobble holler hone honor honour hop hope host howl hug hum hunger hunt hurry
hush idle ignore imagine imitate impersonate impose impress imprison improve include indulge infect inform inhabit
inherit injure inquire insist inspect inspire instruct insult intend interest interpret interrupt invent invest invite
irritate issue itch jabber jail jeer jest jingle join joke jostle jot journey judge juggle jump junk jut keel keen
keep kick kidnap kill kindle kiss knead knit knock labour lack lament land lap lash last laugh launch lead leak lean
leap learn lecture levy liberate lick lift light like limp line linger lisp list listen live loan loathe lock lodge
long look loom loosen loot lounge love lower lug lurch lure lurk lust magic maintain manage manufacture march mark
marry marvel mask mass master matter measure meddle mediate meditate melt memorise memorize mend mention migrate milk
mill mimic mind mine minister mislead misplace miss mistake mistreat mistrust mix moan mock monger moo moor mop mould
mourn move mumble murder murmur mutilate mutter nag name nap navigate need neglect nest nibble nod note notice numb
number nurse nurture obey object observe obsess offer oil open operate oppose order organise organize orphan outlive
outrun outwit overcharge overgrow overhear overlook oversee overtake overwork owe own pace pack paddle paint pamper
panic pant paralyse park partake pass patch patrol pause peak peddle peek peel peer perch perform perfume perish
persecute persuade peruse pester pick pickle pierce pilfer pilot pinch pine pity place plague plait plan plant play
plead please pledge plod plot plough plow pluck plunder plunge poach point poison poke polish ponder pose possess post
pound pour pout practice practise praise prank pray preach predict preen prefer prepare preserve preside press pretend
prevent price print proceed proclaim prod produce profit promise promote prophesy proselytise protect prove provide
provoke prowl prune puff pull punch punish pursue push quail quarrel quarry quench quest question quicken quiver quote
race rage raid rain raise rally ramble rank ransack rant rate rattle ravage reach realise realize reap rear reassure
rebel rebuild recall receive recite reckon recognise recognize recommend recount recover recruit reek refill refine
reflect reform refrain refuse regret rehearse reign reject rejoice rekindle relax relay release relish rely remain
remarry remember remind reminisce remove rent repair repay repeat repent replace reply report represent require rescue
resemble resent reside resist respect rest restore retain retell retire retreat retrieve return reunite reveal revenge
revere revive revolt rhyme ride rim ripple roam roar roast rob roll roost root rot rouse row rub ruin rule rumble
rummage rumour rush rust sabotage sacrifice sag sail salt salute save savour saw scare scatter scavenge scent scheme
scold scorch scout scowl scrape scratch scream scribble scribe scrounge scrub sculpt seal search season secure seduce
seek seem seep seize sense separate serenade serve settle shadow share sharpen shatter shave shear shelter shepherd
shield shimmer shine shiver shoe shop shout shovel shriek shrink shrug shudder shuffle shun sift sigh sign sin sink
sip sire sketch skim skin skip slap slaughter slice slip slope slouch slumber slur smack smash smear smell smile smirk
smith smoke smoulder smuggle snack snap snarl snatch sneak sneer sneeze sniff snoop snore snort snub snuggle sob
soften soothe sound sour spare spark sparkle spawn spear specialise specialize spell spew spoil sponsor spot sprain
sprawl sprinkle sprout spur spy squabble squander squash squat squeak squeal squint squirt stab stack stagger stain
stalk stammer star stare start startle starve stash stay steady steam steer stem stew stink stir stitch stock stoke
stomp stop store storm straggle strangle stray stream strengthen stretch strip stroke stroll struggle strum study
stuff stumble stump stutter submit succeed suck sue suffer suggest suit sulk summon sun supervise supply support
suppose suppress surface surge surprise surrender surround survey survive suspect swagger swallow swap swarm swat sway
sweat swerve swindle swirl tailor talk tame tan tangle tap taper target tarry taste tattle tattoo taunt tax tease
teeter teleport tempt tend terrify terrorise test tether thank thatch thaw thicken thin thirst threaten thresh
thrive throb thump tick tidy tie tilt tinker tip tire toast toil tolerate toll topple torment toss touch toughen tour
tower trace track trade trail train trample transcribe translate transport trap travel traverse treasure treat tremble
trespass trick trickle trim trip trot trouble trudge trust try tug tumble tunnel turn tutor twinkle twist twitch
unearth unfold unite unload unlock untangle uproot urge use usher usurp value vanish vanquish vary venerate venture
vex visit volunteer vomit vote vow wade waft wager wail wait walk wallow wander wane want warble ward warm warn
warrant wash waste watch water waver weaken wed weed weep weigh welcome wheel wheeze whimper whine whip whirl whirr
whisper whistle whittle widen widow wield will wind wink wipe wish wither witness wobble wonder woo work worry
worsen worship wound wrap wreck wrestle wring yawn yearn yell yield yodel
"""

BE_FORMS = frozenset(["am", "is", "are", "was", "were", "be", "been", "being"])
MODALS = frozenset(["can", "could", "will", "would", "shall", "should", "may", "might", "must", "cannot"])
AUXILIARIES = MODALS | frozenset(["is", "are", "am", "was", "were", "has", "have", "had", "does", "do", "did"])
_VOWELS = "aeiou"


def _table() -> tuple[dict[str, str], dict[str, str]]:
    pasts: dict[str, str] = {}
    participles: dict[str, str] = {}
    for entry in _IRREGULAR.replace("\n", " ").split(","):
        base, past, *rest = entry.split()
        pasts.setdefault(past, base)
        participles.setdefault(rest[0] if rest else past, base)
    return pasts, participles


_PASTS, _PARTICIPLES = _table()
_BASES = frozenset(_REGULAR.split()) | frozenset(_PASTS.values())
_PASTS |= {"was": "be", "were": "be"}
_PARTICIPLES |= {"been": "be", "born": "bear"}


def is_base(word: str) -> bool:
    """Whether the word is the base form of a known verb: `watch`."""
    return word in _BASES


def base_of_third_person(word: str, *, known_only: bool = True) -> str | None:
    """`watches` → `watch`, `is` → `be`; None where no known verb has such a form.

    With `known_only` False it is undone by the rules of spelling where the verb is not known: `zorbles` → `zorble`.
    """
    special = {"is": "be", "has": "have", "does": "do", "goes": "go"}
    if word in special:
        return special[word]
    if not word.endswith("s") or word.endswith(("ss", "us")) or len(word) < 4:
        return None
    candidates = [word[:-1]]
    if word.endswith("ies"):
        candidates = [word[:-3] + "y", word[:-1]]
    elif word.endswith("es"):
        candidates = [word[:-1], word[:-2]]
    known = next((base for base in candidates if base in _BASES), None)
    if known or known_only:
        return known
    return candidates[-1] if word.endswith(("shes", "ches", "sses", "xes", "zzes", "oes")) else candidates[0]


def third_person(base: str) -> str:
    """`watch` → `watches`, `be` → `is`."""
    if base in ("be", "have"):
        return {"be": "is", "have": "has"}[base]
    if base.endswith(("s", "sh", "ch", "x", "zz", "o")):
        return base + "es"
    if base.endswith("y") and len(base) > 1 and base[-2] not in _VOWELS:
        return base[:-1] + "ies"
    return base + "s"


def past_of(base: str) -> str:
    """`hide` → `hid`, `rob` → `robbed`, `carry` → `carried`."""
    irregular = next((past for past, verb in _PASTS.items() if verb == base), None)
    if irregular or base.endswith("e"):
        return irregular or base + "d"
    if base.endswith("y") and base[-2:-1] not in _VOWELS:
        return base[:-1] + "ied"
    is_short = sum(letter in _VOWELS for letter in base) == 1 and base[-1] not in "wxy" and base[-2:-1] in _VOWELS
    return base + (base[-1] if is_short else "") + "ed"


def is_past(word: str) -> bool:
    """Whether the word is a past tense: `lost`, `walked`."""
    return word in _PASTS or _base_of_regular_past(word) is not None


def is_participle(word: str) -> bool:
    """Whether the word is a past participle: `stolen`, `lost`, `walked`."""
    return word in _PARTICIPLES or _base_of_regular_past(word) is not None


def bases_of(word: str) -> tuple[str, ...]:
    """Base forms that the word may be a form of: `hid` → (`hide`,), `left` → (`leave`,), `tree` → ()."""
    found = (
        word if is_base(word) else None,
        _PASTS.get(word),
        _PARTICIPLES.get(word),
        base_of_third_person(word),
        _base_of_regular_past(word),
        base_of_ing(word),
    )
    return tuple(dict.fromkeys(filter(None, found)))


@lru_cache(maxsize=1024)
def forms_of(base: str) -> tuple[str, ...]:
    """`hide` → `hide`, `hides`, `hid`, `hidden`; without the form in -ing, which a stemmer finds."""
    participles = [participle for participle, verb in _PARTICIPLES.items() if verb == base]
    return tuple(dict.fromkeys((base, third_person(base), past_of(base), *participles)))


def is_verb_form(word: str) -> bool:
    """Whether the word is a form of a known verb that can be the verb of a sentence, auxiliaries included."""
    return (
        word in AUXILIARIES
        or word.endswith("n't")
        or is_base(word)
        or base_of_third_person(word) is not None
        or is_past(word)
    )


def _base_of_regular_past(word: str) -> str | None:
    if not word.endswith("ed"):
        return None
    candidates = [word[:-2], word[:-1]]
    if word.endswith("ied"):
        candidates.append(word[:-3] + "y")
    if len(word) > 4 and word[-3] == word[-4]:
        candidates.append(word[:-3])
    return next((base for base in candidates if base in _BASES), None)


def base_of_ing(word: str) -> str | None:
    """`hiding` → `hide`; None where no known verb has such a form."""
    if not word.endswith("ing"):
        return None
    stem = word[:-3]
    candidates = [stem, stem + "e"]
    if len(stem) > 2 and stem[-1] == stem[-2]:
        candidates.append(stem[:-1])
    if stem.endswith("y"):
        candidates.append(stem[:-1] + "ie")  # `lying`, `dying`
    return next((base for base in candidates if base in _BASES), None)
