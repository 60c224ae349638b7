/**
 * The rules of the layer check: what each part of the source may import, which names it may not use, and how long a
 * file may be. It checks nothing; layers.ts does.
 */

/** What one part of the source may depend on. */
export interface Layer {
  /** Files, or folders with a slash at the end. */
  readonly of: readonly string[];
  /** Our files and folders; a leading `type` allows `import type` only. The layer's own folder is always allowed. */
  readonly imports: readonly string[];
  /** Libraries by their name in the import map; `*` means any, `node:*` any of Node's own modules. */
  readonly libraries: readonly string[];
  readonly forbidden: readonly Name[];
}

/** A name that a layer may not use. */
export interface Name {
  readonly pattern: RegExp;
  readonly why: string;
}

const PLATFORM: Name[] = [
  /(?<![\w.$#])Deno\b/g,
  /(?<![\w.$#])process\s*\??\./g,
  /(?<![\w.$#])globalThis\b/g,
].map((pattern) => ({ pattern, why: "the platform is handed in as runtime/runtime.ts" }));

const OUTSIDE_WORLD: Name[] = [
  ...PLATFORM,
  ...[
    /(?<![\w.$#])(?:fetch|setTimeout|setInterval)\s*\(/g,
    /(?<![\w.$#])(?:console|performance)\s*\./g,
    /(?<![\w.$#])(?:Date\.now|new Date\(\s*\)|Math\.random)/g,
  ].map((pattern) => ({ pattern, why: "pure code does no I/O and knows no clock and no chance" })),
];

const PURE = ["src/wire/", "src/counted.ts", "src/errors.ts"];
const BASE = [
  ...[
    "src/errors.ts",
    "src/counted.ts",
    "src/deferred.ts",
    "type src/live_connection.ts",
    "src/same_data.ts",
    "src/runtime/buffer_pool.ts",
    "src/runtime/cancellation.ts",
    "src/runtime/runtime.ts",
  ],
  "type src/config/",
];

/** A file belongs to the first layer that has it. */
export const LAYERS: readonly Layer[] = [
  {
    of: [
      ...["mod.ts", "src/main.ts", "src/command.ts", "src/serve.ts"],
      ...["src/worker_main.ts", "src/worker_entry.ts"],
    ],
    imports: ["mod.ts", "src/"],
    libraries: ["*"],
    forbidden: PLATFORM,
  },
  {
    of: ["src/terminate.ts"],
    imports: [
      ...[...BASE, "src/library/", "src/config/", "src/plan/", "src/service/", "src/proxy/"],
      ...["src/tls/", "src/x509/", "src/log/", "src/wire/", "src/status/"],
    ],
    libraries: ["*"],
    forbidden: PLATFORM,
  },
  {
    of: ["src/library/"],
    imports: ["src/errors.ts", "src/config/", "src/wire/escape.ts", "type src/log/access_line.ts"],
    libraries: [],
    forbidden: OUTSIDE_WORLD,
  },
  {
    of: ["src/fleet/"],
    imports: [
      ...[...BASE, "src/plan/", "src/service/", "src/control/", "src/metrics/", "src/wire/"],
      ...["src/tls/engines.ts", "src/tls/post_quantum.ts"],
      ...["type src/ocsp/", "type src/log/", "type src/tls/"],
    ],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/status_client/"],
    imports: [
      ...[...BASE, "src/config/", "src/wire/", "src/version.ts"],
      ...["src/status/page/problems.ts", "src/status/page/words.ts", "type src/status/"],
    ],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/status/"],
    imports: [
      ...[...BASE, "src/metrics/", "src/wire/", "src/x509/", "src/ocsp/response.ts"],
      ...["src/control/messages.ts", "src/fleet/allowance.ts"],
      ...["src/config/duration.ts", "src/tls/post_quantum.ts"],
      ...[
        "type src/fleet/",
        "type src/plan/",
        "type src/control/",
        "type src/log/",
        "type src/ocsp/",
      ],
    ],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/service/"],
    imports: [
      ...[...BASE, "src/config/", "src/plan/", "src/x509/", "src/wire/"],
      ...["src/control/worker_argument.ts", "type src/control/", "type src/tls/", "type src/log/"],
    ],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/plan/"],
    imports: [
      ...[...BASE, "src/config/", "src/ocsp/", "src/tls/", "src/x509/", "src/wire/"],
      ...["type src/control/", "type src/log/"],
    ],
    libraries: ["node:crypto"],
    forbidden: PLATFORM,
  },
  {
    of: ["src/ocsp/"],
    imports: [
      ...[
        ...BASE,
        "src/tls/staples.ts",
        "src/tls/engines.ts",
        "type src/tls/",
        "src/x509/",
        "src/log/",
        "src/wire/",
      ],
    ],
    libraries: ["node:crypto"],
    forbidden: PLATFORM,
  },
  {
    of: ["src/worker/"],
    imports: [
      ...BASE,
      "src/control/",
      "src/metrics/",
      "src/proxy/",
      "src/log/",
      "src/wire/",
      "src/tls/engines.ts",
      "src/tls/staples.ts",
      "type src/tls/",
    ],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/proxy/"],
    imports: [
      ...[...BASE, "src/tls/engine.ts", "src/tls/dialer.ts", "src/log/", "src/metrics/"],
      ...["src/wire/", "src/tls/handshake_reasons.ts", "src/tls/handshake_advice.ts"],
      "src/x509/distinguished_name.ts",
    ],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/tls/"],
    imports: [
      ...[...BASE, "src/config/nearest.ts", "src/runtime/openssl.ts", "src/runtime/stream_tls.ts"],
      ...["src/x509/", "src/wire/"],
    ],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/log/"],
    imports: [...BASE, "src/wire/escape.ts"],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/control/"],
    imports: [
      ...["src/counted.ts", "src/errors.ts", "src/deferred.ts", "type src/live_connection.ts"],
      ...["src/same_data.ts", "src/x509/key_bytes.ts", "src/metrics/", "src/wire/"],
      ...["src/log/events.ts", "src/tls/handshake_reasons.ts"],
      ...["type src/config/", "type src/tls/tls_configuration.ts", "type src/runtime/runtime.ts"],
    ],
    libraries: [],
    forbidden: PLATFORM,
  },
  {
    of: ["src/runtime/"],
    imports: [
      ...["src/errors.ts", "src/deferred.ts"],
      ...["src/x509/", "src/wire/", "type src/config/settings.ts"],
    ],
    libraries: ["node:*"],
    forbidden: [],
  },
  {
    of: ["src/manual/"],
    imports: [...PURE, "src/config/", "src/version.ts"],
    libraries: [],
    forbidden: OUTSIDE_WORLD,
  },
  {
    of: ["src/config/"],
    imports: [...PURE, "src/x509/client_name.ts"],
    libraries: [],
    forbidden: OUTSIDE_WORLD,
  },
  {
    of: ["src/x509/"],
    imports: PURE, // The platform provides digests, keys and signatures.
    libraries: ["node:crypto", "node:buffer"],
    forbidden: OUTSIDE_WORLD,
  },
  { of: ["src/metrics/"], imports: PURE, libraries: [], forbidden: OUTSIDE_WORLD },
  { of: ["src/wire/", "src/errors.ts"], imports: PURE, libraries: [], forbidden: OUTSIDE_WORLD },
  {
    of: [
      ...["src/counted.ts", "src/deferred.ts", "src/live_connection.ts", "src/same_data.ts"],
      "src/version.ts",
    ],
    imports: [],
    libraries: [],
    forbidden: OUTSIDE_WORLD,
  },
];

/** Files and folders that only the listed importers may import, regardless of their layer. */
export const RESERVED: readonly { readonly path: string; readonly importers: readonly string[] }[] =
  [
    // Imported as `#runtime`, which deno.json and the npm package's package.json define.
    {
      path: "src/runtime/deno/runtime.ts",
      importers: ["mod.ts", "src/main.ts", "src/worker_main.ts"],
    },
    { path: "src/runtime/node/runtime.ts", importers: [] },
    // Imported as `#signals`, defined in the same places; a program installs its signal handlers first.
    {
      path: "src/runtime/deno/signals.ts",
      importers: ["mod.ts", "src/worker_entry.ts", "src/runtime/deno/processes.ts"],
    },
    {
      path: "src/runtime/openssl/",
      importers: ["src/runtime/deno/runtime.ts", "src/runtime/openssl/"],
    },
    // No other code knows which event loop it runs on.
    { path: "src/runtime/loop/", importers: ["src/runtime/deno/runtime.ts", "src/runtime/loop/"] },
  ];

/** Forbidden to all files but `MAY_EXIT`. */
export const EXIT: Name = {
  pattern: /\.\s*exit\s*\(/g,
  why: "only src/main.ts and src/worker_main.ts end the process",
};
/** The files that may end the process. */
export const MAY_EXIT: readonly string[] = [
  ...["src/main.ts", "src/worker_main.ts"],
  ...["src/runtime/deno/processes.ts", "src/runtime/node/processes.ts"],
];

/** Of a file. */
export const MAX_LINES = 400;
/** The files that may have more lines. */
export const MAY_BE_LONGER: readonly string[] = ["src/config/options.ts"];
