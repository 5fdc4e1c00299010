"""The description a vendor gets is true: our document system is built to it, and answers as it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.conformance.connector import ASSIGNMENT, key_of, make_package
from tests.document_system.server import DocumentSystem
from workers.push.rest import RestConnector

OPENAPI = Path(__file__).parents[2] / "workers" / "push" / "openapi.json"
schema = schemathesis.openapi.from_dict(json.loads(OPENAPI.read_text("utf-8")))


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    home = tmp_path_factory.mktemp("openapi")
    with DocumentSystem(home / "system") as system:
        connector = RestConnector({"url": system.url}, home)
        package = make_package(home / "package", key_of("one"))
        connector.forward(connector.put_if_absent(package.key, package), ASSIGNMENT)
        yield system


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_the_answer_is_one_of_those_described(case, system):
    response = case.call(base_url=system.url)
    case.validate_response(
        response,
        checks=[
            schemathesis.checks.not_a_server_error,
            schemathesis.checks.status_code_conformance,
            schemathesis.checks.content_type_conformance,
            schemathesis.checks.response_schema_conformance,
        ],
    )
