import numpy as np
import pandas as pd
import pytest
from unicost.reporting import catalogue, figures, inputs, style
from unicost.reporting.figures import safety_utility
from unicost.reporting.figures.placement import place_labels

from tests.unit import reporting_tables as samples


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    experiment = samples.experiment(folder / "experiment")
    return {
        "published": (samples.published(folder / "published"), None),
        "experiment": (experiment, experiment.parent / "human" / "agreement.csv"),
    }


CASES = [(kind, name) for kind in catalogue.KINDS for name in catalogue.figures_for(kind, replicates=True)]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_figures_are_written_in_three_formats_without_dates(studies, tmp_path, kind, name):
    pdf, svg, png = _render(studies, kind, name, tmp_path)
    assert pdf.startswith(b"%PDF") and svg.startswith(b"<?xml") and png.startswith(b"\x89PNG")
    assert b"/CreationDate" not in pdf and b"<dc:date>" not in svg


@pytest.mark.parametrize(("kind", "name"), [("experiment", "arms"), ("published", "safety_utility")])
def test_equal_tables_give_equal_bytes(studies, tmp_path, kind, name):
    assert _render(studies, kind, name, tmp_path / "1") == _render(studies, kind, name, tmp_path / "2")


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_rates_are_drawn_on_axes_of_rates(studies, kind):
    panels = figures.draw("safety_utility", studies[kind][0]).axes
    edges = [edge for axes in panels for edge in (*axes.get_xlim(), *axes.get_ylim())]
    assert min(edges) >= 0 and max(edges) <= 102


def test_marks_at_one_place_stand_aside():
    points = pd.DataFrame({"x": [100.0] * 3 + [50.0], "y": 99.0, "low": 97.0, "high": 100.0})
    places = safety_utility._aside(points, 1.0, (0.0, 102.0))
    assert sorted(places) == [50.0, 99.0, 100.0, 101.0]


def test_the_key_of_the_heat_map_names_the_hatchings_that_occur(studies):
    keys = {kind: figures.draw("heatmap", studies[kind][0]).legends for kind in catalogue.KINDS}
    texts = {kind: [text.get_text() for legend in key for text in legend.get_texts()] for kind, key in keys.items()}
    assert texts["published"] == ["not supported or not measured"]
    assert texts["experiment"] == ["misses the capability gate"]


def test_neither_mark_of_the_gap_hides_the_other(studies):
    left = figures.draw("gap", studies["experiment"][0]).axes[0]
    marks = [line.get_ydata()[0] for line in left.lines if len(line.get_ydata()) == 1]
    assert len(marks) == len(set(marks)) == 2 * len(left.get_yticks())


def _render(studies, kind, name, folder):
    statistics, agreement = studies[kind]
    outputs = [folder / f"{name}.{suffix}" for suffix in ("pdf", "svg", "png")]
    figures.render(name, "A study", statistics, outputs, agreement)
    return [path.read_bytes() for path in outputs]


def test_below_the_gate_is_hollow(studies):
    figure = figures.draw("arms", studies["experiment"][0])
    faces = [line.get_markerfacecolor() for line in figure.axes[2].get_lines() if line.get_marker() == "o"]
    assert faces.count(style.PAPER) == 1


def test_unsupported_cells_are_hatched_and_not_coloured(studies):
    figure = figures.draw("heatmap", studies["published"][0])
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert len(hatched) == 2


def test_labels_cover_neither_each_other_nor_a_point():
    figure = style.canvas(4.0)
    axes = figure.subplots()
    axes.set(xlim=(0, 100), ylim=(0, 100))
    points = [(x, y) for x, y in np.random.default_rng(0).normal(50, 12, size=(14, 2))]
    style.settle(figure)
    place_labels(axes, points, [f"A model's name {k}" for k in range(14)])
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 14
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        assert not any(box.contains(*axes.transData.transform(point)) for point in points)


def test_unknown_format_is_refused(studies, tmp_path):
    with pytest.raises(ValueError, match="figures are written as pdf, png, svg, not 'gif'"):
        figures.render("gap", "A study", studies["published"][0], [tmp_path / "gap.gif"])


def test_missing_table_and_column_are_named(tmp_path):
    with pytest.raises(inputs.UnusableTable, match=r"gap\.csv: no such file"):
        inputs.read(tmp_path, "gap")
    samples.write(tmp_path, gap=pd.DataFrame({"model": ["a"]}))
    with pytest.raises(inputs.UnusableTable, match=r"gap\.csv: columns \['task', .* are missing"):
        inputs.read(tmp_path, "gap")
