"""The words by which `fragments.py` and `grammar.py` tell a subject from a verb and a noun from an adjective.

Data and look-ups of one word, no grammar. Pure; any thread. Verbs and their forms are in `util/english_verbs.py`.
"""

from __future__ import annotations

from llm_agentd.util import english_verbs as verbs


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


DETERMINERS = word_set("""
    a an the this that these those some any every each no all both many few several most another such enough
    other one's
    """)
ARTICLES = word_set("a an the")
POSSESSIVES = word_set("my your his her its our their")
NOMINATIVE = word_set("i you he she it they we who")
NUMBERS = word_set("""
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand dozen half
    """)
PREPOSITIONS = word_set("""
    of in on at to from with without by for about into onto over under behind beside besides between among near
    through across along against around below beneath beyond above inside outside during after before since
    until till up down off out past toward towards upon within amid despite like than as except per via
    throughout
    """)
LOCATIONS = word_set("""
    in on at under behind near beside above below beneath beyond inside outside between among across along north
    south east west
    """)
CONJUNCTIONS = word_set("and or but yet nor then , ;")
SUBORDINATORS = word_set("""
    because when while if although though unless where why how whether what whenever wherever since after before
    until till so as once than
    """)
RELATIVES = word_set("who which that whom whose")
CLAUSE_STARTS = CONJUNCTIONS | SUBORDINATORS | RELATIVES | word_set("( - – — :")
DEGREES = word_set("""
    very too quite rather so extremely deeply half almost nearly completely utterly really pretty somewhat
    fairly most more less well newly badly a-bit
    """)
ADVERBS = word_set("""
    never always often sometimes rarely seldom still once now also only just even ever again soon usually
    already hardly barely secretly long perhaps maybe not yet today tomorrow yesterday tonight lately nowadays here
    there everywhere nevertheless thus formerly currently recently originally mostly mainly twice no-longer
    """) | (DEGREES - {"well"})
_LY_NO_ADVERBS = word_set("""
    family ally belly bully jelly fly reply rely supply apply early friendly lonely lovely ugly silly holy
    elderly deadly jolly lively likely lowly sickly ghostly worldly orderly cowardly kindly-faced homely surly
    burly curly wily oily
    """)
# Who also speaks of an NPC when no subject is named: `Wife died last winter.`
KIN = word_set("""
    wife husband son daughter brother sister mother father parents children grandmother grandfather grandson
    granddaughter uncle aunt cousin nephew niece family twin sons daughters brothers sisters grandchildren
    grandparents child kids ancestors
    """)
OWN_THINGS = (KIN - {"children", "kids", "child"}) | word_set("""
    eye eyes leg legs arm arms hand hands back knee knees hair beard voice face heart hearing sight eyesight
    memory name age house home farm shop dog cat horse cow goat sheep hens job dream goal hobby birthday
    hometown secret temper wish favourite favorite best-friend friend master business health
    """)
PERSON_NOUNS = KIN | word_set("""
    man woman boy girl person fellow lad lass soul widow widower orphan bachelor spinster soldier veteran sailor
    pirate thief liar fool coward hero drunkard gossip loner hermit cook smith blacksmith guard captain
    king queen prince princess lord lady knight squire monk nun priest druid witch wizard sorcerer mage bard
    poet noble peasant serf slave servant maid butler elf dwarf human halfling orc goblin ghost troll gnome
    native stranger newcomer refugee exile outcast villager citizen friend enemy rival neighbour neighbor twin
    genius expert novice apprentice student pupil scholar sage healer doctor nurse midwife herbalist alchemist
    chief chieftain mayor boss heir heiress descendant survivor believer cynic optimist pessimist romantic
    grouch miser glutton dreamer talker listener artist musician merchant child elder bandit spy assassin
    champion shepherd bargain-hunter chatterbox know-it-all early-riser head leader master mistress owner keeper
    member half-elf half-orc rascal rogue scoundrel busybody recluse perfectionist workaholic patriot traitor
    deserter nobody somebody jester clerk storyteller grandmaster guardian protector provider vegetarian
    insomniac mercenary dealer giant type kind sort cripple lover
    """)
_PERSON_ENDINGS = (
    "smith",
    "maker",
    "keeper",
    "man",
    "woman",
    "monger",
    "wright",
    "herd",
    "eer",
    "ster",
    "ist",
    "ician",
    "arian",
)
# A person of the world: a later `his` or `her` may be that person's.
THIRD_PERSONS = PERSON_NOUNS
ADJECTIVES = word_set("""
    asleep awake fluent exact steady absent alike afloat aloof elusive
    old young kind proud afraid sad happy angry tired worried calm shy brave bold blind deaf mute lame tall
    short small big fat thin slim strong weak rich poor wise clever smart dumb stupid slow fast quick good bad
    better worse best evil cruel gentle rough tough hard soft warm cold hot dry wet new fresh rare grumpy gruff
    stern strict fair unfair rude polite loyal honest dishonest frank blunt lazy busy eager keen fond sick ill
    well healthy dead alive alone single married widowed divorced bald blond grey gray red-haired scared
    fearless famous unknown content glad mad sane drunk sober loud quiet silent noisy deep pale dark light
    bright dull sharp keen nosy cheeky sly cunning humble vain modest greedy stingy generous mean nice jolly
    merry cheerful moody sour sweet bitter serious funny witty odd weird strange mysterious secretive private
    open closed stubborn patient impatient curious nervous anxious calm jealous envious superstitious religious
    devout pious bored lonely friendly unfriendly hostile wary careful careless reckless clumsy skilled skilful
    talented gifted homesick hungry thirsty sleepy sure certain unsure aware unaware ready able unable free safe
    late early ashamed guilty innocent sorry grateful thankful right left-handed right-handed one-eyed
    middle-aged elderly aged immortal undead pregnant barren short-sighted absent-minded hard-working
    hot-tempered good-natured soft-spoken well-read well-known self-taught illiterate literate simple
    plain proud pretty beautiful ugly handsome lovely elegant neat tidy messy dirty clean filthy true false
    loving caring daring charming cocky crazy insane wild tame foul crooked bent frail hale hearty sturdy stout
    lean wiry stocky muscular round broad former retired eldest oldest youngest only last first hard-of-hearing
    native foreign local rich due bound likely responsible known popular allergic obsessed addicted devoted
    dedicated immune suspicious trusting distrustful wicked naive nearsighted restless tireless homeless
    childless fatherless motherless penniless worthless inseparable superior inferior hopeful doubtful thrifty
    crafty handy chatty talkative cranky cynical sarcastic dramatic romantic gullible prone quick-witted
    sharp-tongued big-hearted cold-hearted kind-hearted warm-hearted superstitious spiteful vengeful ruthless
    """)
_ADJECTIVE_ENDINGS = (
    "ful",
    "less",
    "ous",
    "ish",
    "able",
    "ible",
    "ical",
    "ive",
    "-eyed",
    "-haired",
    "-handed",
    "-hearted",
    "-minded",
    "-tempered",
    "-natured",
    "-spoken",
    "-footed",
    "-legged",
    "-skinned",
    "-bearded",
    "-shouldered",
    "-tongued",
    "-witted",
    "-faced",
    "-headed",
    "-born",
)
_NO_ADJECTIVES = word_set(
    "table cable fable constable vegetable parable stable radish spinach finish dish fish olive native hive"
)
MASS_NOUNS = word_set("""
    frost bronze gunpowder music breakfast lunch supper garlic market night papyrus lamp mithril clothing furniture
    pottery cider mead soup porridge
    mese sorrow grief joy pain rheumatism white black red green blue yellow land hope courage beware being armour
    gold silver iron copper tin coal stone wood timber wheat bread flour salt sugar honey milk cheese butter
    meat fish beer ale wine water ice snow rain fog wind fire smoke dust sand clay mud grass hay straw wool
    cloth leather silk fur oil food trade work war peace magic luck love fear hunger thirst death life time
    money treasure business weather winter spring summer autumn nothing everything something anything somebody
    someone nobody anybody everybody everyone anyone noon midnight dawn dusk rumour rumor legend word gossip
    news history lightning thunder poison medicine steel ore glass paper ink cotton corn rye barley venison pork
    beef half part bad-luck people men women children folk folks geese mice oxen sheep deer cattle plague
    sickness tradition faith justice law moss ivy lichen mould mist
    """)
# Verbs whose form in -s is as often a noun: `drinks`, `works`.
NOUNISH = word_set("""
    drink work fear love guard hunt dream trade cook fish farm mine hammer nail bandage cure arm pack play plan
    plant post praise promise question quest raid rock rope row rumour sail shop show shadow smith spell spot
    stable start step stitch stock stop store storm story tax taste test tie tool touch tour track train trap
    trick trip trouble tunnel turn wagon walk wall watch wave whip wish witness wonder wound animal bark bow
    brush call camp care charm chat cheer claim coach cost cover cross crown dance deal delay demand deposit
    doubt drop end escape fight fence fiddle film fire flirt flower force form frown game garden gift grudge
    guess guide harm hate head herd help hope house joke journey jump kick kiss knock land laugh lie light look
    loan master match meal meet need note offer order paint pass pickle pile place poison prank prayer press
    price profit pull push race reply report rest ride ring risk rule run search secret seed sign slave sleep
    smell smile smoke sneer song sort sound spice spring stare steal stew talk tear time tip toast visit voice
    vow wage well word worry catch leaf leave set skin star sting spark fly bet bite blow book
    """)
# After these verbs `of` begins what they are about, not what a noun belongs to.
_OF_VERBS = word_set("""
    dream think speak hear tell talk know boast complain smell learn approve beware disapprove despair tire
    """)
# Before `that` these tell, and are no plural of a noun: `worries that it rains`.
_THAT_VERBS = word_set(
    "worry dream claim fear hope promise swear guess joke complain boast wish doubt report note reply"
)
# Participles that say what was done to somebody, where no object follows: `Raised by wolves.`
PASSIVE_EVENTS = word_set("""
    found
    born raised orphaned banished exiled trained apprenticed abandoned betrayed wounded forced taught knighted
    robbed saved bitten struck sent driven given rescued taken captured enslaved kidnapped educated brought cast
    thrown kicked chosen elected appointed adopted hired cheated beaten attacked burned burnt broken stolen seen
    caught arrested imprisoned jailed pardoned crippled hurt tricked disowned abducted hidden fired dismissed
    discharged sold blessed injured shot stabbed poisoned left named-after drafted recruited baptised murdered
    killed
    """)
PASSIVE_STATES = word_set("""
    known called named nicknamed descended rumoured rumored sworn married engaged widowed cursed haunted scarred
    blinded tired worried scared bored covered dressed skilled gifted retired used-to divorced betrothed
    promised obsessed addicted devoted dedicated destined determined convinced troubled tormented plagued
    fascinated terrified respected loved hated feared admired disliked trusted hunted wanted lost torn stuck
    bound owed indebted related tempted inclined interested frightened ashamed used possessed enchanted
    estranged separated confined armed employed posted stationed based built made missing employed wracked
    consumed filled blessed-with
    """)
PEOPLE_BY_TRAIT = word_set("rich poor dead old young sick blind wise brave lost wounded living")
WHICH_OF_OWN = word_set(
    "best left right eldest youngest oldest older younger little twin late only first second real whole"
)
PLACES = word_set("village town hamlet city place island inn tavern castle harbour port region land kingdom settlement")
IMPERATIVES_OF_PLAY = word_set("""
    act pretend respond roleplay role-play reply answer stay-in-character output write generate imagine ignore
    respond
    """)
HEARSAY = word_set("""
    say said tell told claim call whisper swear found built closed took hanged burned hung used must have
    """)


def is_adverb(word: str) -> bool:
    return word in ADVERBS or (
        word.endswith("ly") and len(word) > 4 and word not in _LY_NO_ADVERBS and word not in ADJECTIVES
    )


def is_adjective(word: str) -> bool:
    if word in _NO_ADJECTIVES:
        return False
    if word in ADJECTIVES or (word.endswith("iest") and word != "priest"):
        return True
    return word.endswith(_ADJECTIVE_ENDINGS) and not verbs.is_base(word)  # `give` is none, though it ends as `active`


def is_person_noun(word: str) -> bool:
    if word in PERSON_NOUNS or word.endswith(_PERSON_ENDINGS) or word.rpartition("-")[2] in PERSON_NOUNS:
        return True
    # A doer: `baker`, `robber`, `sailor`.
    stem = word[:-2]
    return word.endswith(("er", "or")) and (
        verbs.is_base(stem)
        or verbs.is_base(stem + "e")
        or (len(stem) > 2 and stem[-1] == stem[-2] and verbs.is_base(stem[:-1]))
    )


def is_third_person_verb(word: str, following: str, *, after_conjunction: bool) -> bool:
    """Whether the word, in -s, is a verb and not a plural, before `following` (a word, a mark, or "" at the end)."""
    base = verbs.base_of_third_person(word)
    if base is None:
        return False
    if base not in NOUNISH or word in ("is", "has", "does"):
        return True
    if following == "of":
        return base in _OF_VERBS
    if following == "that":
        return base in _THAT_VERBS
    if after_conjunction and (not following or following in CONJUNCTIONS or following in RELATIVES):
        return False
    if following in MASS_NOUNS | PREPOSITIONS | NOUNISH or is_adverb(following):
        return True
    return not verbs.is_verb_form(following)


def is_plural_noun(word: str) -> bool:
    """By its form: `wolves`, `bandits`; a name such as `Tobias` or `Agnes` is none."""
    return word in (
        "people",
        "men",
        "women",
        "children",
        "folk",
        "folks",
        "geese",
        "mice",
        "oxen",
        "sheep",
        "cattle",
        "trout",
        "pike",
        "salmon",
        "deer",
        "carp",
    ) or (
        word.endswith("s")
        and word not in ADVERBS
        and not word.endswith(("ss", "us", "as", "is", "os", "gnes", "'s"))
        and len(word) > 3
    )
