"""Every law that asks for `record` is a law for every estimator."""

from tests.contract.records import ESTIMATORS


def pytest_generate_tests(metafunc):
    if "record" in metafunc.fixturenames:
        metafunc.parametrize("record", ESTIMATORS, ids=[record.name for record in ESTIMATORS])
