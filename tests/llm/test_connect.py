"""What a user calls a model, and where its key is found."""

import pickle

import pytest

from syda.errors import MissingKeyError, ModelError, SydaError
from syda.llm.connect import connect
from syda.llm.scripted import ScriptedClient
from syda.schemas import ModelConfig, ProxyConfig

VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OLLAMA_HOST", "OPENAI_BASE_URL")
VARIABLES += ("ANTHROPIC_BASE_URL", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "SYDA_LLM_API_KEY")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """No key and no .env of this machine."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "key", "endpoint", "model", "path"),
    [
        ("openai:gpt-5", "OPENAI_API_KEY", "https://api.openai.com/v1", "gpt-5", "/responses"),
        ("gpt-4-turbo", "OPENAI_API_KEY", "https://api.openai.com/v1", "gpt-4-turbo", "/responses"),
        ("anthropic:claude-x", "ANTHROPIC_API_KEY", "https://api.anthropic.com", "claude-x", "/v1/messages"),
        ("claude-opus-5-5", "ANTHROPIC_API_KEY", "https://api.anthropic.com", "claude-opus-5-5", "/v1/messages"),
        ("ollama:llama3.2:3b", None, "http://localhost:11434/v1", "llama3.2:3b", "/chat/completions"),
        ("http://10.0.0.7:8000/v1/#qwen", None, "http://10.0.0.7:8000/v1", "qwen", "/chat/completions"),
        (
            "gemini-2.5-flash",
            "GEMINI_API_KEY",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "gemini-2.5-flash",
            "/chat/completions",
        ),
    ],
)
def test_names(name, key, endpoint, model, path, monkeypatch):
    if key:
        with pytest.raises(MissingKeyError, match=key):
            connect(name)
        monkeypatch.setenv(key, "sk-1")
    client = connect(name)
    assert (client.endpoint, client.model, client._path) == (endpoint, model, path)


def test_a_key_may_stand_in_a_file_or_be_given(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-of-the-file\n")
    inner = tmp_path / "deep" / "down"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert connect("gpt-5").sdk().api_key == "sk-of-the-file"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    assert connect("gpt-5").sdk().api_key == "sk-of-the-environment"
    assert connect("gpt-5", {"openai": "sk-given"}).sdk().api_key == "sk-given"


def test_a_key_goes_to_nobody_else(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert connect("http://other.example/v1#m").sdk().api_key == "none"
    assert connect("ollama:m").sdk().api_key == "none"


def test_settings_say_where_a_provider_listens(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "gpu.local:11434")
    assert connect("ollama:m").endpoint == "http://gpu.local:11434/v1"
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k")
    with pytest.raises(ModelError, match="AZURE_OPENAI_ENDPOINT"):
        connect("azure:deployment")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com/")
    assert connect("azure:deployment").endpoint == "https://mine.openai.azure.com/openai/v1"
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gate/v1")
    assert (connect("gpt-5").endpoint, connect("gpt-5")._path) == ("http://gate/v1", "/chat/completions")


def test_a_proxy():
    proxy = ProxyConfig(base_url="http://gate/", path_format="proxy/{provider}/completions")
    client = connect(ModelConfig(provider="openai", model_name="m", proxy=proxy), {"openai": "k"})
    assert (client.endpoint, client._path) == ("http://gate", "/proxy/openai/completions")


def test_a_client_of_ones_own_is_used_as_it_is():
    own = ScriptedClient([])
    assert connect(own) is own


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("opanai:gpt-5", "there is no provider 'opanai'; did you mean 'openai'"),
        ("my-model", "cannot tell whose model 'my-model' is"),
        ("openai:", "which model of 'openai'"),
        ("http://host/v1", "which model of 'compatible'"),
        (7, "got int"),
        (None, "got NoneType"),
        (ModelConfig(provider="compatible", model_name="m"), "needs a base URL"),
    ],
)
def test_what_is_no_model(wrong, says, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with pytest.raises(ModelError, match=says):
        connect(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "gate"},
        {"base_url": "http://g", "path_format": "/{model}"},
        {"base_url": "http://g", "path_format": "/{provider.x}"},
        {"base_url": "http://g", "path_format": "http://elsewhere/{provider}"},
        {"base_url": "http://g", "path_format": "/../{provider}"},
        {"base_url": "http://g", "x": 1},
    ],
)
def test_what_is_no_proxy(wrong):
    with pytest.raises(ValueError, match=r"base_url|path_format|x"):
        ProxyConfig(**wrong)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("openai", "openai:MODEL"),
        ("openai:", "openai:MODEL"),
        ("ollama", "ollama:MODEL"),
        ("http://host/v1", "URL#MODEL"),
    ],
)
def test_a_provider_without_a_model_is_asked_for_one_before_a_key(name, written):
    with pytest.raises(ModelError, match=f"which model of '.*'\\? Write it as '{written}'"):
        connect(name)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ModelConfig(provider="openai", modelname="m"), "ModelConfig has no field 'modelname'; did you mean"),
        (lambda: ModelConfig(provider="openai", temperature=3), "ModelConfig.temperature: Input should be less than"),
        (lambda: ModelConfig(model_name="m"), "ModelConfig.provider: Field required"),
        (lambda: ModelConfig(provider="o", proxy={"base_url": "gate"}), "base_url: expected a URL that begins with"),
        (lambda: ProxyConfig(base_url="gate"), "^ProxyConfig.base_url: expected a URL that begins with"),
        (lambda: ProxyConfig(base_url="http://g", header={"a": "sk-1"}), "no field 'header'; did you mean 'headers'"),
    ],
)
def test_settings_that_cannot_be_are_errors_of_syda_that_name_the_field(make, says):
    with pytest.raises(SydaError, match=says) as caught:
        make()
    assert isinstance(caught.value, ValueError)
    assert "sk-1" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_settings_can_be_copied_and_pickled():
    config = ModelConfig(provider="openai", model_name="m", proxy=ProxyConfig(base_url="http://g"))
    assert pickle.loads(pickle.dumps(config)) == config.model_copy() == ModelConfig(**config.model_dump())


@pytest.mark.parametrize("code", ["utf-16", "latin-1"])
def test_a_file_of_settings_in_another_code(tmp_path, code):
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-é\n", encoding=code)
    with pytest.raises(ModelError, match="UTF-8"):
        connect("gpt-5")


def test_the_version_in_an_address_of_anthropic(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gate.example/v1/")
    client = connect("claude-x", {"anthropic": "k"})
    assert (client.endpoint, client._path) == ("https://gate.example", "/v1/messages")


def test_azure_behind_a_proxy():
    proxy = ProxyConfig(base_url="http://gate", headers={"X-Team": "data"}, params={"api-version": "7"})
    client = connect(ModelConfig(provider="azure", model_name="m", proxy=proxy), {"azure": "k"})
    assert (client._headers, client._params) == ({"api-key": "k", "X-Team": "data"}, {"api-version": "7"})


class Entry:
    """An entry point of another package."""

    def __init__(self, name):
        self.name = name

    def load(self):
        raise ZeroDivisionError("of its own")


def test_providers_of_other_packages(monkeypatch):
    monkeypatch.setattr("syda.llm.connect._others", lambda: (Entry("openai"), Entry("mine")))
    assert connect("openai:gpt-5", {"openai": "k"}).endpoint == "https://api.openai.com/v1"
    with pytest.raises(ModelError, match="'mine' cannot be loaded: ZeroDivisionError: of its own"):
        connect("mine:m")
