"""Kinship and names: the person asked about has already been mentioned or counted."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, a, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import BOYS, GIRLS, SURNAMES

NAME_STARTS = word_bank("L, R, S, T, V, W, J, H | B, F, Z, N")
NAME_ENDS = word_bank("nna, ra | lla, sca")
VOWELS = "aeiou"
ORDINALS = {3: "third", 4: "fourth", 5: "fifth"}


def _daughter(draw: Draw) -> Instance:
    start, end, total = draw.noun(NAME_STARTS), draw.noun(NAME_ENDS), draw.within(4 if draw.level >= 4 else 3, 5)
    names = [start + vowel + end for vowel in VOWELS[:total]]
    girl = draw.noun(GIRLS)
    return Instance(
        facts={"girl": girl, "total": total, "named": ", ".join(names[:-1]),
               "all_named": f"{', '.join(names[:-2])} and {names[-2]}", "ordinal": ORDINALS[total],
               "one_less": total - 1, "parent": draw.choice(("father", "mother"))},
        answer=girl,
        trap=names[-1],
        why=f"{girl} is a daughter of the family too, and she is the only one not named yet.",
        hints=("Whose family is it?", "One of the daughters is named before the list begins."),
        contrast_answer=names[-1],
        contrast_why=f"The vowels run {', '.join(VOWELS[:total])}, so after {names[-2]} comes {names[-1]}.",
    )  # fmt: skip


LAST_DAUGHTER = Family(
    "last-daughter",
    _daughter,
    kind=Kind.PHRASE,
    wordings=(
        "{girl}'s {{parent}|teacher} has {total} daughters{|, named by the order of the vowels}: {named} and one more. "
        "What is the {ordinal} daughter called?",
        "{The {parent}|A friend} of {girl} has {total} daughters{|, their vowels in alphabetical order}. The first "
        "{one_less} are {all_named}. What is the name of the {ordinal}?",
        "{all_named} are {one_less} of the {total} daughters of {girl}'s {{parent}|doctor, who goes through the vowels "
        "in order}. Who is the {ordinal} daughter?",
        "{all_named}: these are the first {one_less} daughters of {girl}'s {{parent}|piano teacher, named in the order "
        "of the vowels}. There are {total} in all. What is the name of the {ordinal}?",
        "What is the {ordinal} daughter called, if {girl}'s {{parent}|aunt} has {total}{|, whose vowels follow the "
        "alphabet}, and {one_less} of them are {all_named}?",
        "{{girl}'s {parent}|{girl}'s boss} has {total} daughters{|, named in the order of the vowels}. {one_less} have "
        "these names: {named}. Which name does the {ordinal} have?",
    ),
    test_wordings=(
        "There are {total} girls in the family of {girl}'s {{parent}, all of them sisters|dentist, named after a, e, "
        "i, o, u in turn}. {one_less} are called {all_named}. What is the remaining girl called?",
        "To name the {total} daughters of {girl}'s {{parent}|neighbour, who uses the vowels one after another}, begin "
        "with {all_named}. Which name completes the list?",
    ),
)


def _sister(draw: Draw) -> Instance:
    sons, family = draw.number(2, 12), draw.noun(SURNAMES)
    return Instance(
        facts={"extra": distractor(draw, 5, 12, f"The house of the {family} family has %d rooms."), "n": sons,
               "family": family},
        answer="1",
        unit="daughter|sister|girl",
        aliases=("just one", "only one"),
        trap=str(sons),
        why="All the brothers have the same sister, so there is just one.",
        hints=("Can brothers share a sister?",),
        contrast_answer=str(sons),
        contrast_unit="daughters|granddaughters|girls",
        contrast_why=f"Every man has a daughter of his own, so there are {sons}.",
    )  # fmt: skip


ONE_SISTER = Family(
    "one-sister",
    _sister,
    wordings=(
        "{extra}Mr and Mrs {family} have {n} sons. Each son has one {sister|daughter}. How many "
        "{daughters do Mr and Mrs {family} have|granddaughters is that in all}?",
        "{extra}There are {n} {brothers in the {family} family|fathers in the {family} Street club}, and every one of "
        "them has exactly one {sister|child, a girl}. How many girls {are there among the children|is that}?",
        "{extra}The {family} {boys|men} are {n} brothers. Each {boy has one sister|man has one daughter}. How many "
        "{sisters|daughters} is that altogether?",
        "{extra}How many {sisters|daughters} do the {n} {family} brothers have in all, if each of them has exactly "
        "one?",
        "{extra}{n} men are the brothers {family}. 'I have one {sister|daughter},' each of them says. How many girls "
        "do they speak of?",
        "{extra}The {family} {parents|grandparents} have {n} sons, and every son has a single {sister|daughter}. How "
        "many {daughters|granddaughters by these sons} do they have?",
    ),
    test_wordings=(
        "{extra}Mrs {family} has {n} sons, and if you ask any of them, he says that he has a single {sister|daughter}. "
        "How many {daughters|granddaughters} has Mrs {family}?",
        "{extra}Every one of the {n} brothers at the {family} house has one {sister|daughter}, no more. How many "
        "{sisters|daughters} is that?",
    ),
)

PROFESSIONS = word_bank(
    "doctor, surgeon, lawyer, judge, pilot, engineer, plumber, professor, mechanic, butcher"
    " | dentist, banker, carpenter, architect, farmer"
)


def _profession(draw: Draw) -> Instance:
    job, man, surname = draw.noun(PROFESSIONS), draw.noun(BOYS), draw.noun(SURNAMES)
    return Instance(
        facts={"job": job, "man": man, "surname": surname, "n": draw.number(30, 50)},
        answer="sister",
        aliases=("his sister", f"{man}'s sister", f"the {job} is his sister", f"the {job} is {man}'s sister",
                 "she is his sister", f"she is {man}'s sister", f"his sister is the {job}",
                 f"{man}'s sister is the {job}", f"the {job} is the sister", f"the {job} is a woman", "a woman",
                 "she is a woman"),
        trap="brother",
        why=f"{man} has a sibling but no brother, so the {job} is a woman, his sister.",
        hints=(f"Must {a(job)} be a man?",),
        contrast_answer="brother",
        contrast_aliases=("his brother", f"{man}'s brother", f"the {job} is his brother"),
        contrast_why=f"{man} has a sibling but no sister, so the {job} is a man, his brother.",
    )  # fmt: skip


THE_DOCTORS_BROTHER = Family(
    "the-doctors-brother",
    _profession,
    kind=Kind.PHRASE,
    wordings=(
        "{a_job} says: '{man} {surname} is my brother.' {man} says: 'I have no {brother|sister}.' Both tell the truth. "
        "What is the {job} to {man}?",
        "{man} {surname}, {n}, is the brother of {a_job}, and {yet |}{man} never had a {brother|sister}. How is the "
        "{job} related to him?",
        "At {n}, {a_job} lost a brother, {man} {surname}. {man} had never had {brothers|sisters}. Who was the {job} to "
        "{man}?",
        "What is {a_job} to {man} {surname}, {n}, if {man} is the {job}'s brother but has never had a {brother|sister} "
        "himself?",
        "{man} {surname} has no {brothers|sisters}. All the same, {a_job} of {n} calls him 'my brother', and it is "
        "true. What is the {job} to him?",
        "{a_job} of {n} has a brother, {man} {surname}. This {man} has a sibling, but no {brother|sister}. Who is the "
        "{job}, seen from {man}?",
    ),
    test_wordings=(
        "'My brother {man} is {n},' says {a_job} called {surname}. It is true, and so is this: {man} has never had a "
        "{brother|sister}. How is the {job} related to {man}?",
        "{man} {surname} has no {brothers|sisters}, but {a_job} has a brother, who is {man} {surname}. Which relative "
        "of {man} is the {job}?",
    ),
)


RELATIONS = word_bank("sister, cousin, best friend, niece, neighbour | stepsister, aunt, sister-in-law")
TOWNS = word_bank("Dover, Vienna, Lisbon, Naples, Geneva, Boston, Toronto, Dublin | Malta, Krakow, Antwerp, Seville")


def _widow(draw: Draw) -> Instance:
    relation = draw.noun(RELATIONS)
    return Instance(
        facts={"man": draw.noun(BOYS), "relation": relation, "town": draw.noun(TOWNS), "n": draw.number(30, 60)},
        answer="no",
        aliases=("no, he is dead", "he is dead", "no, because he is dead", "a dead man cannot marry"),
        trap="yes",
        why="A man who has a widow is dead, and the dead do not marry.",
        hints=("What has to happen before a wife is called a widow?",),
        contrast_answer="yes",
        contrast_why=f"He is alive and no longer married to her, so nothing keeps him from marrying her {relation}.",
    )  # fmt: skip


WIDOWS_SISTER = Family(
    "widows-sister",
    _widow,
    kind=Kind.YES_NO,
    wordings=(
        "In {town} anyone may marry anyone single. Can {man} now marry the single {relation} of his {widow|dead wife}?",
        "{man} was married for {n} years. His {widow|late wife} has an unmarried {relation} in {town}. The law is not "
        "against it: is {man} able to marry her now?",
        "In {town} no law stands in the way of any couple. {man} has long loved the {n}-year-old {relation} of his "
        "{widow|dead wife}. Can the two marry?",
        "Can {man}, aged {n}, marry the unmarried {relation} of his {widow|dead wife} in {town}, where the law allows "
        "every marriage?",
        "The mayor of {town} marries any two people who are single. Will he marry {man}, {n}, to the unmarried "
        "{relation} of {man}'s {widow|dead wife}?",
        "The {relation} of {man}'s {widow|wife, who died {n} months ago,} is single and lives in {town}. No law "
        "forbids it: may {man} take her as his wife?",
    ),
    test_wordings=(
        "Would a wedding in {town} be possible between {man}, of {n} Mill Lane, and the {relation} of the "
        "{widow|first wife} of this same {man}, if all involved were unmarried?",
        "{man}'s {widow|former wife} is {n}. She has {a_relation}, single and living in {town}, where anybody may "
        "marry anybody. Is it possible for {man} to marry this {relation}?",
    ),
)

TABLES = word_bank("table, campfire, piano, fireplace, pond, swing, oven | fountain, well")


def _children(draw: Draw) -> Instance:
    daughters, family = draw.number(2, 6), draw.noun(SURNAMES)
    return Instance(
        facts={"extra": distractor(draw, 5, 12, f"The house of the {family} family has %d rooms."), "n": daughters,
               "family": family, "place": draw.noun(TABLES)},
        answer=str(daughters + 1),
        unit="children|people",
        trap=str(2 * daughters),
        why=f"The {daughters} sisters have one and the same brother: {daughters} + 1 = {daughters + 1} children.",
        hints=("Can sisters share a brother?",),
        contrast_answer=str(2 * daughters),
        contrast_unit="people",
        contrast_why=f"Every daughter comes with one person of her own: {daughters} + {daughters} = {2 * daughters}.",
    )  # fmt: skip


CHILDREN_IN_ALL = Family(
    "children-in-all",
    _children,
    wordings=(
        "{extra}Mr and Mrs {family} have {n} daughters, and each daughter has one {brother|husband}. All these "
        "{children|couples} sit by the {place}. How many {|people }sit there?",
        "{extra}By the {place} stand the {n} sisters of the {family} family. Each of them has one {brother|husband}, "
        "who joins them. How many people are there then?",
        "{extra}Every one of Mrs {family}'s {n} daughters has just one {brother|child}. How many "
        "{children|daughters and grandchildren} does Mrs {family} call to the {place}, if she calls "
        "{all of hers|them all}?",
        "{extra}Old Mr {family} has {n} daughters, no more, and every daughter has a single {brother|son}. How many "
        "{children|daughters and grandsons} of Mr {family} can meet by the {place}?",
        "{extra}Each of the {n} {family} sisters has exactly one {brother|son}. The sisters and all their "
        "{brothers|sons} come to the {place}. How many people come?",
    ),
    transfer=True,
)

FAMILIES = (LAST_DAUGHTER, ONE_SISTER, THE_DOCTORS_BROTHER, WIDOWS_SISTER, CHILDREN_IN_ALL)
