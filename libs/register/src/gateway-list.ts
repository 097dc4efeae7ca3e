import type { GatewayEntry } from '#protocol';
import { isSameEntry } from './gateway-entries.js';

/**
 * The gateways that are announced now, in the order in which they came. A gateway that came back before its old
 * link was found dead is announced by two links; it stays listed until the last of them closes, as the newest said.
 */
export class GatewayList {
  /** By id, the announcements of it that stand, the newest last. */
  readonly #announced = new Map<string, GatewayEntry[]>();

  get size(): number {
    return this.#announced.size;
  }

  entries(): readonly GatewayEntry[] {
    return Array.from(this.#announced.values(), (announced) => announced.at(-1)!);
  }

  /** @returns whether the list has changed */
  add(entry: GatewayEntry): boolean {
    const announced = this.#announced.get(entry.id);
    if (announced === undefined) {
      this.#announced.set(entry.id, [entry]);
      return true;
    }
    const hasChanged = !isSameEntry(announced.at(-1)!, entry);
    announced.push(entry);
    return hasChanged;
  }

  /**
   * @param entry the very object that was added
   * @returns whether the list has changed
   */
  remove(entry: GatewayEntry): boolean {
    const announced = this.#announced.get(entry.id);
    const index = announced?.lastIndexOf(entry) ?? -1;
    if (announced === undefined || index < 0) return false;
    announced.splice(index, 1);
    const newest = announced.at(-1);
    if (newest === undefined) return this.#announced.delete(entry.id);
    return index === announced.length && !isSameEntry(newest, entry);
  }
}
