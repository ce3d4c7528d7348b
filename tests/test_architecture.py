"""The direction of dependencies, read from the imports."""

import ast
import graphlib
import sys
from pathlib import Path

import pytest
from support.processes import python

import agents
import expit_env

ROOT = Path(__file__).parent.parent

ROOMS = {
    "expit_env": (
        "errors number_words text_space", "spelling", "riddle", "riddles verifier wrappers",
        "audit sources verifiers", "episode", "env", "choice", "__init__",
    ),
    "agents": (
        "progress run trackers voting", "checks embedded trajectory", "base sampling",
        "evaluation held_out policy shared_prompt", "casebook conditions embedding report served_policy standings",
        "adapter_agent fine_tuning registry requests", "baselines grpo lesson sft training updates",
        "benchmarking expert_iteration", "benchmark_run comparison iterated_dpo rft", "side_by_side", "play", "cli",
        "__init__ __main__",
    ),
}  # fmt: skip
"""The modules and sub-packages of each package from the ground up: a room imports only what is below it."""

FLOORS = 12
"""The most modules of expit_env in a chain of which each imports the next."""

TORCH_ROOMS = {"embedding", "fine_tuning", "policy", "sampling", "shared_prompt", "trackers"}
"""Where tensors are touched."""

LAZY = {
    "expit_env.sources.hub": {"datasets"},
    "expit_env.sources.reasoning_gym": {"reasoning_gym"},
    "expit_env.verifiers": {"openai"},
}
"""What modules of expit_env import from an extra, and only inside a function."""

INSIDE = {
    "agents.benchmarking": {"riddles", "riddles.splits"},
    "agents.checks": {"audit.attacks", "audit.audit", "audit.overlap", "riddles", "riddles.bank", "riddles.splits"},
    "agents.cli": {"audit.audit", "audit.gallery", "audit.overlap"},
    "agents.requests": {"riddles", "riddles.splits"},
}
"""What modules of agents import of expit_env beyond its public names."""

TREES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text("utf-8"))
    for package in ROOMS
    for path in sorted((ROOT / package).rglob("*.py"))
}
PROBLEM, LEARNERS = ([name for name in TREES if name.partition(".")[0] == package] for package in ROOMS)


def imports(nodes):
    """Yield the module and the name, if any, of each import that is there when a program runs."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"a relative import of {node.module}"
            yield from ((str(node.module), alias.name) for alias in node.names)
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield from imports(ast.iter_child_nodes(node))


def modules_imported(name):
    """Modules of both packages that a module imports: ``from package import module`` means the module."""
    pairs = ((f"{module}.{part}", module) for module, part in imports([TREES[name]]))
    return ({part if part in TREES else module for part, module in pairs} & TREES.keys()) - {name}


def others_imported(nodes):
    """What is imported of other packages than Python's own."""
    return {module.partition(".")[0] for module, _ in imports(nodes)} - sys.stdlib_module_names


def room_of(name):
    return name.split(".")[1] if "." in name else "__init__"


@pytest.mark.parametrize(("package", "names"), [("expit_env", PROBLEM), ("agents", LEARNERS)])
def test_every_room_is_in_the_table(package, names):
    assert sorted(set(map(room_of, names))) == sorted(" ".join(ROOMS[package]).split())


@pytest.mark.parametrize(
    ("package", "room"), [(package, room) for package, floors in ROOMS.items() for room in " ".join(floors).split()]
)
def test_a_room_imports_only_what_is_below_it(package, room):
    floor_of = {other: floor for floor, rooms in enumerate(ROOMS[package]) for other in rooms.split()}
    inside = [name for name in TREES if name.startswith(package) and room_of(name) == room]
    imported = {room_of(other) for name in inside for other in modules_imported(name) if other.startswith(package)}
    assert inside, f"there is no {package}.{room}"
    assert {other for other in imported - {room} if floor_of.get(other, FLOORS) >= floor_of[room]} == set()


def test_the_longest_chain_of_imports_has_few_floors():
    graph, chains = {name: modules_imported(name) & set(PROBLEM) for name in PROBLEM}, {}
    for name in graphlib.TopologicalSorter(graph).static_order():  # raises where there is a cycle
        chains[name] = (name, *max((chains[other] for other in graph[name]), key=len, default=()))
    longest = max(chains.values(), key=len)
    assert len(longest) <= FLOORS, " imports ".join(longest)


def test_the_problem_needs_only_numpy_and_gymnasium():
    allowed = {"numpy", "gymnasium", "expit_env"}
    extras = {name: others_imported([TREES[name]]) - allowed for name in PROBLEM}
    assert {name: found for name, found in extras.items() if found} == LAZY
    for name in PROBLEM:
        at_once = [node for node in TREES[name].body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert others_imported(at_once) <= allowed


def test_the_learners_reach_the_problem_by_its_public_names():
    inside = {}
    for name in LEARNERS:
        for module, part in imports([TREES[name]]):
            if module.partition(".")[0] == "expit_env" and (module, part in expit_env.__all__) != ("expit_env", True):
                inside.setdefault(name, set()).add(module.removeprefix("expit_env."))
    assert inside == INSIDE


def test_torch_is_imported_only_where_tensors_are_touched():
    assert {room_of(name) for name in LEARNERS if "torch" in others_imported([TREES[name]])} == TORCH_ROOMS


@pytest.mark.parametrize(("package", "light"), [(agents, "Budget"), (expit_env, "Riddle")])
def test_public_names_exist_and_are_imported_lightly(package, light):
    assert all(getattr(package, public) is not None for public in package.__all__)
    with pytest.raises(AttributeError, match="'Trainer'"):
        package.Trainer  # noqa: B018
    name, heavy = package.__name__, {"torch", "transformers", "trl", "peft", "openai", "datasets", "reasoning_gym"}
    done = python("-c", f"import sys, {name}; {name}.{light}; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    assert not (heavy | ({"agents"} - {name})) & set(done.stdout.split())
