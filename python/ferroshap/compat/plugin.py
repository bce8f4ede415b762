"""A pytest plugin: ``pytest -p ferroshap.compat.plugin`` runs tests written for `shap` against ferroshap."""

from ferroshap.compat.alias import install


def pytest_load_initial_conftests() -> None:
    """Turn the alias on before any `conftest.py` can import the real `shap`; importing this file does nothing."""
    install()
