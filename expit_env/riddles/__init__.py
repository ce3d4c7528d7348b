"""The families of riddles, by name."""

from __future__ import annotations

import dataclasses

from expit_env.riddles import (
    comparison,
    counting,
    dates,
    deduction,
    everyday,
    kinship,
    letters,
    measure,
    order,
    premises,
    sequences,
    whatami,
)
from expit_env.riddles.family import Family

GROUPS = {
    "counting traps": counting,
    "comparison": comparison,
    "order and position": order,
    "impossible premises": premises,
    "kinship and names": kinship,
    "measure and parallel work": measure,
    "everyday physics": everyday,
    "time and calendar": dates,
    "words and letters": letters,
    "deduction": deduction,
    "sequences": sequences,
    "what am I": whatami,
}

FAMILIES: dict[str, Family] = {
    family.name: dataclasses.replace(family, group=group)
    for group, module in GROUPS.items()
    for family in module.FAMILIES
}

__all__ = ["FAMILIES", "GROUPS", "Family"]
