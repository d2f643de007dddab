"""tools/gpu_pack.py, gpu_build.py and gpu_bench.py: what is packed, what is built with, and what a failure costs.

The whole of it is the dry run on a processor that docs/benchmarks.md names: a build takes minutes.
"""

from __future__ import annotations

import json
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from tools import gpu_bench, gpu_build, gpu_pack, gpu_plots, gpu_watch

TREE = "llama_cpp_python-1/vendor/llama.cpp"
DECODE = {"daemon_tokens_per_s_at_64": 90.0, "daemon_tokens_per_s_at_8": 40.0, "bare_tokens_per_s_at_8": 44.0}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (f"{TREE}/ggml/src/ggml-cuda/mmq.cu", "llama.cpp/ggml/src/ggml-cuda/mmq.cu"),
        (f"{TREE}/tools/server/main.cpp", "llama.cpp/tools/server/main.cpp"),
        ("llama_cpp_python-1/llama_cpp/llama_cpp.py", "python/llama_cpp/llama_cpp.py"),
        (f"{TREE}/scripts/ui-assets.cmake", "llama.cpp/scripts/ui-assets.cmake"),
        (f"{TREE}/scripts/compare-llama-bench.py", None),
        (f"{TREE}/ggml/src/ggml-vulkan/vulkan.cpp", None),
        (f"{TREE}/tools/ui/src/app.svelte", None),
        (f"{TREE}/models/vocab.gguf", None),
        ("llama_cpp_python-1/README.md", None),
    ],
)
def test_pack_keeps_what_a_build_with_cuda_needs(name: str, kept: str | None) -> None:
    assert gpu_pack.kept_as(name) == kept


def test_packed_source_unpacks_to_what_was_kept(tmp_path: Path) -> None:
    file = tmp_path / "CMakeLists.txt"
    file.write_text("project(llama)", encoding="utf-8")
    long_name = "template-instance-" * 10 + ".cu"
    with tarfile.open(tmp_path / "source.tar.gz", "w:gz") as source:
        source.add(file, f"{TREE}/CMakeLists.txt")
        source.add(file, f"{TREE}/docs/build.md")
        source.add(file, f"{TREE}/ggml/{long_name}")
    gpu_pack.pack_source(tmp_path / "source.tar.gz", tmp_path / "packed.tar.xz")
    with tarfile.open(tmp_path / "packed.tar.xz") as packed:
        assert packed.getnames() == ["llama.cpp/CMakeLists.txt", f"llama.cpp/ggml/{long_name}"]


def test_wheels_are_those_of_the_other_machines_python() -> None:
    lines = ["cyllama==0.2 ; python_full_version < '3.12' \\", "    --hash=sha256:0", "orjson==3 \\"]
    text = "\n".join([*lines, "colorama==1 ; sys_platform == 'win32'"])
    assert gpu_pack.wanted_packages(text, "3.12") == ["orjson"]
    assert gpu_pack.wanted_packages(text, "3.11") == ["cyllama", "orjson"]


def test_all_that_is_packed_has_a_pinned_version(repo: Path) -> None:
    pins = gpu_pack.read_pins((repo / "constraints.txt").read_text(encoding="utf-8"))
    text = (repo / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    assert {*gpu_pack.wanted_packages(text, "3.12"), *gpu_pack.EXTRA, "llama-cpp-python"} <= set(pins)


def test_toolkit_without_cublas_takes_that_of_a_wheel(tmp_path: Path) -> None:
    toolkit, wheel = tmp_path / "cuda", tmp_path / "nvidia/cu13"
    for folder, file in (
        (toolkit / "bin", "nvcc"),
        (wheel / "include", "cublas_v2.h"),
        (wheel / "lib", "libcublas.so.13"),
    ):
        folder.mkdir(parents=True)
        (folder / file).touch()
    flags = gpu_build.library_flags(toolkit, [wheel])
    assert f"-DCUDA_cublas_LIBRARY={wheel}/lib/libcublas.so.13" in flags
    assert f"-DCMAKE_CUDA_FLAGS=-I{wheel}/include" in flags
    (toolkit / "include").mkdir()
    (toolkit / "include/cublas_v2.h").touch()
    assert gpu_build.library_flags(toolkit, [wheel]) == []


def test_toolkit_without_the_drivers_stub_links_without_the_driver(tmp_path: Path) -> None:
    assert gpu_build.driver_flags(tmp_path) == ["-DGGML_CUDA_NO_VMM=ON"]
    stub = tmp_path / "targets/x86_64-linux/lib/stubs/libcuda.so"
    stub.parent.mkdir(parents=True)
    stub.touch()
    assert gpu_build.driver_flags(tmp_path) == []


def test_build_that_fails_says_why_in_built_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_build, "NICE", 0)
    built = gpu_build.build(tmp_path / "nothing", tmp_path / "to", "cpu", ["tiny"])
    assert gpu_build.SOURCE in built["error"]


def test_what_was_built_elsewhere_is_taken_where_the_build_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise gpu_build.BuildError("cmake: ended with exit code 1")

    monkeypatch.setattr(gpu_build, "NICE", 0)
    monkeypatch.setattr(gpu_build, "unpack", lambda *_: None)
    monkeypatch.setattr(gpu_build, "compile_llama", fail)
    assert "exit code 1" in gpu_build.build(tmp_path, tmp_path, "cpu", [])["error"]
    (tmp_path / "llama-server").touch()
    with tarfile.open(tmp_path / gpu_build.PREBUILT, "w:xz") as archive:
        archive.add(tmp_path / "llama-server", "llama-server")
    built = gpu_build.build(tmp_path, tmp_path, "cpu", [])
    assert built["prebuilt"]
    assert not built["error"]
    assert (Path(built["bin"]) / "llama-server").is_file()


def built_in(folder: Path, **more: Any) -> dict[str, Any]:
    return {"device": "cpu", "error": "", "models": {"1b": "1b.gguf", "8b": "8b.gguf"}, "bin": str(folder)} | {
        "python_path": [str(folder)],
        **more,
    }


def test_largest_model_comes_first_and_the_warm_ones_run_side_by_side(tmp_path: Path) -> None:
    planned = gpu_bench.steps(built_in(tmp_path), gpu_bench.USUAL)
    assert [[(step.bench, step.shape) for step in group] for group in planned] == [
        [("village", "8b")],
        [("decode", "8b")],
        [("village", "1b")],
        [("decode", "1b")],
        [("warm", "8b"), ("warm", "1b")],
        [("village", "8b")],
        [("village", "1b")],
    ]
    assert planned[1][0].args[:2] == ("--sequences", "8,16,32,64")
    assert "batch.size=64" in planned[0][0].args
    assert "batch.size=16" in planned[5][0].args


# A bench that says what it is told to: it writes figures, fails, or hangs.
BENCH = """
import sys, time
name, written = sys.argv[2], sys.argv[4]
if name == "decode": time.sleep(600)
if name == "village": sys.exit(3)
open(written, "w").write('{"figures": {"warmed_ms": 1}}')
"""


def test_failed_and_hanging_measurements_cost_their_own_table_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "llm_agentd.py").write_text(BENCH, encoding="utf-8")
    monkeypatch.setitem(gpu_bench.LIMITS_S, "decode", 1)
    monkeypatch.setattr(gpu_bench, "LEAST_S", 0)
    with (tmp_path / "log.txt").open("wb") as log:
        run = gpu_bench.Run(tmp_path, built_in(tmp_path), time.monotonic() + 60, log)
        for bench in ("village", "decode", "warm"):
            run.do([gpu_bench.Step(bench, "1b", "8", ())])
    written = json.loads((tmp_path / "gpu.json").read_bytes())
    assert [one["error"] for one in written["steps"]] == ["exit code 3", "ended at its limit", ""]
    assert written["steps"][2]["report"]["figures"] == {"warmed_ms": 1}


def test_measurement_that_has_no_time_left_is_left_out(tmp_path: Path) -> None:
    with (tmp_path / "log.txt").open("wb") as log:
        run = gpu_bench.Run(tmp_path, built_in(tmp_path), time.monotonic() + gpu_bench.RESERVE_S, log)
        run.do([gpu_bench.Step("warm", "1b", "1", ())])
    assert "no time was left" in run.results[0]["error"]


def test_failed_build_ends_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / gpu_build.BUILT).write_text('{"error": "no nvcc"}', encoding="utf-8")
    (tmp_path / "build.log").write_text("CMake Error", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"CMake Error\n.*no nvcc"):
        gpu_bench.wait_for_build(tmp_path, time.monotonic() + 5)
    with pytest.raises(SystemExit, match="not done"):
        gpu_bench.wait_for_build(tmp_path / "other", time.monotonic())


def test_gpu_figures_leave_out_what_is_no_number() -> None:
    assert gpu_watch.gpu_figures("50, 1000\n[N/A], 7\n100, 3000\n10") == {"busy_percent": 75, "memory_mib": 3000}
    assert gpu_watch.gpu_figures("") == {}


def test_plots_are_drawn_of_what_there_is(tmp_path: Path) -> None:
    village = {"llm-agentd (llama_native) requests_per_s": 9.0, "llama-server -np 64 requests_per_s": 6.0}
    spoken = {
        f"{name} spoken_busy_first_text_p95_s": 0.1 for name in ("llm-agentd (llama_native)", "llama-server -np 64")
    }
    results: list[dict[str, Any]] = [
        {"bench": "decode", "shape": "8b", "sequences": "8,64", "report": {"figures": DECODE}},
        {"bench": "village", "shape": "8b", "sequences": "64", "report": {"figures": village | spoken}},
        {"bench": "warm", "shape": "8b", "error": "exit code 1"},
    ]
    gpu_plots.draw(results, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["gpu-decode.png", "gpu-village.png"]
    assert gpu_plots.curve(DECODE, "daemon_tokens_per_s_at_") == {8: 40.0, 64: 90.0}
    assert gpu_plots.sides(village, "requests_per_s") == {"llm-agentd (llama_native)": 9.0, "llama-server -np 64": 6.0}


def test_background_build_starts_the_same_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "argv", ["gpu_build", str(tmp_path / "none"), str(tmp_path), "--device", "cpu", "--background"]
    )
    assert gpu_build.main() == 0
    ends_s = time.monotonic() + 30
    while not (tmp_path / gpu_build.BUILT).exists() and time.monotonic() < ends_s:
        time.sleep(0.05)
    assert gpu_build.SOURCE in json.loads((tmp_path / gpu_build.BUILT).read_bytes())["error"]
