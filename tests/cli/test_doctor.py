from __future__ import annotations

import json

UNUSED = "http://127.0.0.1:9"


def lines(ran):
    return {check["name"]: check for check in json.loads(ran.stdout)["checks"]}


def test_a_machine_without_comfyui_and_gpu_is_well_and_is_told_what_it_could_have(curate):
    ran = curate("doctor", "--server", UNUSED, "--json")

    found = lines(ran)
    assert ran.returncode == 0
    assert found["Python"]["state"] == found["decoder"]["state"] == found["disk"]["state"] == "ok"
    assert "h264, hevc" in found["decoder"]["found"]
    assert found["ComfyUI"]["state"] == "optional"
    assert UNUSED in found["ComfyUI"]["found"]
    assert "--backend embedded" in found["ComfyUI"]["remedy"]


def test_every_line_that_is_not_ok_says_a_remedy(curate):
    found = lines(curate("doctor", "--server", UNUSED, "--json"))

    assert all(bool(check["remedy"]) == (check["state"] != "ok") for check in found.values())


def test_a_comfyui_is_named_with_its_version_and_the_models_it_lacks(curate, comfy):
    found = lines(curate("doctor", "--server", comfy.url, "--json"))

    assert found["ComfyUI"]["state"] == "ok"
    assert comfy.version() in found["ComfyUI"]["found"]
    assert found["Kontext models"]["state"] == "optional"
    assert "ae.safetensors in models/vae" in found["Kontext models"]["found"]


def test_a_full_disk_is_missing_space_and_ends_with_one(curate, monkeypatch):
    from curate import doctor

    monkeypatch.setattr(doctor, "_FREE_GB", 1e9)

    (disk,) = (c for c in doctor.checks(curate.workspace, []) if c.name == "disk")
    assert disk.state == "missing"
    assert "curate -w DIR" in disk.remedy


def test_people_read_lines_and_a_remedy_keeps_its_brackets(curate):
    ran = curate("doctor", "--server", UNUSED)

    assert ran.stdout.startswith("ok       Python: ")
