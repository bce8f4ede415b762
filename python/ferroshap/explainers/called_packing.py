"""From games played one by one to an Explanation for each input."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explainers.names import numbered
from ferroshap.explainers.names import output_names as names_of_outputs
from ferroshap.explainers.outputs import OutputChoice, take_outputs
from ferroshap.explanation import Explanation, NameTable
from ferroshap.inputs import read_table

if TYPE_CHECKING:
    from ferroshap.explainers.called_route import CalledRoute

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Played:
    """The game of one row, played.

    Attributes
    ----------
    values, std_errors : ndarray of shape ``(n_players, n_outputs)``
        What players receive.
    base, full : ndarray of shape ``(n_outputs,)``
        The worths of nobody and of everybody.
    n_evaluations : int
        Coalitions that were evaluated.
    status : str
        How it ended.
    is_vector : bool
        Whether the model returns one dimension.
    shapes : list of tuple of int
        The shape of the values of each input.
    clustering : ndarray or None
        The tree of the players.
    main_effects : ndarray of shape ``(n_players, n_outputs)``, or None
        Where asked for.
    """

    values: Floats
    std_errors: Floats
    base: Floats
    full: Floats
    n_evaluations: int
    status: str
    is_vector: bool
    shapes: list[tuple[int, ...]]
    clustering: Any
    main_effects: Floats | None


class Inputs:
    """The inputs of a call: rows of each, side by side.

    Parameters
    ----------
    args : tuple of sequences or tables
        One for each input.
    feature_names : list of str, list of lists of str, or None
        Of the user's, for the first input, or for each.
    """

    def __init__(self, args: tuple[Any, ...], feature_names: Any) -> None:
        """Turn frames into rows, and check that there are equally many."""
        if not args:
            msg = "no inputs were given: pass the rows of each input"
            raise OptionError(msg)
        is_listed = feature_names is not None and len(feature_names) and not isinstance(feature_names[0], str)
        names = list(feature_names) if is_listed else [feature_names]
        self.names: list[Any] = [*names, *[None] * (len(args) - len(names))]
        self.args: list[Any] = []
        for place, arg in enumerate(args):
            if hasattr(arg, "columns") or hasattr(arg, "column_names"):
                table = read_table(arg, argument=f"input {place}")
                self.names[place] = table.names or self.names[place]
                self.args.append(table.display)
            else:
                self.args.append(arg["text"] if isinstance(arg, dict) and "text" in arg else arg)
        counts = [len(arg) for arg in self.args]
        if len(set(counts)) > 1:
            msg = f"the inputs have {counts} rows, but must have equally many"
            raise DimensionError(msg)
        self.n_rows = counts[0]

    def row(self, number: int) -> list[Any]:
        """One row of each."""
        return [arg[number] for arg in self.args]


def packed_rows(route: "CalledRoute", inputs: Inputs, played: list[Played], given: dict[str, Any]) -> Any:
    """Make an Explanation for each input; the only one by itself."""
    rows = [inputs.row(number) for number in range(len(played))]
    transform = getattr(route.masker, "data_transform", None)
    shown = rows if transform is None else [list(transform(*row)) for row in rows]
    named = getattr(route.masker, "feature_names", None)
    by_row = [list(named(*row)) for row in rows] if callable(named) else None
    outputs = _Outputs(route, rows, played, given["outputs"])
    found, first = [], 0
    for place in range(len(inputs.args)):
        shapes = [row.shapes[place] for row in played]
        sizes = [int(np.prod(shape)) for shape in shapes]
        if len({*shapes}) > 1:
            msg = (
                f"input {place} has values of shapes {sorted({*shapes})}: rows of different sizes have no table in "
                "common, so explain them one by one"
            )
            raise DimensionError(msg)
        shape = shapes[0] if shapes else (0,)
        part = slice(first, first + (sizes[0] if sizes else 0))
        names = inputs.names[place] if by_row is None else _common([row[place] for row in by_row])
        data = [row[place] for row in shown]
        found.append(_explanation(route, played, outputs, part, shape, data, names, given))
        first = part.stop
    return found[0] if len(found) == 1 else found


def _explanation(
    route: "CalledRoute",
    played: list[Played],
    outputs: "_Outputs",
    part: slice,
    shape: tuple[int, ...],
    data: list[Any],
    names: Any,
    given: dict[str, Any],
) -> Explanation:
    """The Explanation of one input."""
    n_rows, n_players = len(played), int(np.prod(shape))

    def of_players(parts: list[Floats]) -> Floats:
        stacked = np.array([values[part] for values in parts])
        return outputs.taken(stacked.reshape(n_rows, *shape, outputs.count))

    axes = ("row", *("feature",) * len(shape), *(() if outputs.is_vector else ("output",)))
    fields: dict[str, Any] = {
        "base_values": outputs.taken(np.array([row.base for row in played]).reshape(n_rows, outputs.count)),
        "n_evaluations": np.array([row.n_evaluations for row in played], dtype=np.int64),
        "status": np.array([row.status for row in played], dtype="U12"),
        "plan": route.plan,
        "seed": route.seed,
        **outputs.fields,
    }
    array = _as_array(data, (n_rows, *shape))
    if array is not None:
        fields["data"] = array
    if len(shape) == 1:
        listed = numbered("Feature", n_players) if names is None or len(names) != n_players else names
        fields["feature_names"] = NameTable([str(name) for name in listed])
    is_exact = all(row.status == "EXACT" for row in played)
    if given.get("error_bounds") or not is_exact:
        fields["error_std"] = of_players([row.std_errors for row in played])
    if played and all(row.main_effects is not None for row in played) and given.get("main_effects"):
        fields["main_effects"] = of_players([row.main_effects for row in played if row.main_effects is not None])
    trees = [row.clustering for row in played if row.clustering is not None]
    if len(trees) == n_rows and trees and len(trees[0]) == n_players - 1:
        is_one = all(np.array_equal(tree, trees[0]) for tree in trees)
        fields["clustering"] = trees[0] if is_one else np.array(trees)
    return Explanation._trusted(of_players([row.values for row in played]), axes, fields)  # noqa: SLF001 - ours


class _Outputs:
    """The outputs that are kept, and their names."""

    def __init__(self, route: "CalledRoute", rows: list[list[Any]], played: list[Played], wanted: Any) -> None:
        #: Outputs of the model; one where no row tells how many.
        self.count = len(played[0].full) if played else 1
        full = np.array([row.full for row in played]).reshape(len(played), self.count)
        self.is_vector = all(row.is_vector for row in played)
        self._numbers: Any = None
        self.fields: dict[str, Any] = {}
        given, own = route.output_names, getattr(route.model.inner_model, "output_names", None)
        if given is None and callable(own):
            given = _common([list(own(*row)) for row in rows])
        names = [] if self.is_vector else names_of_outputs(given, route.model, full.shape[1])
        if wanted is not None:
            self._numbers = OutputChoice(wanted, names, is_vector=self.is_vector).numbers(full)
            taken = np.array(names, dtype=object)[self._numbers]
            self.fields["output_names"] = NameTable(taken) if taken.ndim == 1 else taken
            self.fields["output_indexes"] = self._numbers
        elif not self.is_vector:
            self.fields["output_names"] = NameTable(names)

    def taken(self, values: Floats) -> Floats:
        """Those of some values, whose last axis has the outputs."""
        if self._numbers is not None:
            values = take_outputs(values, self._numbers)
        return np.ascontiguousarray(values[..., 0] if self.is_vector else values)


def _common(by_row: list[Any]) -> Any:
    """What all rows agree on; None where they do not."""
    if not by_row or by_row[0] is None:
        return None
    first = list(by_row[0])
    return first if all(list(names) == first for names in by_row) else None


def _as_array(data: list[Any], shape: tuple[int, ...]) -> Any:
    """The data of all rows as one array of that shape; None where it has another."""
    try:
        array = np.array(data)
    except ValueError:
        return None
    return array if array.shape == shape else None
