"""The name `shap` under the alias: every program has an interpreter of its own, as the alias is for a whole process."""

import importlib
import pkgutil
import subprocess
import sys
import textwrap

import pytest

import ferroshap
from ferroshap.compat import homes


def run(program, *, before="from ferroshap import compat; compat.install()"):
    """Run a program under the alias with warnings as errors; its output comes back."""
    text = f"{before}\n{textwrap.dedent(program)}"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize(
    "line",
    [
        "import shap; assert shap.Explainer is ferroshap.Explainer",
        "import shap as x; assert x.links is ferroshap.links",
        "import shap.plots; assert shap.plots is ferroshap.plots",
        "import shap.plots as p; assert p.beeswarm is ferroshap.plots.beeswarm",
        "from shap.explainers import Tree; assert Tree is ferroshap.TreeExplainer",
        "from shap.explainers._tree import TreeExplainer; assert TreeExplainer is ferroshap.TreeExplainer",
        "from shap.explainers._kernel import KernelExplainer as K; assert K is ferroshap.KernelExplainer",
        "from shap import maskers, Explanation; assert maskers is ferroshap.maskers",
        "from shap import *; assert TreeExplainer is ferroshap.TreeExplainer",
        "from shap.utils._exceptions import DimensionError as D; assert D is ferroshap.errors.DimensionError",
        "from shap._explanation import Cohorts, Explanation as E; assert E is ferroshap.Explanation",
        "import shap; assert shap.utils._general.safe_isinstance is ferroshap.utils.safe_isinstance",
        "import shap; assert shap.explainers._tree.TreeExplainer is ferroshap.TreeExplainer",
        "from shap.maskers._tabular import Independent; assert Independent is ferroshap.maskers.Independent",
        "from shap._serializable import Serializable, Serializer, Deserializer",
        "from shap.utils import assert_import, partition_tree_shuffle, sample; assert sample is ferroshap.sample",
        "from shap.utils._clustering import hclust; assert hclust is ferroshap.utils.hclust",
        "from shap.plots._force import AdditiveForceVisualizer as V; assert V is ferroshap.plots.ForcePlot",
        "import importlib; assert importlib.import_module('shap.links') is ferroshap.links",
    ],
)
def test_every_way_of_importing_gives_the_same_objects(line):
    run(f"import ferroshap; {line}")


def test_the_root_has_the_version_that_was_asked_for():
    told = run(
        "import shap, importlib.metadata as m; print(shap.__version__, m.version('shap'))",
        before="from ferroshap import compat; compat.install('0.51.0')",
    )
    assert told == "0.51.0 0.51.0"
    assert ferroshap.__version__ != "0.51.0"


def test_modules_keep_their_own_specifications():
    """With the alias's specification, imports inside the package warn, and `find_spec` gives ferroshap another name."""
    run(
        """
        import importlib.util, sys
        import shap, shap.plots.colors, shap.explainers.tree, shap.utils._general, shap.explainers.images.route
        for name, module in [*sys.modules.items()]:
            if name.startswith("ferroshap"):
                assert module.__spec__.name == module.__name__ == name, name
                assert importlib.util.find_spec(name).name == name
        assert importlib.util.find_spec("shap").name == "shap"
        assert importlib.util.find_spec("shap.plots") is not None
        assert importlib.util.find_spec("shap.nothing") is None
        """
    )


def test_no_module_is_loaded_twice():
    run(
        """
        import sys
        import shap, shap.explainers.sampling, shap.maskers.groups, shap.plots.canvas.row_labels
        import ferroshap.maskers.groups
        assert shap.maskers.groups.Groups is ferroshap.maskers.groups.Groups
        files = [module.__file__ for name, module in sys.modules.items() if name.startswith("ferroshap")]
        assert len(set(files)) == len(files)
        for name, module in sys.modules.items():
            if name.startswith("shap."):
                assert sys.modules[module.__name__] is module, name
        """
    )


def test_a_function_named_like_its_file_stays_a_function():
    run(
        """
        import shap
        try:
            import shap.plots.bar
        except ModuleNotFoundError:
            pass
        else:
            raise AssertionError("`shap.plots.bar` is no module there")
        assert callable(shap.plots.bar)
        """
    )


def test_what_is_pickled_under_the_alias_is_read_without_it(tmp_path):
    path = tmp_path / "explained.pickle"
    run(
        f"""
        import pathlib, pickle, numpy as np, shap
        explanation = shap.Explanation(np.eye(2), 0.5)
        made = pickle.dumps((explanation, shap, shap.Explainer, shap.links.logit))
        pathlib.Path({str(path)!r}).write_bytes(made)
        """
    )
    told = run(
        f"""
        import pathlib, pickle, sys
        explanation, root, explainer, link = pickle.loads(pathlib.Path({str(path)!r}).read_bytes())
        print(root.__name__, explainer.__module__, explanation.shape, "shap" in sys.modules)
        """,
        before="",
    )
    assert told == "ferroshap ferroshap.explainers.explainer (2, 2) False"


def test_uninstalling_gives_the_name_back():
    run(
        """
        import sys, ferroshap
        import shap, shap.plots.colors
        compat.uninstall()
        assert not [name for name in sys.modules if name.partition(".")[0] == "shap"]
        assert not hasattr(ferroshap.plots, "_waterfall")
        assert not hasattr(ferroshap.utils, "assert_import")
        import importlib.util
        found = importlib.util.find_spec("shap")
        assert found is None or "ferroshap" not in found.origin
        compat.uninstall()
        compat.install()
        import shap as again
        assert again.Explainer is ferroshap.Explainer
        """
    )


def test_installing_twice_keeps_one_finder():
    run(
        """
        import sys
        compat.install("0.50.0")
        import shap
        assert shap.__version__ == "0.50.0"
        assert sum(type(finder).__module__ == "ferroshap.compat.alias" for finder in sys.meta_path) == 1
        """
    )


def test_a_real_shap_that_is_imported_already_is_an_error(tmp_path):
    (tmp_path / "shap.py").write_text("__version__ = '0.0'\n")
    run(
        """
        from ferroshap import compat, errors
        try:
            compat.install()
        except errors.AliasError as error:
            assert isinstance(error, ImportError) and "already imported" in str(error)
        else:
            raise AssertionError("two libraries would share the name")
        assert sys.modules["shap"].__version__ == "0.0"
        """,
        before=f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import shap",
    )


def test_the_alias_is_off_unless_asked_for():
    run(
        """
        import sys, ferroshap, ferroshap.compat
        assert "shap" not in sys.modules
        assert not any(type(finder).__module__ == "ferroshap.compat.alias" for finder in sys.meta_path)
        """,
        before="",
    )


def test_class_checks_by_dotted_path_find_the_modules():
    """`safe_isinstance(x, "shap.maskers.Independent")` looks into `sys.modules` and imports nothing."""
    run(
        """
        import sys, shap
        for path in ["explainers", "maskers", "plots", "utils", "links", "models", "datasets", "_explanation"]:
            assert f"shap.{path}" in sys.modules, path
        independent = shap.maskers.Independent([[1.0], [2.0]])
        assert isinstance(independent, sys.modules["shap.maskers"].Independent)
        """
    )


@pytest.mark.parametrize("path", sorted(homes.PRIVATE))
def test_every_private_path_has_a_home(path):
    assert importlib.import_module(homes.home_of(path)) is not None


def test_the_private_rooms_are_all_in_the_table():
    from ferroshap.compat import private

    rooms = {f"compat.private.{module.name}" for module in pkgutil.iter_modules(private.__path__)}
    assert rooms - {"compat.private.waterfall"} == {home for home in homes.PRIVATE.values() if ".private." in home}


def test_the_plugin_turns_the_alias_on_before_the_tests_are_imported(tmp_path):
    test = tmp_path / "test_theirs.py"
    test.write_text("import ferroshap, shap\n\ndef test_it():\n    assert shap.Explainer is ferroshap.Explainer\n")
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "ferroshap.compat.plugin", "-p", "no:cacheprovider"]
    ran = subprocess.run([*command, str(test)], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_importing_the_plugin_alone_does_nothing():
    run("import sys, ferroshap.compat.plugin; assert 'shap' not in sys.modules", before="")
