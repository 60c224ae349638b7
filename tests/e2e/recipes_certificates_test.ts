/** docs/recipes.md: certificates that certbot renews, and those of a Secret that kubelet mounts. */

import { assert, assertEquals } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { Backend, echo } from "../support/backend.ts";
import { CERTBOT_LINKS, CertbotLineage, MountedSecret } from "../support/certificate_keepers.ts";
import { podBehindService } from "../support/kubernetes_pod.ts";
import { Recipe } from "../support/recipe.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { linux: true };

/** Each renewal is by an authority of its own: a client that trusts the new one refuses the old. */
async function renewal() {
  const authority = await Authority.make();
  const { certificate, key } = await authority.issue({ names: ["example.org", "ip:127.0.0.1"] });
  return { key, certificate: certificate + authority.certificate, trusted: authority };
}

testWith(NEEDS, "--watch serves what certbot renews, and never half of it", async () => {
  await using recipe = await Recipe.open("Let's Encrypt, renewed by certbot");
  await using backend = Backend.serve(echo);
  recipe.replace("'*,443'", "127.0.0.1,0");
  recipe.replace("127.0.0.1,8080", backend.address);
  const words = recipe.text("certbot ").trim().split(" ");
  const name = words[words.indexOf("-d") + 1]!;
  const lineage = new CertbotLineage(recipe.path("/etc/letsencrypt"), name);
  const [first, second] = [await renewal(), await renewal()];
  lineage.archive(first);
  CERTBOT_LINKS.forEach((kind) => lineage.link(kind));
  const stud = await recipe.stud();
  await echoOnce(stud.port, first.trusted);
  const { pid } = stud;

  lineage.archive(second);
  const renewed = [...CERTBOT_LINKS];
  // The key is new and the chain is not: stud says so if that lasts, and serves on.
  while (renewed[0] !== "chain") lineage.link(renewed.shift()!);
  await stud.output(/privkey\.pem/);
  await echoOnce(stud.port, first.trusted);
  renewed.forEach((kind) => lineage.link(kind));
  await stud.output(/reloaded: 1 worker serves /);
  await echoOnce(stud.port, second.trusted);
  assertEquals([stud.pid, stud.status], [pid, undefined]);
  assertEquals(recipe.unused, []);
});

testWith(
  { ...NEEDS, tools: ["setpriv"] },
  "a sidecar serves the Secret that kubelet renews",
  async () => {
    await using recipe = await Recipe.open("Kubernetes: a sidecar and a Secret");
    await using backend = Backend.serve(echo);
    recipe.replace("*,8443", "127.0.0.1,0");
    recipe.replace("127.0.0.1,8080", backend.address);
    const pod = podBehindService(recipe.text("apiVersion"));
    const [application, sidecar] = pod.containers;
    const [mount, volume] = [sidecar!.volumeMounts[0]!, pod.volumes[0]!];
    assertEquals(mount.name, volume.name);
    assert(
      recipe.text("kubectl").startsWith(`kubectl create secret tls ${volume.secret.secretName} `),
    );
    assert(recipe.text("FROM").endsWith(`ENTRYPOINT ["/usr/local/bin/stud"]\n`));

    // A Secret of this type has these two names.
    const files = ({ certificate, key }: { certificate: string; key: string }) => ({
      "tls.crt": certificate,
      "tls.key": key,
    });
    const secret = new MountedSecret(mount.mountPath);
    const [first, second] = [await renewal(), await renewal()];
    secret.update(files(first), volume.secret.defaultMode);
    const stud = await recipe.studWith(sidecar!.args, UNPRIVILEGED);
    await echoOnce(stud.port, first.trusted);
    secret.update(files(second), volume.secret.defaultMode);
    await stud.output(/reloaded: 1 worker serves /);
    await echoOnce(stud.port, second.trusted);

    const drain = Number(/--drain-timeout=(\d+)/.exec(sidecar!.args.join(" "))?.[1]);
    const end = sidecar!.lifecycle.preStop.sleep.seconds + drain;
    assert(application!.lifecycle.preStop.sleep.seconds >= end, "the application ends too early");
    assert(pod.terminationGracePeriodSeconds > application!.lifecycle.preStop.sleep.seconds);
    assertEquals(recipe.unused, []);
  },
);

/** As the container's securityContext has it; only root can give something up. */
const UNPRIVILEGED = {
  prefix: Deno.uid() === 0
    ? ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    : [],
};
