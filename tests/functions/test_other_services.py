"""Functions that use what is not here: a DynamoDB table, and the SDK that AWS's runtimes have."""

import json
import sys

import boto3
import pytest
from moto.server import ThreadedMotoServer

from deploying import Site, wild, zipped
from running import REGION
from serving import OwnServer, run
from test_functions_as_hooks import check_allowed, check_denied

PYTHON = {"Runtime": "python3.12"}
NODE = {"Runtime": "nodejs20.x", "MemorySize": 512}
HOOKS = [
    ("table.py", "table.handler", PYTHON),
    ("table.mjs", "table.handler", NODE),
    ("table.js", "table.handler", NODE),
]


@pytest.fixture(scope="module")
def dynamodb():
    """The URL of a DynamoDB with a table of known devices."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    moto.start()
    url = "http://{}:{}".format(*moto.get_host_and_port())
    client = boto3.client("dynamodb", REGION, endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="x")  # fmt: skip
    client.create_table(
        TableName="devices",
        KeySchema=[{"AttributeName": "serial", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "serial", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(
        TableName="devices", Item={"serial": {"S": "known-1"}, "location": {"S": "Lagos"}}
    )
    yield url
    moto.stop()


@pytest.fixture(scope="module")
def with_endpoints(serve, dynamodb):
    return serve(more=f'[functions.endpoints]\ndynamodb = "{dynamodb}"\nssm = "http://127.0.0.1:9"')


@pytest.mark.parametrize("file, handler, options", HOOKS)
def test_a_hook_asks_a_table_that_the_configuration_names(with_endpoints, file, handler, options):
    site = with_endpoints
    claim = site.claim("*")
    template = site.hooked(site.deploy(wild(file), Handler=handler, **options))
    check_allowed(site, claim, template, "known-1", "Lagos")
    check_denied(site, claim, template, site.unique("unknown"))


def test_a_functions_own_environment_wins(with_endpoints, site, claim, dynamodb):
    variables = {"Variables": {"AWS_ENDPOINT_URL_DYNAMODB": dynamodb}}
    hook = site.deploy(wild("table.py"), Handler="table.handler", Environment=variables, **PYTHON)
    check_allowed(site, claim, site.hooked(hook), "known-1", "Lagos")
    wrong = {"Variables": {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9"}}
    hook = with_endpoints.deploy(
        wild("table.py"), Handler="table.handler", Environment=wrong, **PYTHON
    )
    error, answer = invoke(with_endpoints, hook, parameters={"SerialNumber": "known-1"})
    assert error == "Unhandled" and "127.0.0.1:9" in answer["errorMessage"]


@pytest.mark.parametrize("file, handler, options", HOOKS)
def test_without_it_the_log_and_the_hook_test_say_how(site, file, handler, options):
    template = site.hooked(site.deploy(wild(file), Handler=handler, **options))
    done = run(
        *("hook", "test", "--api", site.server.api, "--credentials", site.server.credentials),
        *("--template", template, "--parameter", "SerialNumber=known-1", "--output", "json"),
    )
    told = json.loads(done.stdout)
    assert done.returncode == 3 and told["hook"]["verdict"] == "failed"
    assert "There is no DynamoDB here" in told["hook"]["reason"]
    [remark] = told["remarks"]
    assert "AWS_ENDPOINT_URL_DYNAMODB" in remark and "[functions.endpoints]" in remark


SDK = """
const names = ['client-dynamodb', 'client-iot', 'client-iot-data-plane', 'client-lambda',
  'client-s3', 'client-secrets-manager', 'client-ssm', 'client-sts', 'lib-dynamodb'];
const { createRequire } = await import('node:module');
const require = createRequire(import.meta.url);

export const handler = async () => {
  const found = {};
  for (const name of names) {
    const imported = await import(`@aws-sdk/${name}`);
    found[name] = Object.keys(imported).length > 0 && Object.keys(require(`@aws-sdk/${name}`)).length > 0;
  }
  const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
  const caller = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  return { found, caller: caller.Arn };
};
"""


def test_functions_of_nodejs_find_the_sdk_by_import_and_by_require(site):
    function = site.deploy({"app.mjs": SDK}, Timeout=30, **NODE)
    error, answer = invoke(site, function)
    assert error is None, answer
    assert len(answer["found"]) == 9 and all(answer["found"].values())
    assert ":assumed-role/functions/" in answer["caller"]


def test_a_package_of_the_functions_own_comes_before_that_of_the_runtime(site):
    own = {
        "app.mjs": "import { own } from '@aws-sdk/client-iot';\nexport const handler = async () => own;\n",
        "node_modules/@aws-sdk/client-iot/package.json": '{"name": "@aws-sdk/client-iot", "main": "x.js"}',
        "node_modules/@aws-sdk/client-iot/x.js": "exports.own = 'mine';\n",
    }
    assert invoke(site, site.deploy(own, **NODE)) == (None, "mine")


def invoke(site, function, **event):
    answer = site.functions.invoke(FunctionName=function, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def lints_of(answer):
    header = answer["ResponseMetadata"]["HTTPHeaders"].get("x-fleetwright-lint", "[]")
    return [lint["message"] for lint in json.loads(header)]


@pytest.fixture(scope="module")
def without_runtimes(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bare")
    config = (
        f'[functions]\nruntimes-dir = "{directory}/none"\n'
        f'[functions.interpreters]\n"python3.8" = "{directory}/python3.8"\n'
    )
    interpreter = directory / "python3.8"
    interpreter.symlink_to(sys.executable)
    (directory / "none").mkdir()
    with OwnServer(directory, config) as own:
        site = Site(own.start(), own)
        interpreter.unlink()
        yield site


@pytest.mark.parametrize(
    "runtime, lacks",
    [
        ("python3.11", "run `fleetwright function install-runtime python`"),
        ("nodejs20.x", "run `fleetwright function install-runtime nodejs`"),
        ("python3.8", "/python3.8: No such file or directory"),
    ],
)
def test_a_function_whose_runtime_is_missing_is_made_with_a_lint(without_runtimes, runtime, lacks):
    site = without_runtimes
    code = {"ZipFile": zipped({"app.py": "", "bootstrap": ""})}
    members = {"Role": "arn:aws:iam::123456789012:role/functions", "Handler": "app.handler"}
    name = site.unique("function")
    made = site.functions.create_function(FunctionName=name, Runtime=runtime, Code=code, **members)
    [lint] = lints_of(made)
    assert lacks in lint and runtime in lint
    assert lint in site.read_log()
    changed = site.functions.update_function_configuration(FunctionName=name, Description="x")
    assert lints_of(changed) == [lint]
    changed = site.functions.update_function_configuration(FunctionName=name, Runtime="provided")
    assert lints_of(changed) == []


def test_a_function_whose_runtime_is_there_is_made_without(site):
    name = site.deploy({"app.py": ""})
    changed = site.functions.update_function_configuration(FunctionName=name, Description="x")
    assert lints_of(changed) == []
