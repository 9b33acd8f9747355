"""The files of examples/deployment are what docs/deployment.md says: valid, and in step with the program."""
import glob
import json
import os
import re
import shlex

import yaml

from cli_case import CliCase, settings

SOURCE = os.environ["OUTRIGGER_SOURCE_DIR"]
DEPLOYMENT = os.path.join(SOURCE, "examples", "deployment")
GUIDE = os.path.join(SOURCE, "docs", "deployment.md")
PLUGINS = os.path.join(SOURCE, "examples", "lua")

# Keys of the gateway's kong.conf that the files use beside those about plugins.
KONG_KEYS = {
    "database", "declarative_config", "role", "konnect_mode", "vitals", "nginx_user", "proxy_listen",
    "status_listen", "lua_ssl_trusted_certificate", "pg_host", "pg_user", "pg_database", "pg_ssl",
    "pg_ssl_verify", "cluster_mtls", "cluster_cert", "cluster_cert_key", "cluster_control_plane",
    "cluster_server_name", "cluster_telemetry_endpoint", "cluster_telemetry_server_name"}
INSTRUCTIONS = {"FROM", "USER", "COPY", "RUN", "ENV", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}


def read(*names):
    with open(os.path.join(DEPLOYMENT, *names), encoding="utf-8") as file:
        return file.read()


def files(pattern):
    found = sorted(glob.glob(os.path.join(DEPLOYMENT, pattern)))
    assert found, pattern
    return [os.path.relpath(path, DEPLOYMENT) for path in found]


class DeploymentTest(CliCase):
    def kong_conf(self, *options):
        """The lines about plugins, as a dict."""
        return settings(self.succeeds(self.outrigger(
            "kong-conf", "--plugins-dir", PLUGINS, "--plugin", "hello-header", "--prefix",
            "/run/outrigger", *options)))

    def assert_kong_environment(self, environment, *options):
        """KONG_* of a container say what kong-conf prints, and no more than Kong knows."""
        ours = {key[5:].lower(): value for key, value in environment.items() if key.startswith("KONG_")}
        expected = self.kong_conf("--sidecar", *options)
        self.assertEqual({k: v for k, v in ours.items() if k.startswith("plugin")}, expected)
        self.assertLessEqual(set(ours) - set(expected), KONG_KEYS)

    def assert_our_environment(self, environment):
        """OUTRIGGER_* are settings, and their values are understood."""
        ours = {k: v for k, v in environment.items() if k.startswith("OUTRIGGER_")}
        self.assertTrue(ours)
        page = self.succeeds(self.outrigger("options-doc"))
        for key in ours:
            self.assertIn("\n| `%s` |" % key[10:].lower(), page)
        ours["OUTRIGGER_PLUGINS_DIR"] = PLUGINS
        self.succeeds(self.outrigger("check", env=ours))

    def assert_declarative(self, text):
        """Its shape, and confs of our plugins by their schemas."""
        data = yaml.safe_load(text)
        self.assertEqual(set(data), {"_format_version", "services"})
        self.assertEqual(data["_format_version"], "3.0")
        for service in data["services"]:
            self.assertEqual(set(service), {"name", "url", "routes"})
            for route in service["routes"]:
                self.assertEqual(set(route), {"name", "paths", "plugins"})
                for plugin in route["plugins"]:
                    self.assert_plugin(plugin)

    def assert_plugin(self, plugin):
        self.assertEqual(set(plugin), {"name", "config"})
        conf = self.write("conf.json", json.dumps(plugin["config"]))
        result = self.outrigger("check", plugin["name"], "--plugins-dir", PLUGINS, "--config", conf)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class KongConf(DeploymentTest):
    def check(self, name, **expected):
        """Beside what kong-conf prints there are only keys that Kong knows, these among them."""
        got = settings(read(name))
        options = re.search(r"outrigger kong-conf (.*)", read(name))
        lines = self.kong_conf(*(shlex.split(options[1]) if options else ["--sidecar"]))
        self.assertEqual({k: v for k, v in got.items() if k.startswith("plugin")}, lines)
        others = {k: v for k, v in got.items() if not k.startswith("plugin")}
        self.assertLessEqual(set(others), KONG_KEYS)
        self.assertEqual({k: others.get(k) for k in expected}, expected)
        return others

    def test_without_a_database(self):
        self.check("vm/kong-dbless.conf", database="off", declarative_config="/etc/kong/kong.yml")

    def test_with_postgresql(self):
        self.assertIn("pg_host", self.check("vm/kong-postgres.conf", database="postgres"))

    def test_hybrid(self):
        control = self.check("hybrid/control-plane.conf", role="control_plane", database="postgres")
        data = self.check("hybrid/data-plane.conf", role="data_plane", database="off")
        self.assertEqual(control["cluster_mtls"], data["cluster_mtls"])
        self.assertIn("cluster_control_plane", data)

    def test_konnect(self):
        data = self.check("konnect/data-plane.conf", role="data_plane", database="off", konnect_mode="on",
                          cluster_mtls="pki")
        for name in ("control_plane", "telemetry_endpoint"):
            self.assertRegex(data["cluster_" + name], r"^[0-9a-z.]+\.konghq\.com:443$")

    def test_the_example_gateways(self):
        self.check("vm/example-gateway.conf")

    def test_every_file_is_looked_at(self):
        self.assertEqual(set(files("*/*.conf")), {
            "vm/kong-dbless.conf", "vm/kong-postgres.conf", "vm/example-gateway.conf",
            "hybrid/control-plane.conf", "hybrid/data-plane.conf", "konnect/data-plane.conf"})


class Declarative(DeploymentTest):
    def test_the_file_of_the_vm(self):
        self.assert_declarative(read("vm/kong.yml"))

    def test_one_with_a_wrong_field_would_be_refused(self):
        with self.assertRaisesRegex(AssertionError, "greting"):
            self.assert_declarative(read("vm/kong.yml").replace("greeting", "greting"))


class Compose(DeploymentTest):
    def setUp(self):
        super().setUp()
        self.compose = yaml.safe_load(read("compose/compose.yaml"))
        self.services = self.compose["services"]

    def test_names_lead_somewhere(self):
        for service in self.services.values():
            for name, condition in service.get("depends_on", {}).items():
                self.assertIn(name, self.services)
                if condition["condition"] == "service_healthy":
                    self.assertIn("healthcheck", self.services[name])
            for volume in service["volumes"]:
                place = volume.split(":")[0]
                if place.startswith("."):
                    self.assertTrue(os.path.exists(os.path.join(DEPLOYMENT, "compose", place)), place)
                else:
                    self.assertIn(place, self.compose["volumes"])

    def test_settings_are_those_of_the_program(self):
        self.assert_kong_environment(self.services["kong"]["environment"])
        self.assert_our_environment(self.services["outrigger"]["environment"])

    def test_the_sockets_have_the_group_of_kong(self):
        user, group = self.services["outrigger"]["user"].split(":")
        command = self.services["volume"]["command"]
        self.assertEqual((command[command.index("-o") + 1], command[command.index("-g") + 1]), (user, group))
        self.assertEqual((group, command[command.index("-m") + 1]), ("1000", "2770"))


class Kubernetes(DeploymentTest):
    def setUp(self):
        super().setUp()
        objects = list(yaml.safe_load_all(read("kubernetes/sidecar.yaml")))
        self.maps = {o["metadata"]["name"]: o["data"] for o in objects if o["kind"] == "ConfigMap"}
        self.deployment, = [o for o in objects if o["kind"] == "Deployment"]
        self.pod = self.deployment["spec"]["template"]["spec"]
        self.sidecar, = self.pod["initContainers"]
        self.kong, = self.pod["containers"]

    def environment(self, container):
        return {variable["name"]: variable["value"] for variable in container["env"]}

    def test_names_lead_somewhere(self):
        spec = self.deployment["spec"]
        self.assertEqual(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"])
        volumes = {v["name"]: v for v in self.pod["volumes"]}
        used = [m["name"] for c in (self.sidecar, self.kong) for m in c["volumeMounts"]]
        self.assertEqual(set(used), set(volumes))
        for volume in volumes.values():
            if "configMap" in volume:
                self.assertIn(volume["configMap"]["name"], self.maps)
        for container in (self.sidecar, self.kong):
            ports = {p["name"] for p in container["ports"]}
            for probe in [v for k, v in container.items() if k.endswith("Probe")]:
                self.assertIn(probe["httpGet"]["port"], ports)

    def test_the_sidecar_is_there_before_kong_and_after_it(self):
        self.assertEqual(self.sidecar["restartPolicy"], "Always")
        self.assertEqual(self.sidecar["startupProbe"]["httpGet"]["path"], "/ready")
        self.assertEqual(self.sidecar["livenessProbe"]["httpGet"]["path"], "/health")

    def test_the_sockets_are_shared_by_the_group_of_kong(self):
        groups = {self.pod["securityContext"]["fsGroup"]} | {
            c["securityContext"]["runAsGroup"] for c in (self.sidecar, self.kong)}
        self.assertEqual(groups, {1000})
        sockets = [[m["mountPath"] for m in c["volumeMounts"] if m["name"] == "sockets"]
                   for c in (self.sidecar, self.kong)]
        self.assertEqual(sockets, [[self.environment(self.sidecar)["OUTRIGGER_PREFIX"]]] * 2)

    def test_settings_are_those_of_the_program(self):
        self.assert_kong_environment(self.environment(self.kong))
        self.assert_our_environment(self.environment(self.sidecar))
        port, = [p["containerPort"] for p in self.sidecar["ports"]]
        self.assertTrue(self.environment(self.sidecar)["OUTRIGGER_STATUS_LISTEN"].endswith(":%d" % port))

    def test_values_for_the_chart_have_the_same_sidecar(self):
        values = yaml.safe_load(read("kubernetes/helm-values.yaml"))
        deployment = values["deployment"]
        self.assertEqual(deployment["initContainers"], [self.sidecar])
        self.assertEqual([v for v in self.pod["volumes"] if v["name"] != "declarative"],
                         deployment["userDefinedVolumes"])
        self.assertEqual(deployment["userDefinedVolumeMounts"], [
            m for m in self.kong["volumeMounts"] if m["name"] == "sockets"])
        self.assertEqual(values["securityContext"], self.pod["securityContext"])
        self.assert_kong_environment({"KONG_" + k.upper(): v for k, v in values["env"].items()})

    def test_the_declarative_configuration_is_one(self):
        self.assert_declarative(self.maps["kong-declarative"]["kong.yml"])

    def test_the_plugin_is_one(self):
        for name, text in self.maps["outrigger-hello-header"].items():
            self.write("plugins/hello-header/" + name, text)
        self.assertIn("hello-header", self.succeeds(self.with_plugins("check")))


class Containers(DeploymentTest):
    def instructions(self, name):
        """(instruction, rest) of a file; continued lines are one."""
        text = re.sub(r"^#.*\n", "", read(name), flags=re.MULTILINE).replace("\\\n", " ")
        return [tuple(line.split(None, 1)) for line in text.splitlines() if line]

    def test_instructions_are_known_and_their_parts_are_valid(self):
        for name in files("container/*"):
            found = self.instructions(name)
            self.assertEqual(found[0][0], "FROM")
            for instruction, rest in found:
                self.assertIn(instruction, INSTRUCTIONS, name)
                if instruction == "RUN":
                    self.succeeds(self.run_program(["sh", "-n", "-c", rest]))
                elif instruction == "CMD":
                    self.assertIsInstance(json.loads(rest), list)
                elif instruction == "HEALTHCHECK":
                    self.assertIsInstance(json.loads(rest.partition(" ")[2]), list)

    def test_settings_are_those_of_the_program(self):
        environment = dict(word.split("=", 1) for i, rest in self.instructions("container/Containerfile")
                           if i == "ENV" for word in shlex.split(rest))
        self.assert_our_environment(environment)

    def test_kongs_image_has_what_link_says(self):
        environment = dict(word.split("=", 1) for i, rest in self.instructions("container/Containerfile.kong")
                           if i == "ENV" for word in shlex.split(rest))
        printed = self.succeeds(self.outrigger("link", "hello-header", "--bin-dir", self.dir))
        wanted = {"KONG_" + key.upper(): value for key, value in settings(printed).items()}
        self.assertEqual(environment, {key: wanted[key] for key in ("KONG_PLUGINS", "KONG_PLUGINSERVER_NAMES")})

    def test_they_end_as_a_user_without_rights(self):
        for name in files("container/*"):
            self.assertIn([rest for i, rest in self.instructions(name) if i == "USER"][-1],
                          ("outrigger", "kong"))


class Guide(DeploymentTest):
    def setUp(self):
        super().setUp()
        with open(GUIDE, encoding="utf-8") as file:
            self.text = file.read()

    def test_links_lead_somewhere(self):
        anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
                   for title in re.findall(r"^#+ (.*)", self.text, re.MULTILINE)}
        for target in re.findall(r"\]\(([^)]+)\)", self.text):
            if target.startswith("#"):
                self.assertIn(target[1:], anchors)
            else:
                self.assertTrue(os.path.exists(os.path.join(SOURCE, "docs", target)), target)

    def test_every_file_is_named(self):
        for name in files("*/*"):
            self.assertIn("examples/deployment/%s)" % name if "example-gateway" not in name else name, self.text)

    def test_settings_are_those_of_the_program(self):
        page = self.succeeds(self.outrigger("options-doc"))
        for key in set(re.findall(r"`([a-z]+_[a-z_]+)(?: = [^`]*)?`", self.text)) - KONG_KEYS - {
                "start_cmd", "init_worker", "header_filter", "body_filter", "pluginserver_names",
                "service_healthy", "depends_on", "client_body_buffer_size"}:
            if not key.startswith("outrigger_"):
                self.assertIn("| `%s` |" % key, page)


if __name__ == "__main__":
    import unittest
    unittest.main()
