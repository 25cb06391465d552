/** How an image comes to the gate, as far as its files tell, and the line that is missing (contract.md, section 3). */
import type { ProcessEntry } from '../../contract/health/process-list.ts';
import type { ConfiguredProgram } from '../../contract/health/supervisor-config.ts';
import { findUnknownEntries, hasName } from '../health/process-selection.ts';
import { hasStartCheck, type StartProgram } from '../health/start-check.ts';

export interface ImageLayout {
  /** Undefined, or the kit's own alone, where supervisord has no configuration here; it may be made when the container starts. */
  readonly programs: readonly ConfiguredProgram[] | undefined;
  /** A script that is usually an image's entrypoint, and asks the gate; empty if there is none. */
  readonly entrypoint: string;
  readonly critical: readonly ProcessEntry[];
  readonly watched: readonly ProcessEntry[];
  readonly startProgram: StartProgram;
  /** Undefined where nothing in the image names it. */
  readonly feature: string | undefined;
  /** As in OwnIdentity. */
  readonly isVersionSet: boolean;
}

export interface LayoutReport {
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

const AGENT = 'ctrkit_agent';

/** A line for an image's Dockerfile. Owner and version are the container's own. It ends in a bracket, whatever follows it. */
export const formatEntrypoint = (feature = 'FEATURE'): string =>
  `ENTRYPOINT ["/usr/bin/container_startup", "-f", "${feature}", "--", "supervisord"]`;

/** What stands for a feature's name in such a line; nothing to say where the name is known. */
export const explainFeature = (feature: string | undefined): string =>
  feature === undefined ? " (FEATURE is the feature's name in CONFIG_DB)" : '';

export function describeLayout(layout: ImageLayout): LayoutReport {
  const { programs } = layout;
  // The kit's own configuration alone is none of the image: the entrypoint makes that.
  const entrypoint = describeEntrypoint(layout);
  if (programs === undefined || programs.every(({ name }) => name === AGENT)) {
    const lines = entrypoint ?? describeUnsupervised(layout.feature);
    return { lines, warnings: entrypoint === undefined ? [] : listUnversioned(layout) };
  }
  // The kit's own script names the gate as well.
  const asker = programs.find(({ name, asksBy }) => asksBy !== '' && name !== AGENT);
  const asks =
    asker === undefined
      ? undefined
      : [`layout: asks the gate in the program ${asker.name}, by ${asker.asksBy}`];
  const asking = entrypoint ?? asks;
  return {
    lines: asking ?? describeNeverAsking(layout.feature),
    warnings: [
      ...listMissing(layout, programs),
      ...listUnknown(layout, programs),
      ...(asking === undefined ? [] : listUnversioned(layout)),
      ...listUnprivileged(programs),
    ],
  };
}

/** The run folder is root's, and so are the sockets of SONiC's databases. */
const listUnprivileged = (programs: readonly ConfiguredProgram[]): string[] =>
  programs
    .filter(({ asksBy, user }) => asksBy !== '' && !['', 'root', '0'].includes(user))
    .map(
      ({ name, user }) =>
        `the program ${name} asks the gate as user ${user}, who can't write the run folder, so owner kube never starts: leave "user" out, and let the gate's COMMAND change it: -- setpriv --reuid ${user} --regid GROUP --init-groups COMMAND`,
    );

const listUnversioned = ({ isVersionSet }: ImageLayout): string[] =>
  isVersionSet
    ? []
    : [
        'IMAGE_VERSION is not set: a start.sh such as that of snmp does not ask the gate then; add to the Dockerfile: ENV IMAGE_VERSION=VERSION',
      ];

const describeEntrypoint = ({ entrypoint }: ImageLayout): string[] | undefined =>
  entrypoint === '' ? undefined : [`layout: asks the gate in ${entrypoint}, before supervisord`];

/** An image does not see what its own ENTRYPOINT is. */
function describeNeverAsking(feature: string | undefined): string[] {
  const local =
    feature === undefined
      ? `claimed for by the name in CONTAINER_NAME, which SONiC sets; elsewhere add to the Dockerfile${explainFeature(feature)}: RUN echo FEATURE >/etc/ctrkit/feature`
      : `claimed for as ${feature}`;
  return [
    'layout: no program asks the gate',
    `owner local: ${local}`,
    `owner kube: ended as ungated, unless the Dockerfile has${explainFeature(feature)}: ${formatEntrypoint(feature)}`,
  ];
}

const describeUnsupervised = (feature: string | undefined): string[] => [
  'layout: supervisord has no configuration here, so nothing tells which program asks the gate',
  `an image without supervisord asks by this line in its Dockerfile${explainFeature(feature)}: ENTRYPOINT ["/usr/bin/ctrkit_agent", "run", "-f", "${feature ?? 'FEATURE'}", "--", "COMMAND"]`,
];

function listMissing(
  { critical, startProgram }: ImageLayout,
  programs: readonly ConfiguredProgram[],
): string[] {
  const isStartMissing =
    startProgram.name !== '' && !programs.some((program) => hasName(startProgram.name, program));
  return [
    ...(programs.some(({ name, isListener }) => isListener && name === AGENT)
      ? []
      : [
          "supervisord's configuration does not include conf.d/ctrkit.conf: no agent runs; add to supervisord.conf, in [include]: files = /etc/supervisor/conf.d/*.conf",
        ]),
    ...(critical.length > 0
      ? []
      : [
          'critical_processes names nothing: no exit ends the container, and an application that no gate let go is not found; add to /etc/supervisor/critical_processes: program:NAME',
        ]),
    ...(isStartMissing && hasStartCheck(startProgram, programs)
      ? [
          `checks.toml names startProgram ${startProgram.name}, and supervisord has no such program: correct the name, or leave it out`,
        ]
      : []),
  ];
}

const listUnknown = (
  { critical, watched }: ImageLayout,
  programs: readonly ConfiguredProgram[],
): string[] => [
  ...new Set(
    findUnknownEntries([...critical, ...watched], programs).map(
      ({ kind, name }) =>
        `supervisord has no ${kind} "${name}", which a list names: it is not checked; correct the name in the list, or leave it out`,
    ),
  ),
];
