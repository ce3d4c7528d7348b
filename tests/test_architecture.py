"""The direction of dependencies, read from the imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import agents
import expit_env

ROOT = Path(__file__).parent.parent
PROBLEM = sorted((ROOT / "expit_env").rglob("*.py"))
LEARNERS = sorted((ROOT / "agents").rglob("*.py"))

TORCH_ROOMS = ("policy.py", "embedding.py", "fine_tuning.py", "shared_prompt.py", "embedded.py", "grpo.py", "sampling/")
"""Where in agents/ torch may be imported."""

LAZY = {"verifiers.py": {"openai"}, "hub.py": {"datasets"}, "reasoning_gym.py": {"reasoning_gym"}}
"""What a file of expit_env/ may import inside a function, from an extra."""

INSIDE_AGENTS = {
    "benchmarking.py": {"expit_env.riddles", "expit_env.riddles.splits"},
    "cli.py": {"expit_env.audit.audit", "expit_env.audit.overlap", "expit_env.audit.gallery"},
    "training.py": {"expit_env.riddles", "expit_env.riddles.splits"},
    "checks.py": {
        "expit_env.audit.attacks",
        "expit_env.audit.audit",
        "expit_env.audit.overlap",
        "expit_env.riddles",
        "expit_env.riddles.bank",
        "expit_env.riddles.splits",
    },
}
"""What a file of agents/ may import of expit_env beyond its public names."""

LAYERS = (
    ("errors", "text_space", "number_words"),
    ("spelling",),
    ("riddle",),
    ("riddles", "verifier"),
    ("verifiers", "sources"),
    ("episode",),
    ("env", "audit", "wrappers"),
    ("choice",),
)
"""The rooms of expit_env from the ground up: each imports only what is below it."""


def imports(path):
    """Yield the module and the name (or None) of each import in a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            yield from ((node.module, alias.name) for alias in node.names)


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PROBLEM, ids=name)
def test_the_problem_needs_numpy_and_gymnasium_alone(path):
    roots = {module.partition(".")[0] for module, _ in imports(path)}
    allowed = {"numpy", "gymnasium", "expit_env"} | sys.stdlib_module_names
    assert roots - LAZY.get(path.name, set()) <= allowed
    at_import = ast.parse(path.read_text(encoding="utf-8")).body
    names = {alias.name for node in at_import if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in at_import if isinstance(node, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in names} <= allowed


@pytest.mark.parametrize("path", PROBLEM, ids=name)
def test_the_rooms_of_the_problem_stand_on_each_other(path):
    level = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}
    room = path.relative_to(ROOT / "expit_env").parts[0].removesuffix(".py")
    modules = {module.split(".")[1] for module, _ in imports(path) if module.startswith("expit_env.")}
    modules |= {part for module, part in imports(path) if module == "expit_env" and part in level}
    above = {module for module in modules - {room} if level.get(module, -1) >= level.get(room, len(LAYERS))}
    assert not above, f"{room} imports {above}, which stands on it or beside it"


@pytest.mark.parametrize("path", LEARNERS, ids=name)
def test_the_learners_reach_the_problem_by_its_public_names(path):
    allowed = INSIDE_AGENTS.get(path.name, set())
    for module, part in imports(path):
        if module.partition(".")[0] == "expit_env" and module not in allowed:
            assert module == "expit_env", f"{module} is not public"
            assert part is None or part in expit_env.__all__, f"expit_env.{part} is not public"


@pytest.mark.parametrize("path", LEARNERS, ids=name)
def test_torch_stays_where_tensors_are_touched(path):
    room = path.relative_to(ROOT / "agents").as_posix()
    if not room.startswith(TORCH_ROOMS):
        assert "torch" not in {module.partition(".")[0] for module, _ in imports(path)}


def test_the_public_names_exist():
    assert sorted(expit_env.__all__) == expit_env.__all__
    assert all(hasattr(expit_env, public) for public in expit_env.__all__)


def test_the_public_names_of_the_learners_exist_and_are_imported_when_asked_for():
    assert sorted(agents.__all__) == agents.__all__ == dir(agents)
    assert all(getattr(agents, public).__name__ == public for public in agents.__all__)
    with pytest.raises(AttributeError, match="'Trainer'"):
        agents.Trainer  # noqa: B018
    asked = "import agents, sys; agents.Budget; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False, cwd=ROOT).returncode == 0
