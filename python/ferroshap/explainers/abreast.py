"""Rows that each ask for coalitions of their own, side by side."""

from collections.abc import Iterator

from ferroshap.explainers.rows import RowsExplained
from ferroshap.explainers.turns import in_steps
from ferroshap.game import Players
from ferroshap.progress import Progress
from ferroshap.run.abreast import Abreast


class AbreastRows(RowsExplained):
    """Values of rows for a method whose questions depend on worths; rows share the model's batches all the same."""

    def _parts(self, group: Players, budget: int) -> Iterator[tuple[Players, int]]:
        # Each row remembers its coalitions and their worths.
        n_words = -(-group.n_players // 64)
        row_bytes = 8 * (self.reference.n_outputs * (2 * budget + 4 * group.n_players) + n_words * budget)
        step = max(1, self.shared_bytes // row_bytes)
        for first in range(0, len(group.rows), step):
            yield group.part(slice(first, first + step)), 0

    def _play_part(
        self, part: Players, budget: int, row_key: int, deadline: float | None, progress: Progress
    ) -> Iterator[None]:
        alone = [part.part(slice(place, place + 1)) for place in range(len(part.rows))]
        runs = Abreast(
            [self.game(row, len(alone)) for row in alone],
            self.settings.method,
            budget=budget,
            seed=self.settings.seed,
            row_key=row_key,
            deadline=deadline,
            progress=progress,
        )
        try:
            yield from in_steps(runs)
        finally:
            # If the model failed or Ctrl-C came, what was reached is kept, and their exception goes on.
            runs.withdraw()
            for row, outcome in zip(alone, runs.outcomes(), strict=True):
                self._record(row, outcome)
