"""Every public name of the installed shap has ours beside it: the same parameters, in the same order, with the same defaults.

What differs on purpose is in one table, by the number of the difference in the migration page.
"""

import importlib
import inspect

import pytest

import ferroshap

shap = pytest.importorskip("shap", reason="shap is not installed")
pytest.importorskip("matplotlib", reason="matplotlib is not installed")

CONSTRUCTORS = [
    "Explainer",
    "ExactExplainer",
    "PermutationExplainer",
    "KernelExplainer",
    "SamplingExplainer",
    "TreeExplainer",
    "GPUTreeExplainer",
    "LinearExplainer",
    "AdditiveExplainer",
    "PartitionExplainer",
    "CoalitionExplainer",
    "GradientExplainer",
    "DeepExplainer",
]
METHODS = [
    "__init__",
    "__call__",
    "shap_values",
    "shap_interaction_values",
    "save",
    "load",
    "supports_model_with_masker",
    "not_equal",
]
MASKERS = ["Independent", "Partition", "Impute", "Image", "Fixed", "FixedComposite", "OutputComposite", "Composite"]
PLOTS = [
    "bar",
    "beeswarm",
    "waterfall",
    "scatter",
    "heatmap",
    "force",
    "decision",
    "multioutput_decision",
    "violin",
    "image",
    "partial_dependence",
    "group_difference",
    "embedding",
    "monitoring",
    "initjs",
]
TOP = [
    "summary_plot",
    "dependence_plot",
    "force_plot",
    "decision_plot",
    "multioutput_decision_plot",
    "waterfall_plot",
    "bar_plot",
    "heatmap_plot",
    "image_plot",
    "violin_plot",
    "embedding_plot",
    "monitoring_plot",
    "group_difference_plot",
    "partial_dependence_plot",
    "initjs",
    "getjs",
    "save_html",
    "sample",
    "kmeans",
    "approximate_interactions",
]
UTILS = [
    "sample",
    "hclust",
    "hclust_ordering",
    "partition_tree",
    "approximate_interactions",
    "potential_interactions",
    "convert_name",
    "format_value",
    "safe_isinstance",
    "shapley_coefficients",
]
EXPLANATION = ["__init__", "mean", "max", "min", "sum", "percentile", "sample", "hclust", "hstack", "cohorts"]
DATASETS = [
    "a1a",
    "adult",
    "california",
    "communitiesandcrime",
    "corrgroups60",
    "diabetes",
    "imagenet50",
    "imdb",
    "independentlinear60",
    "iris",
    "linnerud",
    "nhanesi",
    "rank",
]

PATHS = [
    *(f"{name}.{method}" for name in CONSTRUCTORS for method in METHODS),
    *(f"maskers.{name}.{method}" for name in MASKERS for method in ("__init__", "__call__", "save", "load")),
    *(f"plots.{name}" for name in PLOTS),
    *TOP,
    *(f"utils.{name}" for name in UTILS),
    *(f"Explanation.{name}" for name in EXPLANATION),
    *(f"datasets.{name}" for name in DATASETS),
    "Cohorts.__init__",
    "models.Model.__init__",
    "links.identity",
    "links.logit",
    "links.identity.inverse",
    "links.logit.inverse",
    *(
        f"explainers.other.{name}.{method}"
        for name in ("Coefficient", "TreeGain")
        for method in ("__init__", "attributions")
    ),
    "explainers.other.Random.__init__",
]
ALIASES = [
    "Additive",
    "AdditiveExplainer",
    "Coalition",
    "CoalitionExplainer",
    "Deep",
    "DeepExplainer",
    "Exact",
    "ExactExplainer",
    "GPUTree",
    "GPUTreeExplainer",
    "Gradient",
    "GradientExplainer",
    "Kernel",
    "KernelExplainer",
    "Linear",
    "LinearExplainer",
    "Partition",
    "PartitionExplainer",
    "Permutation",
    "PermutationExplainer",
    "Sampling",
    "SamplingExplainer",
    "Tree",
    "TreeExplainer",
    "other",
]

#: (where, parameter): why. `*` stands for any place.
DIFFERENCES: dict[tuple[str, str], str] = {
    ("KernelExplainer.__call__", "l1_reg"): "D3: every feature keeps its value unless fewer are asked for",
    ("maskers.Independent.__init__", "max_samples"): "D4: all background rows count",
    ("maskers.Partition.__init__", "max_samples"): "D4: all background rows count",
    ("maskers.Image.__init__", "mask_value"): "D27: a blur is the default; shap has none",
    ("maskers.Impute.__call__", "*args"): "it fills by what is present, so no mask is enough",
    ("*", "cmap"): "None is the same map, made when it is drawn with: an import loads no matplotlib",
    ("*", "show"): "D17: None shows where no axes were given; True and False are as in shap",
}

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
#: Written in another way, meant the same.
SPELLED = {"Deprecated": "DEPRECATED"}


def found(package, path):
    """The object at a dotted path; None where a part of it is missing."""
    here = package
    for part in path.split("."):
        try:
            here = (inspect.getattr_static if inspect.isclass(here) and part in EXPLANATION[1:] else getattr)(
                here, part
            )
        except (AttributeError, ImportError):
            try:
                here = importlib.import_module(f"{here.__name__}.{part}")
            except (AttributeError, ImportError):
                return None
    return here


def parameters(function):
    return list(inspect.signature(function).parameters.values())


def plain(default):
    """A default as something that can be compared across libraries."""
    if default is inspect.Parameter.empty:
        return "none given"
    if type(default) is object or type(default).__name__ == "Deprecated":
        return "deprecated"
    name = getattr(default, "__name__", None) or repr(default)
    if isinstance(name, str) and ("identity" in name or "logit" in name):
        return "identity" if "identity" in name else "logit"
    if type(default).__name__ == "OpChain":
        return repr(default).replace("ferroshap", "shap").replace("shap.Explanation", "Explanation").removesuffix("()")
    if hasattr(default, "tolist"):
        return default.tolist()
    return default


def differences(path):
    """What a user of shap would notice: missing, moved, or with another default."""
    theirs, ours = found(shap, path), found(ferroshap, path)
    if theirs is None:
        return []
    if ours is None:
        return ["missing"]
    try:
        wanted, have = parameters(theirs), parameters(ours)
    except (TypeError, ValueError):
        return []
    noticed = []
    by_name = {parameter.name: parameter for parameter in have}
    takes_all = {parameter.kind for parameter in have}
    place = 0
    for parameter in wanted:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            if parameter.kind is parameter.VAR_POSITIONAL and parameter.kind not in takes_all:
                noticed.append(f"*{parameter.name}")
            continue
        mine = by_name.get(parameter.name)
        if mine is None:
            noticed.append(parameter.name)
        elif parameter.kind in POSITIONAL and (place >= len(have) or have[place].name != parameter.name):
            noticed.append(f"{parameter.name} is not number {place}")
        elif parameter.kind in POSITIONAL and mine.kind not in POSITIONAL:
            noticed.append(f"{parameter.name} is a keyword alone")
        elif plain(parameter.default) != plain(mine.default):
            noticed.append(f"{parameter.name}={plain(mine.default)!r}, not {plain(parameter.default)!r}")
        place += 1
    for parameter in have[place:] if not any(p.kind is p.VAR_POSITIONAL for p in wanted) else ():
        is_new = parameter.name not in {p.name for p in wanted}
        if is_new and parameter.kind in POSITIONAL and parameter.default is parameter.empty:
            noticed.append(f"{parameter.name} is ours and needed")
    return noticed


def is_meant(path, difference):
    word = difference.split("=")[0].split(" ")[0]
    return next((key for key in ((path, word), ("*", word)) if key in DIFFERENCES), None)


@pytest.mark.parametrize("path", PATHS)
def test_the_signature_is_shap_s(path):
    unexpected = [difference for difference in differences(path) if is_meant(path, difference) is None]
    assert not unexpected, f"{path}: {'; '.join(unexpected)}"


def test_every_entry_of_the_table_is_needed():
    used = {is_meant(path, difference) for path in PATHS for difference in differences(path)}
    assert set(DIFFERENCES) <= used


@pytest.mark.parametrize("name", ALIASES)
def test_the_short_names_lead_to_the_same_classes(name):
    ours = getattr(ferroshap.explainers, name)
    long = name if name == "other" or name.endswith("Explainer") else f"{name}Explainer"
    assert ours is getattr(ferroshap.explainers, long)
    assert name == "other" or ours is getattr(ferroshap, long)


def test_every_name_of_shap_is_here():
    foreign = {"Any", "NoReturn", "UnsupportedModule", "have_matplotlib", "matplotlib", "unsupported"}
    names = {name for name in dir(shap) if not name.startswith("_")} - foreign
    missing = {name for name in names if name not in dir(ferroshap) and found(ferroshap, name) is None}
    assert not missing


@pytest.mark.parametrize("name", ["iris", "diabetes", "linnerud", "corrgroups60", "independentlinear60"])
@pytest.mark.parametrize("n_points", [15, 200])
def test_tables_at_hand_have_shap_s_rows(name, n_points):
    if name == "corrgroups60" and n_points < 60:
        pytest.skip("fewer rows than features cannot be decorrelated")
    ours, theirs = (getattr(package.datasets, name)(n_points=n_points) for package in (ferroshap, shap))
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape
        assert (
            abs(mine - other).to_numpy().max() <= 1e-10
            if hasattr(mine, "columns")
            else abs(mine - other).max() <= 1e-10
        )
