"""Fixtures of the command's tests."""

import pyarrow.parquet
import pytest
from tests.surface.command import XGBOOST, rows_of


@pytest.fixture
def rows(tmp_path):
    """The recorded rows of the XGBoost model, as a Parquet file."""
    path = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(rows_of(XGBOOST), path)
    return path
