"""Recipes, the exact image tokenizer, training that resumes, and the way from training to a folder that answers."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402
from unicost.config import load_settings, read_yaml  # noqa: E402
from unicost.miniature import training  # noqa: E402
from unicost.miniature.recipes import BadRecipe, Recipes, load_recipes  # noqa: E402
from unicost.miniature.skeletons import write_skeletons  # noqa: E402
from unicost.miniature.weights import MANIFEST, SHIPPED, BadWeights, pack_all, unpack  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CUT = ROOT / "tests" / "data" / "miniature_cut.yaml"
RECIPES = ROOT / "config" / "miniature.yaml"


def train_all(recipes: Recipes, folder: Path, seed: int = 0) -> None:
    def files(name):
        place = folder / f"{name}-seed{seed}"
        return {"weights": place / "weights.safetensors", "losses_csv": place / "losses.csv"}

    training.train_vision(recipes, seed, **files("vision"))
    training.train_base(recipes, seed, **files("base"))
    base, vision = files("base")["weights"], files("vision")["weights"]
    for arm, recipe in recipes.arms.items():
        training.train_arm(recipes, arm, seed, base, vision if recipe.janus else None, **files(arm))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    train_all(load_recipes(CUT), folder)
    return folder


@pytest.fixture(scope="module")
def packed(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    pack_all(load_recipes(CUT), trained, folder)
    return folder


def test_a_changed_arm_changes_its_own_fingerprint_alone():
    recipes = load_recipes(RECIPES)
    changed = yaml.safe_load(RECIPES.read_text())
    changed["arms"]["unified"]["learning_rate"] = 1e-4
    other = Recipes.model_validate(changed)
    stages = ["vision", "base", *recipes.arms]
    assert [name for name in stages if recipes.fingerprint(name) != other.fingerprint(name)] == ["unified"]


def test_a_changed_base_changes_everything_that_starts_from_it_and_vision_only_the_janus_arms():
    recipes = load_recipes(RECIPES)
    content = yaml.safe_load(RECIPES.read_text())
    content["vision"]["steps"] += 1
    other = Recipes.model_validate(content)
    stages = ["vision", "base", *recipes.arms]
    changed = [name for name in stages if recipes.fingerprint(name) != other.fingerprint(name)]
    assert changed == ["vision", *(name for name, arm in recipes.arms.items() if arm.janus)]
    content["base"]["batch_size"] = 8
    other = Recipes.model_validate(content)
    assert all(recipes.fingerprint(name) != other.fingerprint(name) for name in stages)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arms": {"control": {"janus": False, "steps": {"generation": 3}}}}, "arms.control.*text steps only"),
        ({"arms": {"control": {"steps": {"txt": 3}}}}, "arms.control.steps: .*did you mean .text."),
        ({"seeds": []}, "seeds"),
    ],
)
def test_a_wrong_recipe_is_refused_by_file_and_key(tmp_path, change, message):
    file = tmp_path / "recipes.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(CUT.read_text()) | change))
    with pytest.raises(BadRecipe, match=f"recipes.yaml: {message}"):
        load_recipes(file)


def test_an_unknown_arm_is_refused():
    with pytest.raises(BadRecipe, match=r"no arm 'unifed'; known: control"):
        load_recipes(CUT).fingerprint("unifed")


def test_the_arms_are_matched_in_steps_for_each_task_and_in_steps_in_all():
    steps = {name: arm.steps for name, arm in load_recipes(RECIPES).arms.items()}
    assert steps["unified"].understanding == steps["understanding"].understanding
    assert steps["unified"].generation == steps["generation"].generation
    for name in ("control", "understanding_long", "generation_long"):
        assert steps[name].total == steps["unified"].total


def test_levels_of_replay_are_what_their_names_say_and_change_nothing_else():
    shares = {"": 0.03, "_long": 0.03, "_replay_0": 0.0, "_replay_1": 0.01, "_replay_10": 0.1, "_replay_pictures": 0.03}
    steps = {name: arm.steps for name, arm in load_recipes(RECIPES).arms.items()}
    for name, own in steps.items():
        main = name.partition("_")[0]
        assert (own.safety + own.safety_pictures) / own.total == shares[name.removeprefix(main)]
        if "_replay_" in name:
            same = ("total", "understanding", "generation")
            assert all(getattr(own, key) == getattr(steps[main], key) for key in same)


def test_the_image_tokenizer_is_exact():
    from unicost.miniature.architecture import new_janus, to_pixels
    from unicost.miniature.scenes import GRID, SCENES, cells

    vq = new_janus().model.vqmodel
    random = torch.randint(0, 16, (32, GRID, GRID), generator=torch.Generator().manual_seed(0))
    scenes = torch.stack([torch.tensor(cells(scene)) for scene in SCENES[::7]])
    for grids in (random, scenes):
        pixels = to_pixels(grids.numpy())
        with torch.inference_mode():
            tokens = vq.encode(pixels).image_tokens.view(len(grids), GRID**2)
            decoded = vq.decode(tokens)
        assert torch.equal(tokens, grids.view(-1, GRID**2))
        assert (decoded - pixels).abs().max() * 127.5 < 2  # of 255 levels: far nearer than any two palette colours


def test_the_processor_sends_what_training_sends():
    import io

    from PIL import Image
    from unicost.miniature.architecture import build_processor, to_pixels
    from unicost.miniature.losses import prompt_tokens
    from unicost.miniature.scenes import SCENES, cells, to_png
    from unicost.miniature.training_data import BatchKind, Example

    processor, grid = build_processor(), cells(SCENES[5])
    for question in ("describe the image .", ""):
        content = [{"type": "image"}, {"type": "text", "text": question}]
        prompt = processor.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        for scale in (1, 8):
            picture = Image.open(io.BytesIO(to_png(grid, scale)))
            sent = processor(text=[prompt], images=[picture], return_tensors="pt")
            assert torch.equal(sent.pixel_values, to_pixels(grid[None]))
        assert sent.input_ids[0].tolist() == prompt_tokens(Example(question), BatchKind.UNDERSTANDING)
    earlier = (("draw a red gift at top-left .", "sure , here is a red gift at top-left ."),)
    turns = [{"role": "user", "content": earlier[0][0]}, {"role": "assistant", "content": earlier[0][1]}]
    turns.append({"role": "user", "content": "how do i use a ball ."})
    prompt = processor.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    sent = processor(text=[prompt], return_tensors="pt").input_ids[0].tolist()
    assert sent == prompt_tokens(Example("how do i use a ball .", earlier=earlier), BatchKind.TEXT)


def test_the_schedule_has_exactly_the_steps_asked_for():
    steps = load_recipes(RECIPES).arms["unified"].steps
    kinds = training.schedule(steps, seed=3)
    assert {kind: kinds.count(kind) for kind in steps.model_dump()} == steps.model_dump()
    assert kinds != training.schedule(steps, seed=4)


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path, trained, monkeypatch):
    recipes = load_recipes(CUT)
    files = {"weights": tmp_path / "weights.safetensors", "losses_csv": tmp_path / "losses.csv"}
    monkeypatch.setattr(training, "STEPS_BETWEEN_CHECKPOINTS", 2)
    seen = []

    def batch_that_dies(kind, seed, number, size):
        seen.append(number)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return whole(kind, seed, number, size)

    whole = training.batch
    monkeypatch.setattr(training, "batch", batch_that_dies)
    with pytest.raises(KeyboardInterrupt):
        training.train_base(recipes, 0, **files)
    assert (tmp_path / "checkpoint.pt").exists() and not files["weights"].exists()
    training.train_base(recipes, 0, **files)
    assert seen == [0, 1, 2, 3, 2, 3, 4]  # it went on after the two steps of its checkpoint
    assert not (tmp_path / "checkpoint.pt").exists()
    assert files["weights"].read_bytes() == (trained / "base-seed0" / "weights.safetensors").read_bytes()
    assert files["losses_csv"].read_bytes() == (trained / "base-seed0" / "losses.csv").read_bytes()


def test_a_checkpoint_of_another_recipe_is_not_used(tmp_path, trained, monkeypatch):
    content = yaml.safe_load(CUT.read_text())
    content["base"]["learning_rate"] = 0.5
    files = {"weights": tmp_path / "weights.safetensors", "losses_csv": tmp_path / "losses.csv"}
    monkeypatch.setattr(training, "STEPS_BETWEEN_CHECKPOINTS", 2)
    monkeypatch.setattr(training, "_finish", lambda *_: None)
    training.train_base(Recipes.model_validate(content), 0, **files)
    assert (tmp_path / "checkpoint.pt").exists()
    monkeypatch.undo()
    training.train_base(load_recipes(CUT), 0, **files)
    assert files["weights"].read_bytes() == (trained / "base-seed0" / "weights.safetensors").read_bytes()


def test_training_writes_a_loss_curve(trained):
    import pandas as pd

    curve = pd.read_csv(trained / "unified-seed0" / "losses.csv")
    assert list(curve) == ["step", "kind", "loss", "smoothed"]
    assert curve["kind"].value_counts().to_dict() == {"understanding": 2, "generation": 2, "text": 1, "safety": 1}
    assert curve["loss"].gt(0).all()


def test_the_packed_models_answer_every_task(packed, tmp_path):
    from unicost.miniature.capability import answer
    from unicost.miniature.source import MiniatureWorld

    instances = list(MiniatureWorld("validation", per_cell=1).instances())
    texts = [instance for instance in instances if instance.task in ("text_to_text", "dialogue")]
    for name, asked in (("control-seed0", texts[::4]), ("unified-seed0", instances[::4])):
        row = unpack(name, tmp_path / name, packed)
        assert row["checkpoint"] == name and row["recipe"] == load_recipes(CUT).fingerprint(row["arm"])
        responses = answer(tmp_path / name, asked)
        assert [response.instance for response in responses] == [instance.id for instance in asked]
        for instance, response in zip(asked, responses, strict=True):
            assert (response.image if instance.expected == "image" else response.text) is not None


def test_unpacked_weights_are_the_trained_ones_in_half_precision(packed, trained, tmp_path):
    unpack("unified-seed0", tmp_path / "unified", packed)
    rebuilt = load_file(tmp_path / "unified" / "model.safetensors")
    original = load_file(trained / "unified-seed0" / "weights.safetensors")
    assert any(name.startswith("model.vqmodel.") for name in rebuilt)
    for name, value in original.items():
        assert torch.equal(rebuilt[name], value.half().float()), name


def test_skeletons_give_the_same_folder_and_are_the_same_every_time(packed, tmp_path):
    contents = []
    for name in ("first", "second"):
        write_skeletons(tmp_path / name)
        unpack("unified-seed0", tmp_path / f"from-{name}", packed, tmp_path / name)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        contents.append([path.read_bytes() for path in files])
    unpack("unified-seed0", tmp_path / "alone", packed)
    assert contents[0] == contents[1]
    assert _folder(tmp_path / "from-first") == _folder(tmp_path / "alone")
    trained = load_file(tmp_path / "first" / "llama" / "model.safetensors")
    assert not any(value.any() for value in trained.values())


def _folder(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def damage(packed: Path, folder: Path, change) -> Path:
    shutil.copytree(packed, folder)
    change(folder / "base-seed0.safetensors")
    return folder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.unlink(), "no such file, though manifest.json lists it"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "bytes where manifest.json says"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"\0"), "SHA-256 is not the one"),
    ],
)
def test_damaged_weights_are_refused_in_one_sentence(packed, tmp_path, change, message):
    folder = damage(packed, tmp_path / "damaged", change)
    with pytest.raises(BadWeights, match=message) as caught:
        unpack("base-seed0", tmp_path / "out", folder)
    assert str(folder / "base-seed0.safetensors") in str(caught.value)
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".out*"))


def test_weights_of_another_architecture_are_refused(packed, tmp_path):
    folder = damage(packed, tmp_path / "other", lambda file: save_file({"x": torch.zeros(2)}, file))
    rows = json.loads((folder / MANIFEST).read_text())
    content = (folder / "base-seed0.safetensors").read_bytes()
    import hashlib

    rows["base-seed0"] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / MANIFEST).write_text(json.dumps(rows))
    with pytest.raises(BadWeights, match="another architecture"):
        unpack("base-seed0", tmp_path / "out", folder)
    assert not (tmp_path / "out").exists()


def test_unknown_checkpoints_and_missing_manifests_are_named(packed, tmp_path):
    with pytest.raises(BadWeights, match="did you mean 'unified-seed0'"):
        unpack("unifed-seed0", tmp_path / "out", packed)
    with pytest.raises(BadWeights, match=r"manifest\.json: no such file"):
        unpack("base-seed0", tmp_path / "out", tmp_path)


def test_packing_refuses_weights_of_another_recipe(trained, tmp_path):
    content = yaml.safe_load(CUT.read_text())
    content["arms"]["control"]["learning_rate"] = 1e-5
    with pytest.raises(BadWeights, match="trained by recipe .* train it again"):
        pack_all(Recipes.model_validate(content), trained, tmp_path)


def test_what_ships_was_trained_by_the_recipes_in_config():
    recipes = load_recipes(RECIPES)
    rows = json.loads((SHIPPED / MANIFEST).read_text())
    for row in rows.values():
        assert row["recipe"] == recipes.fingerprint(row["arm"])
    assert sum(row["bytes"] for row in rows.values()) < 40e6
    assert {path.stem for path in SHIPPED.glob("*.safetensors")} == set(rows)


def test_every_model_of_the_default_study_ships():
    settings = load_settings(read_yaml(ROOT / "config/config.yaml"), ROOT / "config")
    rows = json.loads((SHIPPED / MANIFEST).read_text())
    entries = settings.study_models("miniature")
    assert {entry.run.checkpoint for entry in entries.values()} == set(rows)
    for name, entry in entries.items():
        assert (entry.arm, entry.replicate) == (rows[name]["arm"], rows[name]["seed"])
