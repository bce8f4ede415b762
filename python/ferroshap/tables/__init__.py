"""Games whose worths are all known, and what small sets of players receive."""

from ferroshap.tables.exact import interaction_values, shapley_values
from ferroshap.tables.interactions import INDICES, Interactions, as_index, sets_by_size

__all__ = ["INDICES", "Interactions", "as_index", "interaction_values", "sets_by_size", "shapley_values"]
