"""Plain tokens from any string: what is safe to normalise is normalised, what is not stays visibly unreadable."""

from __future__ import annotations

import functools
import re
import unicodedata

from expit_env.lexicon import IRREGULAR, UNIT_NAMES, word_set

UNREADABLE = "\ufffd"
"""Stands for a character that could make one answer look like another; no clause that holds it is understood."""

_SPECIAL = {
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0e\ufe0f", ""),
    **dict.fromkeys("\n\r\x0b\x0c\x85\u2028\u2029", "\n"),
    **dict.fromkeys("\u2018\u2019\u02bc\u00b4\uff07", "'"),
    **dict.fromkeys("\u201c\u201d\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2012\u2013\u2014\u2015", "–"),
    **{"\t": " ", "…": "...", "°": " degrees ", "×": "*", "÷": " / ", "•": "\n", "→": " so ", "½": " 1/2", "⅓": " 1/3"},
    **{"⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "¢": " cents ", "€": "€", "£": "£", "☺": " ", "✅": " ", "✔": " "},
}
_CHEERFUL = re.compile("[\U0001f389\U0001f400-\U0001f43f\U0001f600-\U0001f60f\U0001f44d]")
_LETTERS = ("Ll", "Lu", "Lo", "Lt", "Lm")


class _Fold(dict[int, str]):
    """A table for str.translate that works out what is not ASCII; it keeps nothing, so that it cannot grow."""

    def __missing__(self, code: int) -> str:
        return _fold(chr(code))


def _fold(char: str) -> str:
    """Fold one character; one at a time, because normalising a whole string takes quadratic time at worst."""
    if char in _SPECIAL:
        return _SPECIAL[char]
    category = unicodedata.category(char)
    if category == "Zs" or _CHEERFUL.match(char):
        return " "
    if "\u0300" <= char <= "\u0327":
        return ""
    if category == "Nd" or category in _LETTERS or category[0] == "P":
        return _compatible(char)
    return UNREADABLE


def _compatible(char: str) -> str:
    tag = unicodedata.decomposition(char).partition(" ")[0]
    if tag.startswith("<") and tag not in ("<wide>", "<narrow>", "<font>"):
        return UNREADABLE  # a superscript 2 behind a 3 is not the 2 of 32
    plain = "".join(c for c in unicodedata.normalize("NFKD", char.lower()) if not "\u0300" <= c <= "\u0327").lower()
    return plain if len(plain) <= 3 and (plain.isascii() or plain.isalpha()) else UNREADABLE


_FOLD = _Fold({code: chr(code).lower() for code in range(32, 127)})

_THAT_IS = re.compile(r"\bi\.e\.,? ?")  # what follows must say the same, as behind *or*
_FENCE = re.compile(r"```[a-z]*")
_TAG = re.compile(r"</?(?:b|i|em|strong|p|span|div|u|code|br)\s?/?>")
_LATEX_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|textbf)\s?\{([^{}]{0,200})\}")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{(\d{1,9})\}\{(\d{1,9})\}")
_LATEX_MATH = re.compile(r"\$(?=\S)([^$\n]{1,80})(?<=\S)\$")
_LATEX_OPERATORS = {r"\times": "*", r"\cdot": "*", r"\div": "/", r"\(": " ", r"\)": " ", r"\[": " ", r"\]": " "}
_LINE_MARK = re.compile(r"^[ ]{0,8}(?:#{1,6} |> ?(?!\d)|[-*+] (?!\d))", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<=\d)[*_`]+(?![\d*_`])|(?<=\s)[*_`]+(?![\s*_`])|(?<![\d\s*_`])[*_`]+")  # 2*3 and 2 * 3 stay
_HYPHEN = re.compile(r"(?<=[^\W_])-(?=[^\W\d_])")
_TOKEN = re.compile(
    r"[^\W\d_][^\W_]*(?:'[^\W\d_]+)*"  # a word; tried first, because most tokens are words
    r"|\.{2,}"
    r"|(?:(?<![\w)%])[-+–](?=\.?\d))?(?:\d|(?<!\w)\.\d)(?:[\d,.:]*\d)?[^\W_]*"  # -1,234.5 and what is glued to it
    r"|[^ ]"
)

_NEGATED = {"can't": "can", "won't": "will", "shan't": "shall", "ain't": "is"}
_BARE_NEGATED = {w.replace("'", ""): w for w in ("don't", "isn't", "aren't", "doesn't", "didn't", "can't", "wasn't")}
_BARE_NEGATED["cannot"] = "can't"
_SHORT = {"'s": "is", "'re": "are", "'m": "am", "'ll": "will", "'d": "would", "'ve": "have"}
_IS_NOT_OWNER = word_set("it that there here he she what who where this how let")


def fold(text: str) -> str:
    """Return ``text`` in lower case, with look-alikes of one and the same character made one, in linear time."""
    if text.isascii() and text.isprintable():
        return text.lower()
    return text.translate(_FOLD)


def plain(folded: str) -> str:
    """Take markdown, simple HTML and LaTeX dress off a folded text."""
    text = folded
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "\\" in text:
        text = _LATEX_FRACTION.sub(r" \1/\2", _LATEX_TEXT.sub(r"\1", text))
        for command, meaning in _LATEX_OPERATORS.items():
            text = text.replace(command, meaning)
    if "$" in text:
        text = _LATEX_MATH.sub(r"\1", text)
    if "i.e." in text:
        text = _THAT_IS.sub(" or ", text)
    if "```" in text:
        text = _FENCE.sub("\n", text)
    if "\n" in text or text[:1] in " #>-*+":
        text = _LINE_MARK.sub("", text)
    if "*" in text or "_" in text or "`" in text:
        text = _EMPHASIS.sub("", text)
    return text


def tokenise(folded: str) -> list[str]:
    """Split a folded text into words, numbers and single marks, contractions written out.

    >>> tokenise("they don't weigh 1,000 kg.")
    ['they', 'do', 'not', 'weigh', '1,000', 'kg', '.']
    """
    text = plain(folded)
    if "-" in text:
        text = _HYPHEN.sub(" ", text)
    tokens = _TOKEN.findall(text)
    if "'" in text or not _BARE_NEGATED.keys().isdisjoint(tokens):
        return [part for token in tokens for part in _written_out(token)]
    return tokens


def _written_out(token: str) -> tuple[str, ...]:
    token = _BARE_NEGATED.get(token, token)
    if "'" not in token or token == "'":
        return () if token == "'" else (token,)
    if token.endswith("n't"):
        return (_NEGATED.get(token, token[:-3]), "not")
    head, mark, tail = token.partition("'")
    if mark + tail == "'s" and head not in _IS_NOT_OWNER:
        return (head, "'s")
    if token == "let's":
        return ("let", "us")
    return (head, _SHORT[mark + tail]) if mark + tail in _SHORT else (token,)


@functools.lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return the singular of a noun, a verb without its third-person *s*, or a month written out."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) < 4 or word[0].isdigit() or word[-1] != "s" or word[-2] in "sui'":
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes", "oes")) else word[:-1]


def unit_of(word: str) -> str:
    """Return one name for a unit, however it is written: ``hrs`` and ``hours`` are ``hour``."""
    word = stem(word)
    return UNIT_NAMES.get(word, word)
