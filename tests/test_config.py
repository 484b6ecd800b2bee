from __future__ import annotations

import pytest

from curate import config
from curate.config import Option
from curate.errors import BadSetting, UnknownSetting

KNOWN = {
    "": {"workspace": Option("workspace")},
    "extract": {"count": Option("count"), "min-scene-len": Option("min_scene_len")},
    "kontext": {"server": Option("servers", is_list=True)},
}


@pytest.fixture
def settings(tmp_path):
    def load(text):
        (tmp_path / "curate.toml").write_text(text, encoding="utf-8")
        return config.load(tmp_path / "curate.toml", KNOWN)

    return load


def test_no_file_sets_nothing(tmp_path):
    assert config.load(tmp_path / "curate.toml", KNOWN) == {}


def test_keys_are_written_as_the_options_are(settings):
    assert settings(
        'workspace = "films"\n[extract]\ncount = 3\nmin_scene_len = 2\n[kontext]\nserver = ["a"]'
    ) == {
        "workspace": "films",
        "extract": {"count": 3, "min_scene_len": 2},
        "kontext": {"servers": ["a"]},
    }


def test_an_unknown_key_names_the_nearest(settings):
    with pytest.raises(UnknownSetting, match=r"extract\.cuont") as error:
        settings("[extract]\ncuont = 3")

    assert "'extract.count'" in error.value.remedy


def test_an_unknown_table_names_the_nearest(settings):
    with pytest.raises(UnknownSetting) as error:
        settings("[extrat]\ncount = 3")

    assert "'extract'" in error.value.remedy


def test_a_value_for_a_command_is_refused(settings):
    with pytest.raises(BadSetting, match="it is a command"):
        settings("extract = 3")


def test_a_windows_path_in_double_quotes_is_explained(settings):
    with pytest.raises(BadSetting) as error:
        settings('workspace = "C:\\Users"')

    assert "forward slashes" in error.value.remedy


def test_a_byte_order_mark_is_forgiven(settings):
    assert settings("\ufeffworkspace = 'x'") == {"workspace": "x"}


def test_the_environment_names_command_and_option():
    variables = {
        "CURATE_WORKSPACE": "films",
        "CURATE_EXTRACT_MIN_SCENE_LEN": "2",
        "CURATE_KONTEXT_SERVER": "http://a:1 http://b:2",
        "CURATE_OTHER": "x",
    }

    assert config.environment(variables, KNOWN) == {
        "workspace": "films",
        "extract": {"min_scene_len": "2"},
        "kontext": {"servers": ["http://a:1", "http://b:2"]},
    }


def test_the_environment_outranks_the_file_option_by_option():
    file = {"workspace": "a", "extract": {"count": 3, "min_scene_len": 1}}
    environment = {"extract": {"count": "5"}, "kontext": {"servers": ["x"]}}

    assert config.merged(file, environment) == {
        "workspace": "a",
        "extract": {"count": "5", "min_scene_len": 1},
        "kontext": {"servers": ["x"]},
    }


def test_a_repeatable_option_may_stand_alone_in_the_file(settings):
    assert settings('[kontext]\nserver = "http://a"') == {"kontext": {"servers": ["http://a"]}}


def test_an_empty_variable_sets_nothing():
    assert config.environment({"CURATE_WORKSPACE": "", "CURATE_EXTRACT_COUNT": ""}, KNOWN) == {}
