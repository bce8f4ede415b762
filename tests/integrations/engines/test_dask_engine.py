"""Dask: the same values from every scheduler, lazily."""

import pickle

import numpy as np
import pytest

pytest.importorskip("dask.dataframe", reason="needs Dask: pip install ferroshap[distributed]")
pytest.importorskip("distributed", reason="needs Dask's scheduler: pip install ferroshap[distributed]")
pd = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")
cloudpickle = pytest.importorskip("cloudpickle")

import dask  # noqa: E402 - after the skips
import dask.array  # noqa: E402
import dask.dataframe  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402
from tests.integrations.engines.engine_cases import CASES, NAMES, explainer, table, trees  # noqa: E402

from ferroshap import KernelExplainer, TreeExplainer  # noqa: E402
from ferroshap.engines.dask import explain  # noqa: E402
from ferroshap.estimators import Leverage  # noqa: E402

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def processes():
    workers = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(processes=True, **workers) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def threads():
    workers = {"n_workers": 1, "threads_per_worker": 3, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(processes=False, **workers) as cluster, Client(cluster) as client:
        yield client


def frame(rows, n_partitions=5):
    return dask.dataframe.from_pandas(rows, npartitions=n_partitions)


def assert_same(values, rows, one, **layout):
    """The bits of a serial call on what Dask makes of the rows: it has strings of its own."""
    pd.testing.assert_frame_equal(values, one.explain_frame(rows, row_key="content", **layout), check_exact=True)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("scheduler", ["sync", "threads"])
def test_values_are_the_serial_ones(case, scheduler):
    rows, one = frame(table(), 20), explainer(case)
    values = explain(rows, one, **CASES[case]).compute(scheduler=scheduler)
    assert_same(values, rows.compute(), one, **CASES[case])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cluster", ["processes", "threads"])
def test_values_of_a_cluster_are_the_serial_ones(case, cluster, request):
    client = request.getfixturevalue(cluster)
    rows, one = frame(table()), explainer(case)
    values = client.compute(explain(rows, one, **CASES[case])).result()
    assert_same(values, rows.compute(scheduler="sync"), one, **CASES[case])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("chunks", [(13, 3), (60, 8), ((20, 0, 40), (8,))])
def test_an_array_gives_the_values_of_a_serial_call(case, chunks):
    rows, one, dtype = table().to_numpy(), explainer(case), CASES[case].get("dtype", "float64")
    values = explain(dask.array.from_array(rows, chunks), one, dtype=dtype)
    assert values.chunks == (dask.array.from_array(rows, chunks).chunks[0], (len(NAMES),))
    options = {"dtype": dtype} if "trees" in case else {"row_key": "content"}
    serial = one(rows, silent=True, **options).values
    assert values.dtype == serial.dtype
    assert values.compute(scheduler="sync").tobytes() == serial.tobytes()


def test_a_column_of_numbers_gives_the_values_of_the_whole_table():
    rows, one = table().assign(number=np.arange(60)), explainer("a design a row")
    values = explain(frame(rows.iloc[::-1].set_index(table().index)), one, row_key="number", keep="number")
    whole = one.explain_frame(rows, keep="number")  # rows count from 0
    found = values.compute(scheduler="sync").sort_values("number")
    assert found.to_numpy().tobytes() == whole.to_numpy().tobytes()
    by_content = explain(frame(rows), one, keep="number").compute(scheduler="sync")
    assert by_content.to_numpy().tobytes() != whole.to_numpy().tobytes()


def test_an_array_of_unknown_length_is_explained_by_its_blocks():
    rows, one = table().to_numpy(), explainer("trees")
    chosen = dask.array.from_array(rows, (20, 8))
    values = explain(chosen[chosen[:, 0] > 0], one)
    assert np.isnan(values.shape[0])
    expected = one(rows[rows[:, 0] > 0]).values
    assert values.compute(scheduler="sync").tobytes() == expected.tobytes()


def test_several_outputs_are_the_last_axis_of_an_array():
    background, rows = table(20, seed=2).to_numpy(), table(6).to_numpy()
    both = KernelExplainer(lambda rows: rows[:, :2] * rows[:, 2:4], background, nsamples=60)
    values = explain(dask.array.from_array(rows, (4, 8)), both)
    assert values.shape == (6, 8, 2)
    assert values.compute(scheduler="sync").tobytes() == both(rows, silent=True).values.tobytes()


def test_nothing_runs_before_it_is_computed():
    def model(rows):
        if len(rows) and asked:
            pytest.fail("the model was asked")
        return rows[:, 0]

    asked = []
    one = KernelExplainer(model, table(20, seed=2).to_numpy(), feature_names=NAMES, nsamples=60)
    asked.append(True)

    def part(number):
        pytest.fail("a partition was read")

    rows = dask.dataframe.from_map(part, range(4), meta=table(0))
    values = explain(rows, one, keep="a", dtype="float32", top_k=2)
    assert values.npartitions == 4
    assert list(values.columns) == [
        field.name
        for field in one.output_schema(
            keep="a", dtype="float32", top_k=2, input_schema=pyarrow.Schema.from_pandas(rows._meta)
        )
    ]
    array = dask.array.map_blocks(
        lambda: pytest.fail("a block was read"), chunks=((2, 2), (8,)), dtype=float, meta=np.empty((0, 0))
    )
    assert explain(array, one).shape == (4, 8)


@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"dtype": "float32"},
        {"layout": "list"},
        {"top_k": 3},
        {"keep": ["id", "day", "word"]},
        {"interactions": True},
    ],
    ids=str,
)
def test_what_is_known_beforehand_is_what_comes(layout):
    rows = table().assign(id=range(60), day=pd.Timestamp("2026-01-01"), word="x")
    values = explain(frame(rows), explainer("trees"), **layout)
    dask.dataframe.utils.assert_eq(
        values, values.compute(scheduler="sync"), scheduler="sync"
    )  # with types, of each part


def test_divisions_and_index_are_those_of_the_rows():
    rows = frame(table())
    values = explain(rows, explainer("trees"))
    assert values.divisions == rows.divisions
    unknown = rows.clear_divisions()
    assert explain(unknown, explainer("trees")).divisions == unknown.divisions
    one = values.loc["row 030"].compute(scheduler="sync")
    assert_same(one, table().loc[["row 030"]].set_axis(one.index), explainer("trees"))


@pytest.mark.parametrize("layout", [{}, {"top_k": 2, "keep": "a"}], ids=str)
def test_partitions_without_rows_stay(layout, processes):
    rows = frame(table())
    few = rows[rows.a > table().a.nlargest(3).iloc[-1]]
    values = explain(few, explainer("permutations"), **layout)
    assert (few.map_partitions(len).compute() == 0).sum() >= 3
    assert_same(values.compute(), few.compute(), explainer("permutations"), **layout)
    none = explain(rows[rows.a > 100], explainer("permutations"), **layout).compute()
    assert len(none) == 0
    assert list(none.dtypes) == list(values.dtypes)


def letters():
    """Rows with words and categories, and a model of them."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        {"x": rng.normal(size=40), "word": rng.choice(["a", "b"], 40), "kind": rng.choice(["u", "v", "w"], 40)}
    )
    rows.loc[[3, 30], "word"] = None

    def model(rows):
        worth = {"a": 1.0, "b": 3.0, "u": -1.0, "v": 2.0, "w": 5.0}
        words, kinds = ([worth.get(word, 0.0) for word in rows[:, column]] for column in (1, 2))
        return rows[:, 0].astype(float) * np.array(words) * np.array(kinds)

    return rows.astype({"kind": "category"}), model


@pytest.mark.parametrize("strings", ["as pandas has them", "pyarrow's", "objects"])
def test_categories_unknown_to_dask_and_its_strings_are_the_words_they_are(strings):
    rows, model = letters()
    one = KernelExplainer(model, rows.iloc[:5], method=Leverage(shared_design=False), nsamples=6)
    serial = one.explain_frame(rows, row_key="content")
    with dask.config.set({"dataframe.convert-string": strings == "pyarrow's"}):
        given = frame(rows.astype({"word": object}) if strings == "objects" else rows)
        given["kind"] = given.kind.astype(object).astype("category")  # categories by partition
        assert not given.kind.cat.known
        values = explain(given, one, keep="kind").compute(scheduler="sync")
    pd.testing.assert_frame_equal(values.drop(columns="kind"), serial, check_exact=True)
    assert values.kind.astype(object).tolist() == rows.kind.tolist()


def test_only_columns_that_are_needed_are_read(tmp_path):
    rows = table().assign(id=range(60), text="long")
    rows.to_parquet(tmp_path / "rows.parquet")
    values = explain(dask.dataframe.read_parquet(tmp_path), explainer("trees"), keep="id")
    (read,) = [part for part in values.simplify().expr.walk() if type(part).__name__.startswith("ReadParquet")]
    assert sorted(read.columns) == sorted([*NAMES, "id"])


def test_partitions_map_one_to_one_and_nothing_is_shuffled():
    rows, one = frame(table()), explainer("permutations")
    graph = dict(explain(rows, one).dask)
    explained = [key for key in graph if key[0].startswith("explained")]
    assert len(explained) == rows.npartitions
    (carried,) = [key for key in graph if key[0].startswith("explainer")]
    assert len(graph) == 1 + 2 * rows.npartitions  # the explainer, the parts, their values
    for key in explained:
        others = graph[key].dependencies - {carried}
        assert [other[1] for other in others] == [key[1]]


def test_the_graph_holds_the_explainer_once():
    one = TreeExplainer(trees(200), feature_names=NAMES)
    size = len(pickle.dumps(one))
    small, large = (len(cloudpickle.dumps(explain(frame(table(200), n), one).optimize().dask)) for n in (1, 100))
    assert size < small < 1.1 * size + 60_000
    assert large - small < 0.5 * size  # a hundred tasks, and not one more explainer


def test_values_that_are_kept_by_the_workers_are_the_same(processes):
    rows, one = frame(table()), explainer("permutations")
    kept = explain(rows, one).persist()
    assert_same(kept.compute(), rows.compute(), one)
    (optimised,) = dask.optimize(explain(rows, one))
    assert_same(optimised.compute(), rows.compute(), one)


def test_the_same_rows_and_explainer_are_the_same_keys():
    rows = frame(table())
    first, second = (explain(rows, explainer("trees")) for _ in range(2))
    assert first._name == second._name
    assert explain(rows, explainer("trees"), dtype="float32")._name != first._name
    assert explain(rows, TreeExplainer(trees(9), feature_names=NAMES))._name != first._name
