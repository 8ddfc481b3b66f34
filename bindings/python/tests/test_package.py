"""The package itself: the examples of its README run, and its stubs are true."""

import re
import subprocess
import sys
from pathlib import Path

import polycache
import pytest

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_the_readme(example: str, tmp_path: Path) -> None:
    program = subprocess.run(
        [sys.executable, "-W", "error", "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert program.returncode == 0, program.stderr


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


def test_stubs_are_true(tmp_path: Path) -> None:
    check = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "polycache", "--ignore-disjoint-bases"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_package_is_typed(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "import polycache\n"
        "c = polycache.open(max_bytes='1mb')\n"
        "reveal_type(c.get('k'))\n"
        "reveal_type(c.get('k', 5))\n"
        "reveal_type(c.stats()['keys'])\n"
        "reveal_type(list(c.items()))\n"
    )
    check = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "user.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert check.returncode == 0, check.stdout + check.stderr
    revealed = re.findall(r'Revealed type is "(.*)"', check.stdout)
    short = [text.replace("builtins.", "") for text in revealed]
    assert short == ["bytes | None", "bytes | int", "int", "list[tuple[bytes, bytes]]"], check.stdout


def test_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", polycache.__version__)
