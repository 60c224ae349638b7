/** Plans for supervisors of tests, which read no settings and no files. */

import type { Settings } from "../../src/config/settings.ts";
import { HeldContent } from "../../src/plan/held_content.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { TlsPlan } from "../../src/plan/tls_plan.ts";
import type { TlsConfiguration } from "../../src/tls/tls_configuration.ts";
import { ENGINE } from "./tls_configuration.ts";
import { CONFIGURATION } from "./worker_configuration.ts";
import { changeableSettings } from "../../src/config/setting_groups.ts";

/** A plan that says what {@linkcode CONFIGURATION} says, but for what a test wants otherwise. */
export function planOf(
  { configuration = {}, ...rest }: Partial<Omit<Plan, "configuration">> & {
    readonly configuration?: Partial<Plan["configuration"]>;
  } = {},
): Plan {
  const { index: _index, frontends, ...usual } = CONFIGURATION;
  return {
    configuration: { ...usual, workers: rest.workers ?? 2, ...configuration },
    frontends: frontends.map(({ host, port }) => ({
      text: `${host}:${port}`,
      alternatives: [[{ host, port }]],
      tls: undefined,
    })),
    workers: 2,
    settings: {
      ...{ workers: {}, log: {}, service: { drainDelay: 0 }, engine: ENGINE },
      ...{ pemFiles: [], frontends: [], certificates: CERTIFICATES },
    } as Partial<Record<keyof Settings, unknown>> as Settings,
    tls: tlsPlanOf(usual.tls),
    tlsBecause: undefined,
    fixed: {},
    changeable: changeableSettings(rest.settings ?? {} as Settings),
    warnings: [],
    ...rest,
  };
}

/** A plan for TLS with this configuration, and nothing else. */
export function tlsPlanOf(configuration: TlsConfiguration): TlsPlan {
  return {
    configuration,
    ofFrontends: [],
    certificates: [],
    revocationLists: [],
    stapling: undefined,
    files: new Map(),
    warnings: [],
    quarantined: [],
    held: new HeldContent(),
  };
}

const CERTIFICATES: Settings["certificates"] = {
  ...{ pemDir: undefined, pemDirGlob: undefined, privateKeys: [], selfSigned: undefined },
};
