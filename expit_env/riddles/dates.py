"""Time and calendar: what clocks and calendars really do, not what a quick sum suggests."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, a, count, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE, SURNAMES

OCCASIONS = word_bank("exam, wedding, match, concert, trip, interview, race | hearing, parade, flight")


def _alarm(draw: Draw) -> Instance:
    bed = draw.within(6, 9)
    ring = draw.within(bed + 1, 11)
    hours, occasion = ring - bed, draw.noun(OCCASIONS)
    return Instance(
        facts={"extra": distractor(draw, 2, 5, f"{a(occasion)} can last %d hours."), "who": draw.noun(PEOPLE),
               "occasion": occasion, "bed": bed, "ring": ring},
        answer=count(hours, "hour"),
        unit="hour|hours",
        aliases=(str(hours),),
        trap=f"{hours + 12} hours",
        why=f"Its hands reach {ring} for the first time the same evening, {count(hours, 'hour')} after {bed}.",
        hints=("Does such a clock know the evening from the morning?",),
        contrast_answer=f"{hours + 12} hours",
        contrast_aliases=(str(hours + 12),),
        contrast_why=f"From {bed} in the evening to {ring} in the morning it is 12 + {hours} = {hours + 12} hours.",
    )  # fmt: skip


ALARM_CLOCK = Family(
    "alarm-clock",
    _alarm,
    kind=Kind.QUANTITY,
    wordings=(
        "{extra}At {bed} in the evening {who} sets {an old alarm clock with hands|a 24-hour phone alarm} to {ring} for "
        "{a_occasion} the next morning. After how many hours does it ring?",
        "{extra}{who} has {a_occasion} in the morning, goes to bed at {bed} in the evening, and "
        "{winds an alarm clock, whose dial has 12 hours, to ring at {ring}|asks a friend to knock at {ring} that "
        "morning}. How long can {who} sleep?",
        "{extra}A {mechanical alarm clock is set to {ring}|wake-up call is ordered for {ring} in the morning} by "
        "{who}, who goes to sleep at {bed} in the evening before the {occasion}. How many hours of sleep will it "
        "allow?",
        "{extra}{who} goes to bed at {bed} in the evening because of {a_occasion} the next morning. {The old alarm "
        "clock with its two hands is set to {ring}|The phone will ring at {ring} in the morning}. After how many hours "
        "is {who} woken?",
        "{extra}How many hours does {who} get to sleep from {bed} in the evening, before the {occasion} of the next "
        "day, with {a wind-up alarm clock set to {ring}|an alarm on the phone for {ring} in the morning}?",
        "{extra}For {a_occasion} {who} must be up at {ring} in the morning, and lies down at {bed} in the evening. "
        "{The clock at the bed is a mechanical one, set to {ring}|A radio clock with 24 hours is set to {ring} in the "
        "morning}. In how many hours does it sound?",
    ),
    test_wordings=(
        "{extra}{Grandfather's clock-face alarm goes off whenever its hands reach the set time|The digital alarm knows "
        "mornings from evenings}. At {bed} in the evening {who} sets it to {ring}, thinking of the morning's "
        "{occasion}. In how many hours will the bell ring?",
        "{extra}Tomorrow morning {who} has {a_occasion}. It is {bed} in the evening when {who} falls "
        "asleep{ beside a wind-up alarm clock set to {ring}|, and the maid is to ring a bell at {ring} in the "
        "morning}. How long until {its bell|it} rings?",
    ),
)

CLOCK_PLACES = word_bank(
    "the church, the town hall, the station, the school, the kitchen, the hall, the bank, the museum, the cinema"
    " | the office, the theatre, the library, the harbour"
)


def _clock(draw: Draw) -> Instance:
    return Instance(
        facts={"place": draw.noun(CLOCK_PLACES), "owner": draw.noun(SURNAMES), "n": draw.within(2, 40),
               "hour": draw.within(1, 12)},
        answer="2",
        unit="times|times a day|occasions",
        aliases=("twice", "twice a day"),
        trap="0",
        why="The hands stand still, and twice a day the time comes round to where they point.",
        hints=("The hands stand still, but the time does not.",),
        contrast_answer="0",
        contrast_aliases=("never", "not once", "it is never right"),
        contrast_why="It runs as fast as a right clock, always by the same amount off, so it is right 0 times.",
    )  # fmt: skip


STOPPED_CLOCK = Family(
    "stopped-clock",
    _clock,
    wordings=(
        "The {hands of the |}clock in {place} {stopped {n} minutes after {hour} and never moved again|always runs {n} "
        "minutes late, today as on any other day}. How many times a day does it show the right time?",
        "Mr {owner}'s old clock with two hands has been {standing at {n} minutes past {hour} for years|{n} minutes "
        "slow for years, never more or less}. How often a day is it right?",
        "A clock with hands in {place} {broke at {n} minutes past {hour}, and nobody repairs|is fast by exactly {n} "
        "minutes all the time, and nobody resets} it. How many times in 24 hours does it tell the correct time?",
        "How often in a day is the clock with hands in {place} right, if it {stands still at {n} minutes past "
        "{hour}|is always {n} minutes ahead}?",
        "Mr {owner}'s watch has two hands{, which have not moved since {n} minutes past {hour}| and is {n} minutes "
        "behind at every moment}. How many times a day does it show the right time?",
        "In {place} hangs a clock whose hands {do not move: they show {n} minutes past {hour}|move as they should, but "
        "{n} minutes too late}. On how many occasions each day is it right?",
    ),
    test_wordings=(
        "Since Mrs {owner} dropped it, the dial clock from {place} {points to {n} minutes past {hour}|goes on, but "
        "stays {n} minutes behind} day and night. How often does it agree with the true time on any one day?",
        "{Stuck at {n} past {hour}|Forever {n} minutes ahead}: such is the clock over {place}, hands and all. On how "
        "many occasions a day is it not wrong?",
    ),
)

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TODAYS = word_bank("Monday, Tuesday, Thursday, Friday, Sunday | Wednesday, Saturday")
EVENTS = word_bank(
    "party, dance, picnic, driving test, football match, piano lesson, school play | concert, swimming race, chess game"
)


ROUND_TRIPS = ("the day before the day after ", "the day after the day before ")
"""Phrases that can be put before any day without changing it."""


def _weekday(draw: Draw) -> Instance:
    today = draw.noun(TODAYS)
    tomorrow = WEEK[(WEEK.index(today) + 1) % 7]
    chain = "".join(draw.choice(ROUND_TRIPS) for _ in range(draw.level - 3))
    cancelled = "One day back and one forward lead nowhere. " if chain else ""
    return Instance(
        facts={"chain": chain, "today": today, "who": draw.noun(PEOPLE), "event": draw.noun(EVENTS)},
        answer=today,
        aliases=("today", f"on {today}", f"today, {today}"),
        trap=tomorrow,
        why=f"{cancelled}The day after yesterday, like the day before tomorrow, is today: {today}.",
        hints=("Go one day back and one day forward.",),
        contrast_answer=tomorrow,
        contrast_aliases=("tomorrow", f"on {tomorrow}", f"tomorrow, {tomorrow}"),
        contrast_why=f"{cancelled}The day after {today} is {tomorrow}.",
    )


DAY_AFTER_YESTERDAY = Family(
    "day-after-yesterday",
    _weekday,
    kind=Kind.PHRASE,
    wordings=(
        "Today is {today}. {who}'s {event} is on {chain}the day after {yesterday|today}. On which day of the week is "
        "it?",
        "It is {today} today, and {who} has a {event} {chain}the day {before tomorrow|after this}. Which weekday is "
        "that?",
        "'My {event} is on {chain}the day after {yesterday|today},' says {who} this {today}. Which day does {who} "
        "mean?",
        "On what day is {who}'s {event}, if it is {today} today and the {event} is on {chain}the day after "
        "{yesterday|today}?",
        "{who} looks at the calendar, which says {today}. The {event} is on {chain}the day {before tomorrow|after "
        "today}. What day of the week will that be?",
        "This is a {today}. 'Come to my {event} on {chain}the day {before tomorrow|that follows},' writes {who}. Which "
        "day of the week is meant?",
    ),
    test_wordings=(
        "If it is {today} now, and the {event} of {who} takes place on {chain}the day that is one day later than "
        "{yesterday|today}, what day is the {event}?",
        "{who} looks forward to a {event}: it falls on {chain}the day that follows {yesterday|this one}. This is a "
        "{today}. Name the day of the {event}.",
    ),
)

NATIONAL_DAYS = word_bank(
    "4th of July:the United States, 3rd of October:Germany, 6th of December:Finland, 17th of May:Norway,"
    " 26th of January:Australia, 1st of August:Switzerland, 12th of October:Spain, 10th of June:Portugal,"
    " 27th of April:the Netherlands, 17th of March:Ireland, 30th of May:Croatia"
    " | 14th of July:France, 6th of June:Sweden, 5th of June:Denmark, 11th of November:Poland, 21st of July:Belgium"
)
ELSEWHERE = word_bank(
    "Japan, Brazil, Canada, Egypt, Kenya, Peru, China, Mexico, Italy, Austria, Greece, Iceland"
    " | Hungary, Vietnam, Romania, Turkey, Chile, Bolivia"
)


def _holiday(draw: Draw) -> Instance:
    date, home = draw.noun(NATIONAL_DAYS).split(":")
    country = draw.noun(ELSEWHERE)
    return Instance(
        facts={"date": date, "home": home, "country": country, "who": draw.noun(PEOPLE)},
        answer="yes",
        aliases=("yes, but it is no holiday",),
        trap="no",
        why=f"In {country} the {date} is a day like any other, but it is in the calendar.",
        hints=("Is a date the same as a holiday?",),
        contrast_answer="no",
        contrast_why=f"The {date} is the national day of {home}, not of {country}.",
    )


DATE_ABROAD = Family(
    "date-abroad",
    _holiday,
    kind=Kind.YES_NO,
    wordings=(
        "The national day of {home} is the {date}. Is {there {a_date} in|that the national day of} {country}, too?",
        "{who} from {home} celebrates the national day there, the {date}. {Do they have {a_date}|Is it the national "
        "day} in {country}?",
        "Flags fly in {home} on the {date}, its national day. {who} is in {country}: does the "
        "{calendar on the wall show {a_date}|nation there have its national day on the {date}}?",
        "In {home} they have a holiday on the {date}, their national day. Is {there {a_date}|this the national day} in "
        "{country} as well?",
        "{who} asks: does {country} {have {a_date}|keep the {date} as its national day}, as {home} does?",
        "{who} moves from {home}, whose national day is the {date}, to {country}. Will {who} {live through "
        "{a_date}|find the national day on the {date}} there, too?",
    ),
    test_wordings=(
        "{who} moves from {home} to {country}. Will {{a_date}|the {date}}, in {home} the national day, "
        "{come round in {country} every year|be the national day in {country}}?",
        "Every child in {home} knows the {date} as the national day. {who} asks: does {country} "
        "{have {a_date}|keep it as its own national day}?",
    ),
)

LATE_DAYS = word_bank(
    "Christmas Day, Christmas Eve, New Year's Eve, Boxing Day | St Stephen's Day, Holy Innocents' Day"
)
EARLY_DAYS = word_bank(
    "New Year's Day, Epiphany, Groundhog Day, Valentine's Day | Candlemas, Shrove Tuesday, Three Kings' Day"
)


def _feasts(draw: Draw) -> Instance:
    late, early = draw.noun(LATE_DAYS), draw.noun(EARLY_DAYS)
    one, other = draw.choice(((late, early), (early, late)))
    return Instance(
        facts={"one": one, "other": other, "year": draw.within(1950, 2024), "who": draw.noun(PEOPLE)},
        answer=early,
        trap=late,
        why=f"{early} comes at the beginning of the year, {late} in December, at its end.",
        hints=("In which month is each of the two?",),
        contrast_answer=late,
        contrast_why=f"A winter begins in December, with {late}, and {early} follows when the new year has begun.",
    )


FIRST_IN_THE_YEAR = Family(
    "first-in-the-year",
    _feasts,
    kind=Kind.CHOICE,
    wordings=(
        "Which came first in the {year|winter that began in December} {year}: {one} or {other}?",
        "{who} goes through the {calendar of {year}, from the first page to the last|days of one winter, from the "
        "first of December {year} to spring}. Which comes sooner, {one} or {other}?",
        "Between its first and its last day the {year {year}|winter from December {year} on} had both {one} and "
        "{other}. Which was earlier?",
        "{who} likes both {one} and {other}. Which of them came earlier in the {year|winter that started in December} "
        "{year}?",
        "{one} or {other}: which was the first to come in the {calendar year {year}|winter that lasted from December "
        "{year} to February}?",
        "A diary covers the {whole of {year}, from its first day|winter from the first day of December {year}} on. On "
        "which of these two days did {who} write first, {one} or {other}?",
    ),
    test_wordings=(
        "Take any {calendar year, such as {year}|winter, such as that from December {year} to March}. Of {one} and "
        "{other}, name the one that is over before the other.",
        "On the first of {January|December} {year}, {who} starts a diary and fills it for that {year|winter} only. "
        "Which is written about first, {one} or {other}?",
    ),
)

PILLS = word_bank("pill, tablet, capsule, lozenge, pastille | powder, drop, injection")


def _pills(draw: Draw) -> Instance:
    pills, minutes = draw.within(2, 4), 5 * draw.number(2, 6)
    pill = draw.noun(PILLS)
    return Instance(
        facts={"extra": distractor(draw, 3, 9, "This medicine costs %d pounds."), "n": pills, "minutes": minutes,
               "pill": pill, "pills": f"{pill}s", "who": draw.noun(PEOPLE)},
        answer=f"{(pills - 1) * minutes} minutes",
        unit="minutes",
        aliases=_in_other_words((pills - 1) * minutes),
        trap=f"{pills * minutes} minutes",
        why=f"The first is taken at once, the last {pills - 1} x {minutes} = {(pills - 1) * minutes} minutes later.",
        hints=("When is the first one taken?",),
        contrast_answer=f"{pills * minutes} minutes",
        contrast_aliases=_in_other_words(pills * minutes),
        contrast_why=f"Each of the {pills} works for {minutes} minutes: {pills} x {minutes} = {pills * minutes}.",
    )  # fmt: skip


def _in_other_words(minutes: int) -> tuple[str, ...]:
    if minutes % 30:
        return (str(minutes),)
    if minutes == 30:
        return ("30", "half an hour", "0.5 hours")
    return (str(minutes), f"{minutes / 60:g} hour{'s' if minutes > 60 else ''}")


PILLS_EVERY_HALF_HOUR = Family(
    "pills-every-half-hour",
    _pills,
    kind=Kind.QUANTITY,
    wordings=(
        "{extra}A doctor gives {who} {n} {pills}, {one to be taken now and one every|each of which works for} "
        "{minutes} minutes. {After|For} how many minutes {is the last one taken|do they work, each taken when the one "
        "before has worn off}?",
        "{extra}{who} has {n} {pills}, takes {the first at once and then {a_pill} every|one at once and another "
        "whenever the last has worn off after} {minutes} minutes. How long is it until {there are none left|the last "
        "has worn off}?",
        "{extra}Every {minutes} minutes {who} {swallows one of {n} {pills}|feels a {pill} wear off and swallows the "
        "next of {n}}. How much time passes {between the first and the last|from the first until the last has worn "
        "off}?",
        "{extra}At noon {who} takes the first of {n} {pills}, then one more {every|whenever the last has worn off "
        "after} {minutes} minutes. How many minutes after noon {is the last one taken|have all of them worn off}?",
        "{extra}The nurse counts out {n} {pills} and says to {who}: '{One straight away, and from then on one every "
        "{minutes} minutes|Each of them helps for {minutes} minutes, and when it stops, you take the next}.' How long "
        "{is it from the first to the last|do they help in all}?",
    ),
    transfer=True,
)

FINDS = word_bank("coin, tile, brick, vase, ring, bowl, helmet, statue, stone, cup | plate, spoon")


def _coin(draw: Draw) -> Instance:
    find = draw.noun(FINDS)
    return Instance(
        facts={"find": find, "year": draw.within(31, 99), "who": draw.noun(PEOPLE)},
        answer="no",
        aliases=("no, it is a fake", "it is a fake"),
        trap="yes",
        why="Nobody who lived before Christ could count the years down to his birth.",
        hints=("Who would have known that date at the time?",),
        contrast_answer="yes",
        contrast_why=f"Somebody today can well write on a label how old the {find} is.",
    )


YEARS_BEFORE_CHRIST = Family(
    "years-before-christ",
    _coin,
    kind=Kind.YES_NO,
    wordings=(
        "A dealer shows {who} a Roman {find}. '{year} BC' was {stamped on it by its maker|written on its label last "
        "week}. Can the {find} be as old as that?",
        "{who} is offered {a_find} on which {the man who made it carved the year|a museum has glued a note of its "
        "age}, '{year} BC'. Could it be genuine?",
        "'Made in {year} BC': these words {were scratched into {a_find} when it was made|are on the museum's card "
        "beside {a_find}}, {who} is told. Is it possible?",
        "In a shop {who} finds {a_find} with '{year} BC' {cut into it by the Roman who made it|on a sticker, put on it "
        "by a scholar of our time}. Can that be right?",
        "A farmer digs up {a_find} and {swears that its maker wrote|has a professor write} '{year} BC' on "
        "{|a card for }it. He asks {who}: could the {find} really have been {marked so|made} in that year?",
    ),
    transfer=True,
)

FAMILIES = (
    ALARM_CLOCK, STOPPED_CLOCK, DAY_AFTER_YESTERDAY, DATE_ABROAD, FIRST_IN_THE_YEAR, PILLS_EVERY_HALF_HOUR,
    YEARS_BEFORE_CHRIST,
)  # fmt: skip
