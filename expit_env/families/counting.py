"""Counting traps: the sum that the numbers suggest is not the one that is asked."""

from __future__ import annotations

from expit_env.families.family import Draw, Family, Telling, bank

BIRDS = bank("crows, sparrows, pigeons, robins, starlings, gulls, blackbirds, doves | ravens, finches, swallows, magpies")
PERCHES = bank("wire, fence, branch, roof, wall, bridge | railing, ledge, mast")


def _birds(draw: Draw) -> Telling:
    total = draw.number(5, 12)
    shot = draw.within(2, total - 2)
    birds, perch = draw.noun(BIRDS), draw.noun(PERCHES)
    return Telling(
        facts={"n": total, "k": shot, "birds": birds, "perch": perch},
        answer="0",
        aliases=("none", f"no {birds}"),
        trap=str(total - shot),
        why=f"The bang frightens the other {birds}, and they all fly away, so none is left.",
        hints=("A shot is very loud.", f"What do {birds} do when they are frightened?"),
        contrast_answer=str(total - shot),
        contrast_why=f"Stone {birds} cannot fly away, so {total} - {shot} = {total - shot} are left.",
    )


BIRDS_ON_A_WIRE = Family(
    "birds-on-a-wire",
    _birds,
    wordings=(
        ("There are {n} {birds} on a {perch}. A hunter shoots {k} of them. How many are left on the {perch}?",
         "There are {n} stone {birds} on a {perch}. A boy takes {k} of them. How many are left on the {perch}?"),
        ("{n} {birds} sit on a {perch}. A farmer fires his gun and hits {k}. How many {birds} still sit there?",
         "{n} stone {birds} sit on a {perch}. A farmer carries off {k}. How many {birds} still sit there?"),
        ("A hunter sees {n} {birds} on a {perch} and shoots {k}. How many {birds} remain on the {perch}?",
         "A sculptor sees {n} stone {birds} on a {perch} and sells {k}. How many {birds} remain on the {perch}?"),
    ),
    test_wordings=(
        ("On a {perch} rest {n} {birds}. Two loud shots bring down {k} of them. How many stay on the {perch}?",
         "On a {perch} rest {n} {birds} of stone. Two workmen take down {k} of them. How many stay on the {perch}?"),
        ("{k} out of {n} {birds} on a {perch} are shot by a hunter. How many are on the {perch} a minute later?",
         "{k} out of {n} stone {birds} on a {perch} are sold by a mason. How many are on the {perch} a minute later?"),
    ),
)  # fmt: skip

FAMILIES = (BIRDS_ON_A_WIRE,)
