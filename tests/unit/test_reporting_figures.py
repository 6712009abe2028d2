import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon
from matplotlib.text import Text
from unicost.reporting import catalogue, figures, inputs, style
from unicost.reporting.entry import NEEDS
from unicost.reporting.figures.placement import place_labels

from tests.unit import reporting_tables as samples


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    return {
        "published": samples.published(folder / "published"),
        "experiment": samples.experiment(folder / "experiment"),
        "one seed": samples.experiment(folder / "one seed", seeds=1),
    }


CASES = [(kind, name) for kind in catalogue.KINDS for name in catalogue.figures_for(kind, NEEDS)]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_figures_are_written_in_three_formats_without_dates(studies, tmp_path, kind, name):
    pdf, svg, png = _render(studies, kind, name, tmp_path)
    assert pdf.startswith(b"%PDF") and svg.startswith(b"<?xml") and png.startswith(b"\x89PNG")
    assert b"/CreationDate" not in pdf and b"<dc:date>" not in svg


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_letters_are_large_enough_in_print_and_legends_are_whole(studies, kind, name):
    figure = figures.draw(name, studies[kind])
    style.settle(figure)
    assert figure.get_figwidth() <= style.WIDTH  # print does not shrink it
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    assert texts and min(text.get_fontsize() for text in texts) >= style.SMALLEST
    whole = figure.bbox.padded(1)
    for legend in [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]:
        box = legend.get_window_extent()
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0 and box.y1 <= whole.y1


def test_the_paper_has_the_width_that_figures_are_drawn_for():
    """A4 less the margins at both sides of the template."""
    template = (Path(__file__).parents[2] / "paper" / "template.typ").read_text()
    margin = float(re.search(r"margin: \(x: ([\d.]+)cm", template)[1])
    assert (21.0 - 2 * margin) / 2.54 == pytest.approx(style.WIDTH)


def test_the_numbers_of_a_forest_plot_do_not_touch(studies):
    figure = figures.draw("penalty_forest", studies["published"])
    style.settle(figure)
    boxes = [text.get_window_extent() for text in figure.axes[1].texts if text.get_text()]
    assert not any(box.overlaps(other) for place, box in enumerate(boxes) for other in boxes[place + 1 :])


def test_clear_categories_are_filled_and_say_how_many_answers(studies):
    axes = figures.draw("penalty_by_category", studies["experiment"]).axes[0]
    diamonds = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    filled = [to_hex(patch.get_facecolor()) != style.PAPER for patch in diamonds]
    assert filled == [False, True]  # Bias, Privacy
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Bias\nn 200", "Privacy\nn 200"]


def test_unscored_answers_stand_in_cells_of_their_own_size(studies):
    figure = figures.draw("heatmap", studies["one seed"])
    assert "n 500\n+ 3" in [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize(("kind", "name"), [("experiment", "arms"), ("published", "safety_utility")])
def test_equal_tables_give_equal_bytes(studies, tmp_path, kind, name):
    assert _render(studies, kind, name, tmp_path / "1") == _render(studies, kind, name, tmp_path / "2")


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_rates_are_drawn_on_axes_of_rates(studies, kind):
    panels = figures.draw("safety_utility", studies[kind]).axes
    edges = [edge for axes in panels for edge in (*axes.get_xlim(), *axes.get_ylim())]
    assert min(edges) >= 0 and max(edges) <= 102


def test_the_range_of_an_arm_is_drawn_both_ways(studies):
    """Capability is an estimate as much as safety: each arm has a bar along either axis."""
    panel = figures.draw("safety_utility", studies["experiment"]).axes[0]
    bars = [line.get_xydata() for line in panel.lines if len(line.get_xdata()) == 2]
    level = [bar for bar in bars if bar[0][1] == bar[1][1]]
    upright = [bar for bar in bars if bar[0][0] == bar[1][0]]
    assert len(level) == len(upright) == 5


def test_each_judge_stands_beside_its_own_number_of_answers(studies, tmp_path):
    table = pd.read_csv(studies["experiment"].agreement)
    scored = (table["judge"] == "trained") & (table["aspect"] == "intrinsic")
    table.loc[scored, "n"] = 150
    table.to_csv(tmp_path / "agreement.csv", index=False)
    panels = figures.draw("agreement", replace(studies["experiment"], agreement=tmp_path / "agreement.csv")).axes
    rules, trained = ([text.get_text() for text in panels[place].get_yticklabels()] for place in (0, 3))
    assert rules[0].endswith("(n 200)") and trained[0].endswith("(n 200 con., n 150 int.)")


def test_a_legend_names_pools_only_where_there_are_any(studies, tmp_path):
    folder = shutil.copytree(studies["published"].statistics, tmp_path / "statistics")
    table = pd.read_csv(folder / "tipping.csv")
    table[table["level"] == "pair"].to_csv(folder / "tipping.csv", index=False)
    without = figures.draw("tipping", replace(studies["published"], statistics=folder))
    texts = [
        [text.get_text() for text in figure.legends[0].get_texts()]
        for figure in (figures.draw("tipping", studies["published"]), without)
    ]
    assert ("Pooled" in texts[0], "Pooled" in texts[1]) == (True, False)


def test_the_key_of_the_heat_map_names_what_occurs(studies, tmp_path):
    shown = {"published": studies["published"], "experiment": samples.experiment(tmp_path, seeds=1)}
    keys = {kind: figures.draw("heatmap", study).legends for kind, study in shown.items()}
    texts = {kind: [text.get_text() for legend in key for text in legend.get_texts()] for kind, key in keys.items()}
    clear = "fails clearly more than each counterpart"
    assert texts["published"] == ["not supported or not measured", clear]
    assert texts["experiment"] == ["misses the capability gate", clear]


def test_neither_mark_of_the_gap_hides_the_other(studies):
    left = figures.draw("gap", studies["experiment"]).axes[0]
    marks = [line.get_ydata()[0] for line in left.lines if len(line.get_ydata()) == 1]
    assert len(marks) == len(set(marks)) == 2 * len(left.get_yticks())


def _render(studies, kind, name, folder):
    outputs = [folder / f"{name}.{suffix}" for suffix in ("pdf", "svg", "png")]
    figures.render(name, "A study", studies[kind], outputs)
    return [path.read_bytes() for path in outputs]


def test_below_the_gate_is_hollow(studies):
    figure = figures.draw("arms", studies["experiment"])
    faces = [line.get_markerfacecolor() for line in figure.axes[2].get_lines() if line.get_marker() == "o"]
    assert faces.count(style.PAPER) == 1


def test_unsupported_cells_are_hatched_and_not_coloured(studies):
    figure = figures.draw("heatmap", studies["published"])
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
        figures.render("gap", "A study", studies["published"], [tmp_path / "gap.gif"])


def test_missing_table_and_column_are_named(tmp_path):
    with pytest.raises(inputs.UnusableTable, match=r"gap\.csv: no such file"):
        inputs.read(tmp_path, "gap")
    samples.write(tmp_path, gap=pd.DataFrame({"model": ["a"]}))
    with pytest.raises(inputs.UnusableTable, match=r"gap\.csv: columns \['task', .* are missing"):
        inputs.read(tmp_path, "gap")


def test_the_design_shows_each_verdict_and_hollow_seeds_below_the_gate(studies):
    figure = figures.draw("design", studies["experiment"])
    assert figure.get_suptitle() == "Yes: the unified arm fails more in every declared comparison"
    panels = [axes for part in figure.subfigs for axes in part.axes]
    *blocks, differences = panels
    assert [axes.get_title("left") for axes in blocks] == ["In words", "With pictures", "Drawing"]
    assert [text.get_text().split(": ")[1] for text in differences.texts] == ["fails more"] * 4
    hollow = [line for axes in blocks for line in axes.lines if line.get_markerfacecolor() == style.PAPER]
    assert len(hollow) == 1, "one seed of the generation arm cannot draw"


def test_a_verdict_against_its_own_interval_says_why(tmp_path):
    study = samples.experiment(tmp_path)
    path = study.statistics / "hypotheses.csv"
    table = pd.read_csv(path)
    table.loc[table["family"] == "primary", ["verdict", "low", "high"]] = ["inconclusive", 0.01, 0.5]
    table.loc[table.index[1], "low"] = -0.01
    table.to_csv(path, index=False)
    differences = figures.draw("design", study).subfigs[1].axes[0]
    said = [text.get_text().split(": ")[1] for text in differences.texts]
    assert said == ["undecided after Holm", "undecided", *["undecided after Holm"] * 2]


def test_the_levels_of_replay_have_every_seed(studies):
    words, pictures, drawing = figures.draw("replay", studies["experiment"]).axes
    seeds = {name: sum(line.get_markersize() == 2 for line in axes.lines)
             for name, axes in (("words", words), ("pictures", pictures), ("drawing", drawing))}  # fmt: skip
    assert seeds == {"words": 5 * 14, "pictures": 5 * 10, "drawing": 5 * 9}


def test_shares_of_outcomes_fill_the_bar(studies):
    figure = figures.draw("outcomes", studies["experiment"])
    axes = figure.subfigs[0].axes[0]
    ends = {}
    for bar in axes.patches:
        ends[bar.get_y()] = ends.get(bar.get_y(), 0.0) + bar.get_width()
    assert len(ends) == 7 and all(abs(end - 100) < 1e-6 for end in ends.values())


def test_attempts_that_tell_nothing_have_counts_and_no_mark(studies):
    firm, _, soft, counts = figures.draw("injections", studies["experiment"]).axes
    assert [axes.get_title("left") for axes in (firm, soft)] == ["Judge 'firm'", "Judge 'soft'"]
    marks = [line.get_xdata()[0] for line in soft.lines if len(line.get_xdata()) == 1]
    assert marks == [25.0, 25.0], "nothing is told on the intrinsic aspect"
    assert [text.get_text() for text in counts.texts[-3:]] == ["0 of 0", "24", "1"]


def test_a_class_that_nobody_gave_has_no_sensitivity(studies):
    sensitivity, specificity, _ = figures.draw("detectors", studies["experiment"]).axes
    marks = [sum(len(line.get_xdata()) == 1 for line in axes.lines) for axes in (sensitivity, specificity)]
    assert marks == [2, 3]
    names = [label.get_text() for label in sensitivity.get_yticklabels()]
    assert names[2] == "words: refuses, then helps\n(0 of 100 answers)"


def test_replicated_arms_have_one_row_each(studies):
    figure = figures.draw("heatmap", studies["experiment"])
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["Base", "Control (harmless text)", "Understanding", "Generation", "Unified"]
    assert "60.0 to 60.0" not in {text.get_text() for text in figure.axes[0].texts}
    assert "5.0 to 7.0" in {text.get_text() for text in figure.axes[0].texts}


def test_what_a_judge_left_unscored_is_hollow(studies):
    figure = figures.draw("calibration", studies["experiment"])
    contextual, intrinsic, *strips = figure.axes
    for axes in (contextual, intrinsic):
        marks = [line for line in axes.lines if line.get_marker() != "None"]
        assert [line.get_markerfacecolor() == style.PAPER for line in marks] == [False] * 4 + [True]
    assert all(sum(bar.get_hatch() is not None for bar in axes.patches) == 20 for axes in strips)


def test_cells_say_where_unified_models_clearly_fail_more(studies, tmp_path):
    """Unified models fail more than each counterpart, clearly; in the arms, the intervals over seeds exclude zero."""
    shown = {"published": studies["published"], "experiment": studies["experiment"]}
    for kind, study in shown.items():
        texts = [text.get_text() for text in figures.draw("heatmap", study).axes[0].texts]
        assert texts.count("▲") == {"published": 6, "experiment": 3}[kind], kind
    texts = [text.get_text() for text in figures.draw("heatmap", samples.published(tmp_path, -1.0)).axes[0].texts]
    assert texts.count("▼") == 6 and "▲" not in texts
