import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from unicost.config import read_yaml
from unicost.reporting import catalogue

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "workflow" / "report"


def test_kinds_have_their_own_figures_and_tables():
    plain = set(catalogue.figures_for("experiment"))
    assert set(catalogue.figures_for("experiment", ["replicates"])) - plain == {"arms"}
    assert set(catalogue.figures_for("experiment", ["protocol"])) - plain == {"design", "replay", "outcomes"}
    assert set(catalogue.figures_for("experiment", ["training"])) - plain == {"losses"}
    assert set(catalogue.figures_for("experiment", ["injections"])) - plain == {"injections"}
    assert set(catalogue.figures_for("experiment", ["calibration"])) - plain == {"calibration"}
    assert "leaderboard" in catalogue.tables_for("published")
    assert not {"leaderboard", "hypotheses"} & set(catalogue.tables_for("experiment", ["replicates"]))


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="unknown kind of study 'publisht'; known: published, experiment"):
        catalogue.figures_for("publisht")
    with pytest.raises(ValueError, match="unknown figure 'heatmpa'"):
        catalogue.figure("heatmpa")


def test_every_claim_names_figures_that_there_are():
    for name, claim in read_yaml(ROOT / "config" / "claims.yaml").items():
        assert claim["figures"], name
        assert all("experiment" in catalogue.figure(figure).captions for figure in claim["figures"])


@pytest.mark.parametrize("entry", catalogue.FIGURES, ids=lambda entry: entry.name)
def test_every_figure_has_its_module(entry):
    assert callable(import_module(f"unicost.reporting.figures.{entry.name}").draw)


def test_reading_the_catalogue_imports_nothing_heavy():
    heavy = "('matplotlib', 'pandas', 'typst')"
    code = f"import sys, unicost.reporting.catalogue; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_report_captions_are_those_of_the_catalogue(tmp_path):
    written = {path.relative_to(tmp_path): path.read_text() for path in catalogue.write_captions(tmp_path)}
    shipped = {
        path.relative_to(REPORT): path.read_text() for kind in catalogue.KINDS for path in (REPORT / kind).glob("*")
    }
    assert shipped == written, "run unicost.reporting.catalogue.write_captions(Path('workflow/report'))"
