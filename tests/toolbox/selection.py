"""Which test files a change can break, nearest first.

A test file is as far from a changed file as there are imports between them. What is named in
a string instead (routes, processes, templates, documents) counts as an import.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rollback_console", "tests")
BASE = "main"

# Test packages that reach the code by an address or a process instead of an import.
WIRED = {
    "tests.web": ("rollback_console.web.urls",),
    "tests.api": ("rollback_console.api.urls",),
    "tests.acceptance": ("rollback_console.urls",),
    "tests.live": ("rollback_console.live.urls", "rollback_console.asgi"),
    "tests.cli": ("rollback_console.__main__",),
    "tests.faults": ("rollback_console.asgi", "rollback_console.celery"),
}
NAMED = re.compile(r"""["'](rollback_console(?:\.\w+)+)["']""")
"""A module that is named in a string: `include("...")`, `--app`, an installed app."""
BROWSER = r"\b(chromium|Browser|Tabs)\b"
# So many files mention these that a mention says nothing.
COMMON_NAMES = frozenset({"README.md", "CHANGELOG.md", "base.html", "pyproject.toml", "Makefile"})


def changed_files(base: str = BASE) -> list[str]:
    """What differs from where this branch left `base`, committed or not; [] without git."""
    fork = _git("merge-base", "HEAD", base) or ["HEAD"]
    listed = _git("diff", "--name-only", fork[0])
    return sorted({*listed, *_git("ls-files", "--others", "--exclude-standard")})


def affected_tests(files: Iterable[str]) -> list[str]:
    """Paths of the test files that `files` can break, the likeliest first."""
    importers = _importers()
    modules = {module for file in files for module in _modules_of(file, importers)}
    distance = _distances(modules, importers)
    packages = {_package(module) for module in modules}
    tests = [module for module in distance if _is_test(module)]
    words = {word for module in modules for word in _words(module)}
    tests.sort(
        key=lambda test: (
            distance[test],
            _package(test) not in packages,
            -len(words & _words(test.rpartition(".")[2])),
            test,
        )
    )
    paths = (f"{test.replace('.', '/')}.py" for test in tests)
    return [path for path in paths if (ROOT / path).is_file()]


def _distances(modules: set[str], importers: dict[str, set[str]]) -> dict[str, int]:
    """How many imports away each module is that depends on one of `modules`."""
    distance = dict.fromkeys(modules, 0)
    edge = sorted(modules)
    while edge:
        following: list[str] = []
        for module in edge:
            for importer in importers.get(module, ()):
                if importer not in distance:
                    distance[importer] = distance[module] + 1
                    following.append(importer)
        edge = following
    return distance


def _importers() -> dict[str, set[str]]:
    """Who imports each module, names it, or reaches it by an address."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    modules = graph.modules
    importers = {module: set(graph.find_modules_that_directly_import(module)) for module in modules}
    for module, target in _named(modules):
        importers[target].add(module)
    for package, targets in WIRED.items():
        tests = {module for module in modules if module.startswith(f"{package}.test_")}
        for target in targets:
            importers[target] |= tests
    for module in [each for each in modules if each.endswith(".conftest")]:
        folder = module.removesuffix("conftest")
        importers[module] |= {
            each for each in modules if each.startswith(folder) and _is_test(each)
        }
    return importers


def _named(modules: set[str]) -> Iterator[tuple[str, str]]:
    """Each module of the product with a module that it names in a string."""
    for module in modules:
        path = ROOT / f"{module.replace('.', '/')}.py"
        if module.startswith("rollback_console") and path.is_file():
            for name in NAMED.findall(path.read_text()):
                parent = name.rpartition(".")[0]
                target = name if name in modules else parent
                if target in modules and target != "rollback_console":
                    yield module, target


def _modules_of(file: str, importers: dict[str, set[str]]) -> Iterator[str]:
    """The module that `file` is, or those that mention it, or whose folder holds it."""
    path = Path(file)
    if path.suffix == ".py":
        yield from {_module(path)} & importers.keys()
        return
    if path.parts[0] == "static":
        mentions = _git("grep", "-lE", BROWSER, "--", "tests/*.py")
    elif path.name in COMMON_NAMES:
        mentions = []
    else:
        mentions = _git("grep", "-lwF", path.name, "--", "*.py")
    yield from {_module(Path(mention)) for mention in mentions} & importers.keys()
    if path.parts[0] == "rollback_console":
        folder = _module(path.parent)
        yield from (module for module in importers if module.rpartition(".")[0] == folder)


def _module(path: Path) -> str:
    return ".".join(path.parts).removesuffix(path.suffix).removesuffix(".__init__")


def _package(module: str) -> str:
    """`plans` for rollback_console.plans.actions and for tests.plans.test_policy."""
    return module.split(".")[1] if "." in module else module


def _words(module: str) -> set[str]:
    """What a module is about: of `views.plans.log_pages` view, plan, log, page."""
    return {word.removesuffix("s") for word in re.split(r"[._]", module)}


def _is_test(module: str) -> bool:
    return module.startswith("tests.") and module.rpartition(".")[2].startswith("test_")


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []
