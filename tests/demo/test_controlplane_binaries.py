"""Where the control plane's programs come from: four sources in their order, each with its ways to fail."""

from dataclasses import replace
from pathlib import Path

import pytest

from model_operator_demo.controlplane_binaries import Binaries, NoControlPlane, Resolver
from model_operator_demo.controlplane_build import PACKAGES, find_source
from model_operator_demo.controlplane_cache import cache_root
from model_operator_demo.controlplane_download import PROGRAMS
from support.controlplane_sources import BROKEN_GO, Bench, Release, folder_of, programs_in


def test_assets_of_the_environment_come_first(bench: Bench, release: Release) -> None:
    assets = programs_in(bench.folder / "assets", *PROGRAMS)
    programs_in(bench.resolver.cache / bench.resolver.go.key, *PACKAGES)
    found = replace(bench.resolver, assets=assets).resolve()
    assert found == Binaries(
        kube_apiserver=assets / "kube-apiserver",
        kubectl=assets / "kubectl",
        etcd=assets / "etcd",
        kube_controller_manager=None,
        source=f"using KUBEBUILDER_ASSETS={assets}",
    )
    assert bench.said == [found.source]
    assert release.asked == []


def test_incomplete_assets_are_named_and_not_used(bench: Bench) -> None:
    assets = programs_in(bench.folder / "assets", "kubectl")
    cached = programs_in(bench.resolver.cache / bench.resolver.go.key, *PACKAGES)
    found = replace(bench.resolver, assets=assets).resolve()
    assert folder_of(found) == cached
    assert bench.said[0] == f"KUBEBUILDER_ASSETS={assets} has no kube-apiserver, etcd and is not used"


def test_the_cache_comes_before_the_network_and_what_we_built_before_what_we_downloaded(
    bench: Bench, release: Release
) -> None:
    resolver = bench.resolver
    downloaded = programs_in(resolver.cache / resolver.archive.key, *PROGRAMS)
    assert folder_of(resolver.resolve()) == downloaded
    built = programs_in(resolver.cache / resolver.go.key, *PACKAGES)
    assert folder_of(resolver.resolve()) == built
    assert bench.said[-1] == f"using Kubernetes v1.36.3 from the cache {built}"
    assert release.asked == []


def test_a_build_that_fails_shows_the_compilers_words(bench: Bench, release: Release) -> None:
    release.status = 404
    with pytest.raises(
        NoControlPlane, match=r"go build kube-apiserver failed: go: go\.mod requires go >= 1\.26\.0"
    ):
        replace(bench.resolver, go=bench.go(BROKEN_GO)).resolve()
    assert [path for path in bench.resolver.cache.iterdir() if path.is_dir()] == []


def test_another_source_is_another_build(bench: Bench) -> None:
    before = bench.resolver.go.key
    assert bench.resolver.go.source is not None
    (bench.resolver.go.source / "main.go").write_text("changed")
    assert bench.resolver.go.key != before


def test_without_any_source_the_message_has_every_reason_and_every_way_out(
    bench: Bench, release: Release
) -> None:
    release.status = 404
    with pytest.raises(NoControlPlane) as nothing:
        bench.resolver.resolve()
    text = str(nothing.value)
    for reason in (
        "KUBEBUILDER_ASSETS is not set",
        str(bench.resolver.cache),
        "answered 404",
        "Go is not installed",
    ):
        assert reason in text
    for way_out in ("github.com", "install Go 1.26", "setup-envtest", "a cluster of your own"):
        assert way_out in text


def test_a_cache_that_cannot_be_written_is_a_reason(bench: Bench) -> None:
    bench.resolver.cache.write_text("a file where a folder belongs")
    with pytest.raises(NoControlPlane, match=f"the cache {bench.resolver.cache} cannot be filled"):
        bench.resolver.resolve()


def test_go_completes_a_download_with_the_controller_manager_alone(bench: Bench) -> None:
    resolver = replace(bench.resolver, go=bench.go())
    found = resolver.resolve(controller_manager=True)
    assert folder_of(found).name == resolver.archive.key
    assert bench.built == ["k8s.io/kubernetes/cmd/kube-controller-manager"]
    assert found.kube_controller_manager is not None
    assert found.kube_controller_manager.is_file()
    assert resolver.resolve(controller_manager=True).kube_controller_manager == found.kube_controller_manager
    assert len(bench.built) == 1


def test_without_go_a_download_stays_without_controller_manager_and_says_so(bench: Bench) -> None:
    found = bench.resolver.resolve(controller_manager=True)
    assert found.kube_controller_manager is None
    assert bench.said_about("no kube-controller-manager, so deleted namespaces stay Terminating")
    assert bench.said_about("Go is not installed")


def test_a_build_has_everything(bench: Bench, release: Release) -> None:
    release.status = 404
    resolver = replace(bench.resolver, go=bench.go())
    found = resolver.resolve(controller_manager=True)
    assert (found.etcd, found.kube_controller_manager) == (None, folder_of(found) / "kube-controller-manager")
    assert bench.built == list(PACKAGES.values())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param(
            {"XDG_CACHE_HOME": "/somewhere"}, Path("/somewhere/model-operator/controlplane"), id="set"
        ),
        pytest.param(
            {"XDG_CACHE_HOME": "somewhere"}, Path.home() / ".cache/model-operator/controlplane", id="relative"
        ),
        pytest.param({}, Path.home() / ".cache/model-operator/controlplane", id="not set"),
    ],
)
def test_the_cache_is_where_the_xdg_rules_say(environ: dict[str, str], expected: Path) -> None:
    assert cache_root(environ) == expected


def test_the_environment_decides_as_in_a_users_shell() -> None:
    resolver = Resolver.from_environment({"KUBEBUILDER_ASSETS": "/assets", "XDG_CACHE_HOME": "/cache"})
    assert (resolver.assets, resolver.cache) == (Path("/assets"), Path("/cache/model-operator/controlplane"))
    assert Resolver.from_environment({"KUBEBUILDER_ASSETS": ""}).assets is None


def test_the_go_module_of_the_checkout_is_found_and_pins_the_version_that_we_say() -> None:
    source = find_source()
    assert source is not None
    assert "\tk8s.io/kubernetes v1.36.3\n" in (source / "go.mod").read_text()
