import { CtrkitError } from '../../src/contract/errors.ts';
import type { KubeletState, RebootMark } from '../../src/contract/reboot/reboot.ts';
import type { RebootSide } from '../../src/host/reboot/reboot-ports.ts';

/** The process was killed: nothing after it is carried out. */
export class Killed extends Error {}

/** What a reboot is prepared and finished by, in memory. Everything that changes something is told in `effects`. */
export class FakeReboot implements RebootSide {
  mark: RebootMark | undefined;
  problem: string | undefined;
  kubeletState: KubeletState = { isEnabled: true, isActive: true };
  isNode = true;
  hookNames: string[] = [];
  hookProblems: string[] = [];
  readonly effects: string[] = [];
  /** By what `effects` says: fails with this. */
  readonly failures = new Map<string, string>();
  /** Called before each effect with its number; may throw Killed. */
  onEffect: (effect: string) => void = () => undefined;

  readonly marks: RebootSide['marks'] = {
    read: () => ({ mark: this.mark, problem: this.problem }),
    write: (mark) => {
      this.#act(`mark ${mark.kind}`);
      this.mark = mark;
    },
    remove: () => {
      this.#act('remove mark');
      this.mark = undefined;
      this.problem = undefined;
    },
  };

  readonly kubelet: RebootSide['kubelet'] = {
    readState: async () => {
      const failure = this.failures.get('read kubelet');
      if (failure !== undefined) throw new CtrkitError('cluster', failure);
      return this.kubeletState;
    },
    halt: async () => {
      this.#act('halt kubelet');
      this.kubeletState = { isEnabled: false, isActive: false };
    },
    resume: async (isEnabled) => {
      this.#act(isEnabled ? 'enable kubelet' : 'start kubelet');
      this.kubeletState = { isEnabled, isActive: true };
    },
  };

  readonly hooks: RebootSide['hooks'] = {
    list: () => ({ names: this.hookNames, problems: this.hookProblems }),
    run: async (name, act, kind) => this.#act(`${name} ${act} ${kind}`),
  };

  readonly hasJoined = (): boolean => this.isNode;

  #act(effect: string): void {
    this.onEffect(effect);
    const failure = this.failures.get(effect);
    if (failure !== undefined) throw new CtrkitError('cluster', failure);
    this.effects.push(effect);
  }
}
