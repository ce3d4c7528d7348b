"""The closed word lists by which replies are read. A word that stands in no list makes a clause not understood."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list that is written as text."""
    return frozenset(text.split())


_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_PLACES = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"""


CARDINALS = {word: value for value, word in enumerate(_SMALL.split())} | {
    word: 10 * tens for tens, word in enumerate(_TENS.split(), 2)
}


def is_number(word: str) -> bool:
    """Whether a word is a whole number, in figures or as one word."""
    return word.isdecimal() or word in CARDINALS


SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINALS = {word: value for value, word in enumerate(_PLACES.split(), 1)} | {
    "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "hundredth": 100,
}  # fmt: skip
PARTS = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4} | {
    word + plural: value for word, value in ORDINALS.items() if value > 2 for plural in ("", "s")
}
ZERO = word_set("zero none nothing nobody nil nought naught")

UNIT_NAMES = {
    "hr": "hour", "hrs": "hour", "h": "hour", "min": "minute", "mins": "minute", "sec": "second", "secs": "second",
    "ft": "foot", "km": "kilometre", "kilometer": "kilometre", "cm": "centimetre", "centimeter": "centimetre",
    "m": "metre", "meter": "metre", "mm": "millimetre", "millimeter": "millimetre", "kg": "kilogram",
    "kilo": "kilogram", "kilogramme": "kilogram", "lb": "pound", "lbs": "pound", "liter": "litre", "l": "litre",
    "litre": "litre", "g": "gram", "gramme": "gram", "mi": "mile", "yr": "year", "yrs": "year",
    "pct": "percent", "%": "percent", "$": "dollar", "€": "euro", "£": "pound", "buck": "dollar",
}  # fmt: skip
TIMES = word_set("second minute hour day week month year decade century kilometre kilometer mile metre meter")
"""Units that may stand for one of them: an hour is 1 hour."""
IRREGULAR = {
    "feet": "foot", "men": "man", "women": "woman", "children": "child", "people": "person", "persons": "person",
    "mice": "mouse", "geese": "goose", "teeth": "tooth", "wolves": "wolf", "knives": "knife", "halves": "half",
    "lives": "life", "leaves": "leaf", "loaves": "loaf", "shelves": "shelf", "has": "have", "does": "do", "goes": "go",
    "jan": "january", "feb": "february", "apr": "april", "aug": "august", "sept": "september", "oct": "october",
    "nov": "november", "dec": "december", "dice": "die", "ones": "ones", "oxen": "ox", "thieves": "thief",
    "calves": "calf", "center": "middle", "centre": "middle",
}  # fmt: skip
MONTHS = word_set("january february march april may june july august september october november december")
BIRDS = word_set(
    "crow sparrow pigeon starling finch swallow raven magpie dove gull seagull robin blackbird thrush jay owl parrot"
    " duck goose swan hen chicken rook jackdaw wren tit swift chaffinch bullfinch goldfinch canary budgie lark hawk"
)
COUNTABLE_ANYWAY = word_set("one thing item object animal creature piece person total altogether")
"""Nouns that may follow a right number whatever was counted."""

ARTICLES = word_set("a an the")
DETERMINERS = ARTICLES | word_set("my your his her its our their this that these those each every another")
PREPOSITIONS = word_set("in on at of to by after within for into onto from out with as during through")
RISKY_PREPOSITIONS = word_set("of from out with in on at to by after within for into onto during through")
"""In front of a thing they make it another answer: on a towel is not a towel."""

FUNCTION = (
    (DETERMINERS - word_set("each every another"))
    | word_set("in on at of to by after for into")
    | word_set("it they he she you we i them him me us there here who which what how many much")
    | word_set("is are was were be been being am will would must should shall can has have had having do does did")
    | word_set("get gets got getting equal equals makes make made become becomes takes take give gives come comes")
    | word_set(
        "answer solution result number option amount total count correct true final therefore so then thus hence now"
        " still"
    )
    | word_set("exactly only just simply precisely all both together altogether again also ever")
    | word_set("name named called itself themselves himself herself well")
)
"""Words that a committing clause may hold whatever the riddle: they neither deny nor weaken what they stand beside."""

REMAINING = word_set(
    "left remain remains remaining remained stay stays staying stayed alive survive survives survived surviving"
    " living rise rises rose increase increases increased"
)
"""What a clause that counts may say besides: departing, dying and falling are not among it."""

FILLERS = (
    "i think that", "i think", "i believe that", "i believe", "i guess", "i would say", "i say", "i am sure",
    "it must be that", "of course", "sure", "okay", "ok", "well", "hmm", "ah", "oh", "aha", "alright", "right",
    "obviously", "clearly", "surely", "certainly", "definitely", "actually", "in fact", "probably", "most likely",
    "likely", "simply", "easy", "trick question", "it is a trick question", "this is a trick question", "good question",
    "in total", "in all", "in the end", "at the end", "let us think", "let us see", "let me think", "to be honest",
    "at all", "as well", "no doubt", "to the riddle", "to this riddle", "to the question", "to your question",
    "without a doubt", "without doubt", "great question", "absolutely", "basically",
    "hope this helps", "hope that helps", "i hope this helps", "i hope that helps", "let us think step by step",
    "let us think about it", "my guess is", "my guess",
)  # fmt: skip
"""What is skipped at the edges of a clause."""

NEGATIONS = word_set("not no never nor neither cannot without hardly")
HEDGES = word_set("or either maybe perhaps possibly might may could unless otherwise whether depends versus vs /")
APPROXIMATIONS = word_set(
    "about around approximately roughly nearly almost least most than under between up fewer less more circa some"
    " within maximum minimum max min ish above below past"
)
CONSEQUENCES = word_set("so therefore thus hence consequently leaving meaning")
CONSEQUENCE_PHRASES = {
    ("which", "means"), ("that", "means"), ("this", "means"), ("it", "means"), ("which", "leaves"), ("that", "leaves"),
    ("this", "leaves"), ("as", "a", "result"), ("it", "follows"),
}  # fmt: skip
REASONS = word_set("because since due given thanks")
CONTRASTS = word_set("but however although though whereas while yet except instead rather nevertheless besides")
RETRACTIONS = word_set(
    "wait actually sorry correction oops no nope scratch rather instead alternatively unless otherwise or but however"
    " although though yet except maybe perhaps hold hmm whereas"
)
"""What takes an answer back when a clause behind it begins so."""
REFUTATIONS = word_set(
    "wrong incorrect mistake mistaken mistakenly kidding joking joke oops correction false untrue nope scratch wait"
    " trap retract lied lie lying misread sorry"
)
"""What takes an answer back wherever it stands behind it."""
CONDITIONS = word_set("if unless otherwise else assuming suppose supposing provided")
DEPARTURES = word_set(
    "fly flew flown flies away gone go went leave leaves left die dies died dead shot kill killed kills scare scared"
    " scares frighten frightened escape escaped fled flee ran run startled fall fell fallen drop dropped other others"
    " remaining rest removed lost sold eaten taken stolen"
)
"""Words of an explanation that say where the other things of a sum went."""
EXPLAINING = word_set(
    "is are was were be am has have had do does did can could will would must should it they he she you we i which that"
    " who because since as for makes make gets get used means mean goes go comes come like not cannot only when there"
)
"""Words by which a clause behind an answer is a sentence, not the next item of a list."""
YES = word_set("yes yeah yep yup")
NO = word_set("no nope nah")
NO_IDEA = ("idea", "clue", "know", "unknown", "sure", "unsure", "tell", "impossible")

PASTS = {
    "took": "take", "had": "have", "got": "get", "ate": "eat", "saw": "see", "went": "go", "made": "make",
    "gave": "give", "came": "come", "found": "find", "bought": "buy", "sold": "sell", "ran": "run", "won": "win",
    "lost": "lose", "kept": "keep", "drank": "drink", "flew": "fly", "held": "hold", "built": "build", "met": "meet",
}  # fmt: skip
"""Pasts that no ending tells, with the verb."""

MEANING = frozenset().union(
    ARTICLES, DETERMINERS, PREPOSITIONS, FUNCTION, REMAINING, NEGATIONS, HEDGES, APPROXIMATIONS, CONSEQUENCES, REASONS,
    CONTRASTS, RETRACTIONS, REFUTATIONS, CONDITIONS, DEPARTURES, EXPLAINING, YES, NO, NO_IDEA, COUNTABLE_ANYWAY,
    CARDINALS, SCALES, ORDINALS, PARTS, ZERO, UNIT_NAMES, UNIT_NAMES.values(), TIMES, PASTS, PASTS.values(), MONTHS,
    IRREGULAR, IRREGULAR.values(), *(phrase.split() for phrase in FILLERS),
    word_set("same equal equally identical equidistant tie tied alike fake implies plus times dozen any known"),
    word_set("how why where so and too very before letter"),
    word_set("riddle question puzzle trick joke pun wordplay brainteaser teaser classic"),
)  # fmt: skip
"""All words by which some rule goes: a word that is not among them says nothing but what it names."""

COUNTING = frozenset().union(
    CARDINALS, SCALES, ORDINALS, PARTS, ZERO, UNIT_NAMES, UNIT_NAMES.values(), TIMES, DETERMINERS, COUNTABLE_ANYWAY,
    NEGATIONS, HEDGES, APPROXIMATIONS, CONTRASTS, RETRACTIONS, REFUTATIONS, CONDITIONS, NO, IRREGULAR,
    IRREGULAR.values(), word_set("and so on any single pair dozen plus minus times fake possibly perhaps maybe"),
)  # fmt: skip
"""The words of a clause that may say a number, and those that unsettle what others say."""
