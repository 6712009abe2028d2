"""The import rules of the package hold, and the light parts stay light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_import_rules(root: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_what_the_snakefile_imports_loads_no_model_library() -> None:
    code = """
import sys
from unicost.config import load_settings, read_yaml
from pathlib import Path
settings = load_settings(read_yaml(Path("config/config.yaml")))
for study in (study for study in settings.studies.values() if study.kind == "experiment"):
    [settings.models[model].run.fingerprint() for model in study.models]
from unicost.reporting import catalogue
heavy = {"torch", "transformers", "matplotlib", "statsmodels", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
