"""The package in roots of the releases it is for. The tests of a root go on from each other, in this order."""
import re

from conftest import field, serving

STATE = "/var/lib/thaw"
WANTED = "/etc/systemd/system/multi-user.target.wants"


def test_apt_installs_it(machine, package):
    machine.run("apt-get", "--yes", "--no-install-recommends", "install", "/thaw.deb")
    assert machine.shell("dpkg-query -W -f '${db:Status-Status} ${Version}' thaw") == "installed " + field(package, "Version")


def test_the_ids_of_sandboxes_are_taken(machine):
    assert machine.shell("grep --no-filename ^thaw: /etc/subuid /etc/subgid") == 2 * "thaw:1900100000:131072\n"
    assert "by /etc/subuid and /etc/subgid" in machine.run("thaw", "doctor", check=False).stdout


def test_every_library_is_there_and_in_a_package(machine):
    libraries = machine.run("ldd", "/usr/bin/thaw").stdout
    assert "not found" not in libraries
    for path in re.findall(r"=> (/\S+)", libraries):
        machine.shell(f"dpkg-query --search $(realpath {path}) || dpkg-query --search {path}")


def test_it_says_version_and_commit(machine):
    assert re.fullmatch(r"\d+\.\d+\.\d+ \([0-9a-f]{12}(-dirty)?\)\n", machine.run("thaw", "--version").stdout)


def test_doctor_tells_what_this_host_can_do(machine):
    told = machine.run("thaw", "doctor", check=False).stdout
    # Without what is only suggested.
    assert re.search(r"qemu.*not installed", told)
    assert re.search(r"mkfs.erofs +ok", told), told
    assert re.search(r"mke2fs +ok", told), told


def test_a_server_answers_and_stops_at_a_signal(machine, volume):
    """As the first process, too; and libzip has another soname in each release."""
    command = machine.command("thaw", "serve", "--isolation", "process", bind=f"{volume}:{STATE[1:]}")
    with serving(command) as server:
        assert server.client() == "answered\n"


def test_completions_and_manual_are_there(machine):
    machine.shell("bash -n /usr/share/bash-completion/completions/thaw")


def test_nothing_is_enabled(machine):
    machine.shell(f"! test -e {WANTED}/thaw.service")


def test_an_upgrade_keeps_configuration_and_state(machine):
    machine.shell(f"mkdir -p {STATE}/snapshots && echo kept >{STATE}/snapshots/one && echo 'port = 9001' >>/etc/thaw/thaw.conf")
    machine.run("apt-get", "--yes", "--reinstall", "install", "/thaw.deb")
    assert machine.shell(f"cat {STATE}/snapshots/one; tail -n 1 /etc/thaw/thaw.conf") == "kept\nport = 9001\n"


def test_an_enabled_service_stays_enabled(machine):
    machine.shell(f"ln -s /usr/lib/systemd/system/thaw.service {WANTED}")
    machine.run("apt-get", "--yes", "--reinstall", "install", "/thaw.deb")
    machine.shell(f"test -e {WANTED}/thaw.service")


def test_removal_leaves_state_and_configuration(machine):
    machine.run("apt-get", "--yes", "remove", "thaw")
    machine.shell(f"test -e {STATE}/snapshots/one && test -e /etc/thaw/thaw.conf && ! test -e /usr/bin/thaw")


def test_a_purge_touches_nothing_while_something_is_mounted_below_the_state(machine, tmp_path):
    machine.run("apt-get", "--yes", "install", "--no-install-recommends", "/thaw.deb")
    machine.shell(f"mkdir {STATE}/mounted")
    (tmp_path / "file").touch()
    machine.run("apt-get", "--yes", "purge", "thaw", bind=f"{tmp_path}:{STATE[1:]}/mounted")
    machine.shell(f"test -e {STATE}/snapshots/one")
    assert (tmp_path / "file").exists()


def test_a_purge_removes_state_and_configuration(machine):
    machine.run("apt-get", "--yes", "install", "--no-install-recommends", "/thaw.deb")
    machine.run("apt-get", "--yes", "purge", "thaw")
    machine.shell(f"! test -e {STATE} && ! test -e /etc/thaw")
    assert machine.shell("find /etc/systemd /var/lib/systemd -name '*thaw*'") == ""
    machine.shell("! grep thaw /etc/subuid /etc/subgid")
