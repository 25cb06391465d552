/** A certification that something comes in between of. */
import assert from 'node:assert/strict';
import { bootMs } from '../../support/boot-clock.ts';
import type { Host } from '../support/host.ts';
import { makeTinyImage, StandInPod } from '../support/stand-in-pod.ts';

export const NEEDED_MS = 3_000;
export const POLICY = {
  active_time_to_mark_good: `${NEEDED_MS}ms`,
  tag_new_as_local: 'true',
  purge_older_image: 'true',
  purge_local_copy: 'true',
};

/** Version 1 is the switch's own and golden, version 2 is deployed and counts. */
export class InterruptedCertification {
  readonly here: Host;
  readonly pod: StandInPod;
  v1 = '';
  v2 = '';

  constructor(here: Host) {
    this.here = here;
    this.pod = new StandInPod(here);
  }

  async begin(): Promise<void> {
    const { here } = this;
    this.v1 = await makeTinyImage('1.0.0', [
      `${here.localRepository}:latest`,
      `${here.localRepository}:1.0.0`,
    ]);
    await here.setConfig({ set_owner: 'kube' });
    here.startDaemon();
    await here.untilGolden(this.v1);
    this.v2 = await makeTinyImage('2.0.0', [`${here.remoteRepository}:2.0.0`]);
  }

  async deploy(): Promise<void> {
    await this.pod.deploy(this.v2, '2.0.0');
    await this.untilCounting();
  }

  /** It counts from a heartbeat of this start of the container on. */
  untilCounting(): Promise<number> {
    return this.here.until('it counts', async () => {
      const certification = this.here.view()?.certification as { kind: string; fromMs?: number } | undefined;
      const fromMs = certification?.kind === 'counting' ? certification.fromMs : undefined;
      return fromMs !== undefined && fromMs >= this.pod.claimedMs && fromMs;
    });
  }

  /** Golden not before its full time since `fromMs`, boot clock; and then golden it is. */
  async assertGoldenAfterFullTime(fromMs: number): Promise<void> {
    await this.here.untilGolden(this.v2);
    const tookMs = bootMs() - fromMs;
    assert.ok(tookMs >= NEEDED_MS, `golden after ${tookMs} ms already`);
    const { previous, shipped } = this.here.ledger() as Partial<Record<string, { imageId: string }>>;
    assert.equal((previous ?? shipped)?.imageId, this.v1);
    await this.here.until('version 2 is the local image', async () => (await this.local()) === this.v2);
  }

  local(): Promise<string | undefined> {
    return this.here.imageOf(`${this.here.localRepository}:latest`);
  }

  /** Nothing was decided, nothing was done. */
  async assertUntouched(): Promise<void> {
    assert.equal(this.here.ledger()?.golden?.imageId, this.v1, 'version 1 is golden still');
    assert.equal(await this.local(), this.v1);
    assert.ok(await this.here.hasImage(this.v2));
  }
}
