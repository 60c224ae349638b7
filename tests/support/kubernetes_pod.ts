/** Reads a Deployment from YAML: what its Pod runs, and what is mounted. */

import { assertEquals } from "./assert.ts";
// @ts-types="./std_yaml.d.ts"
import { parseAll } from "@std/yaml";

/** The parts of a container that the tests look at. */
export interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
}

/** The parts of a Pod's specification that the tests look at. */
export interface PodSpecification {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret: { readonly secretName: string; readonly defaultMode: number };
  }[];
}

interface Service {
  readonly kind: "Service";
  readonly spec: {
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly targetPort: string }[];
  };
}

interface Deployment {
  readonly kind: "Deployment";
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpecification;
    };
  };
}

/** The Pod of a Deployment that stands behind the Service before it, and whose names fit. */
export function podBehindService(yaml: string): PodSpecification {
  const [service, deployment] = parseAll(yaml) as [Service, Deployment];
  assertEquals([service.kind, deployment.kind], ["Service", "Deployment"]);
  const { selector, template: { metadata, spec } } = deployment.spec;
  assertEquals(selector.matchLabels, metadata.labels);
  assertEquals(service.spec.selector, metadata.labels);
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  assertEquals(service.spec.ports.map(({ targetPort }) => targetPort), ports.map((p) => p.name));
  return spec;
}
