"""One spelling for one answer: what means the same is written the same way, and nothing else is."""

from __future__ import annotations

import functools
import re
import unicodedata
from fractions import Fraction

from expit_env.number_words import NUMBER, write_numbers

ZERO = frozenset(["0", "none", "nothing", "nobody", "nil", "nought", "naught", "none of them"])
"""How 0 is also said where a number is asked, as `spell` writes it."""

LONGEST = 1_000
"""Characters of an answer that are read; a longer one stays as it is."""

_MONTHS = "january february march april may june july august september october november december".split()
_WORDS: dict[str, str] = {month[:3]: month for month in _MONTHS} | {
    "sept": "september", "yeah": "yes", "yep": "yes", "yup": "yes", "nope": "no", "nah": "no", "%": "percent",
}  # fmt: skip
_SEPARATORS = frozenset("\n.,;:'\"()[]")
_FRAMES = (["it", "is"], ["there", "is"], ["there", "are"], ["they", "are"], ["you", "are"])
_MEASURES = {
    "second": "1 second sec s, 60 minute min, 3600 hour hr hrs h, 86400 day, 604800 week",
    "month": "1 month, 12 year yr yrs, 120 decade, 1200 century",
    "metre": "1 metre meter m, 1/1000 millimetre millimeter mm, 1/100 centimetre centimeter cm, 1000 kilometre"
    " kilometer km, 127/5000 inch, 381/1250 foot ft, 1143/1250 yard yd, 201168/125 mile mi",
    "gram": "1 gram gramme g, 1000 kilogram kilogramme kilo kg, 1000000 tonne",
    "litre": "1 litre liter l, 1/1000 millilitre milliliter ml",
    "pound": "1 pound lb lbs, 1/16 ounce oz", "dollar": "1 dollar $, 1/100 cent ¢", "euro": "1 euro €",
}  # fmt: skip
UNITS = {
    name: (base, Fraction(factor))
    for base, units in _MEASURES.items()
    for factor, *names in map(str.split, units.split(", "))
    for name in names
}
"""From each name of a unit to the unit that its measure is written in, and how many of those it is."""

_PLURALS = """feet foot men man women woman children child people person mice mouse geese goose teeth tooth wolves wolf
    knives knife halves half loaves loaf leaves leaf shelves shelf calves calf dice die oxen ox""".split()
_SINGULARS = {str(plural): str(one) for plural, one in zip(_PLURALS[::2], _PLURALS[1::2], strict=True)}
_IN_FULL = (
    ("can't", "can not"), ("cannot", "can not"), ("won't", "will not"), ("n't", " not"), ("it's", "it is"),
    ("there's", "there is"), ("'re ", " are "), ("no one", "nobody"), ("no-one", "nobody"), ("per cent", "percent"),
    ("a.m.", "am"), ("p.m.", "pm"), ("{,}", ","),
)  # fmt: skip
_SAME = {
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    **{"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00ab": '"', "\u00bb": '"'},
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **{"。": ".", "…": "...", "„": '"'},
    **{"½": " 1/2 ", "⅓": " 1/3 ", "⅔": " 2/3 ", "¼": " 1/4 ", "¾": " 3/4 ", "°": " degrees "},
}
_EMPHASIS = re.compile(r"(?<![^\W_])(?<![*`])[*_`]+(?=\S)|(?<=\S)[*_`]+(?![^\W_]|[*`])")  # 2*3 and 2 * 3 stay
_LATEX_TEXT = re.compile(r"\\(?:(?:text|math)(?:bf|it|rm)?|boxed)\s?\{([^{}]*)\}")
_LATEX_MATH = re.compile(r"(?<!\\)\${1,2}([^$]+)(?<!\\)\${1,2}|\\[()\[\]]")
_LATEX_SPACE = re.compile(r"\\[ ,:;!]")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_HYPHEN = re.compile(r"(?<=[^\W_])-(?=[^\W\d_])")
_OPTION = re.compile(r"([a-z])[.):]\s+(?=\S)")
_TOKEN = re.compile(
    r"\d+(?:st|nd|rd|th)\b"
    r"|(?:(?<![\w.)])[-+])?(?:\d|(?<!\w)\.\d)(?:[\d.,:/]*\d)?"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|[^\s\w]|[_\n]"
)
_CURRENCY = re.compile(rf"([$€]) ({NUMBER.pattern})(?!\S)")
_AMOUNT = re.compile(rf"(?<!\S)({NUMBER.pattern}|an?) ((?:of )?(?:an? )?)([^\W\d_]+|[$€¢])(?!\S)")
_ARTICLE = re.compile(r"(?<!\S)(?:the (?=\S)|an? (?=\w\w|\d))")  # in *A, B* the A is a letter
_DAY, _MONTH = r"(\d{1,2})(?:th)?", f"({'|'.join(_MONTHS)})"
_DATE = re.compile(rf"\b{_DAY}(?: of)? {_MONTH}\b|\b{_MONTH} {_DAY}\b")
_PLACE = re.compile(r"(?:in )?(\d+th)(?: place| position)?")


def spell(answer: str) -> str:
    """Return the one spelling of an answer, in time linear in its length.

    Case, accents, articles, markdown, LaTeX, marks around and between words, contractions, numbers in words, units of
    one measure, dates, and *it is*, *there are*, *they are* or *you are* before it make no difference.

    >>> spell("**The Four Hours.**") == spell("240 minutes")
    True
    >>> spell("March 3rd"), spell("twenty-fifth place"), spell("It isn't a towel"), spell("-1/2")
    ('3 march', '25th', 'not towel', '-1/2')
    """
    return answer if len(answer) > LONGEST else _spelled(answer)


@functools.lru_cache(maxsize=1 << 15)
def _spelled(answer: str) -> str:
    text = _plain(answer)
    option = _OPTION.match(text)
    words = (found[0] for found in _TOKEN.finditer(text, option.end() if option else 0))
    numbers = write_numbers([_WORDS.get(word, word) for word in words])
    written = _CURRENCY.sub(r"\2 \1", " ".join(token for token in numbers if token not in _SEPARATORS))
    tokens = _ARTICLE.sub("", _AMOUNT.sub(_measured, written)).split()
    if len(tokens) > 2 and tokens[:2] in _FRAMES:
        del tokens[:2]
    if len(tokens) == 2 and len(tokens[1]) == 1 and tokens[0] in ("option", "choice", "letter"):
        del tokens[0]
    spelled = " ".join([f"{option[1]})", *tokens] if option else tokens)
    place = _PLACE.fullmatch(spelled)
    return place[1] if place else _DATE.sub(r"\1\4 \2\3", spelled)


def singular(noun: str) -> str:
    """Return the singular of a noun: *crows* is *crow*."""
    if noun in _SINGULARS or len(noun) < 4 or not noun.endswith("s") or noun[-2] in "sui":
        return _SINGULARS.get(noun, noun)
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    return noun[:-2] if noun.endswith(("sses", "shes", "ches", "xes", "oes")) else noun[:-1]


def _plain(text: str) -> str:
    """Return a text in lower case without accents, markdown, LaTeX, contractions and the marks around it."""
    text = (text if text.isascii() else "".join(map(_fold, text))).lower()
    if "\\" in text or "$" in text:
        text = _LATEX_SPACE.sub(" ", _LATEX_FRACTION.sub(r" \1/\2 ", text.replace("^\\circ", " degrees ")))
        text = _LATEX_MATH.sub(r"\1", _LATEX_TEXT.sub(r"\1", text)).replace("\\%", "%").replace("\\$", "$")
    if "*" in text or "_" in text or "`" in text:
        text = _EMPHASIS.sub("", text)
    for short, full in _IN_FULL:
        text = text.replace(short, full)
    return _HYPHEN.sub(" ", text).lstrip(" \t\r\n\"'([*_`").rstrip(" \t\r\n\"')]*_`.,;:!")


def _fold(char: str) -> str:
    """Return a character without its accent, and one for those that look alike; a superscript 2 stays what it is."""
    tag = unicodedata.decomposition(char).partition(" ")[0]
    if char in _SAME or (tag.startswith("<") and tag not in ("<wide>", "<narrow>", "<font>")):
        return _SAME.get(char, char)
    return "".join(c for c in unicodedata.normalize("NFKD", char) if not "\u0300" <= c <= "\u0327")


def _measured(found: re.Match[str]) -> str:
    """Write an amount in the unit of its measure, and what else is counted in the singular."""
    number, between, noun = found[1].replace("an", "a"), found[2], singular(found[3])
    if noun in UNITS and len(noun) > (number == "a") and (not between or "/" in number):  # *an h* and *3 a day* stay
        base, factor = UNITS[noun]
        return f"{factor * Fraction(number.replace('a', '1'))} {base}"
    return found[0] if between or number == "a" else f"{number} {noun}"
